import { expect, it } from '@jest/globals';
import { describeInBrowser } from '../support/browser.js';
import type { Visit } from './interception.js';
import type { Person } from './person.js';
import { useSampleVisits } from './sample-visits.js';

const PHONE: Visit = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

/** How many pixels of a page are outside the window, to the right. */
async function overflowOf({ page }: Person): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

describeInBrowser('The page of the sample chat, on any screen', () => {
  const home = useSampleVisits();
  const { enter } = home;

  it('reads the messages out as the items of a list', async () => {
    const alice = await enter('Alice');
    await alice.join('lobby');
    await alice.say('one of several');
    const item = alice.log.getByRole('list').getByRole('listitem').filter({ hasText: 'one of several' });
    await item.getByText('You', { exact: true }).waitFor();
  });

  it('can be used with the keyboard alone', async () => {
    const alice = await home.visit();
    const { keyboard } = alice.page;
    await alice.page.locator('#name:focus').waitFor();
    await keyboard.type('Alice');
    await keyboard.press('Enter');
    await alice.page.getByRole('heading', { name: 'Pick a room' }).waitFor();
    await alice.conversation('kitchen, 0 people').focus();
    await keyboard.press('Enter');
    await alice.isIn('#kitchen');
    await alice.page.locator('#text:focus').waitFor();
    await keyboard.type('typed');
    await keyboard.press('Shift+Enter');
    await keyboard.type('on two lines');
    await keyboard.press('Enter');
    await alice.sees('typed on two lines');
    await alice.page.getByRole('textbox', { name: 'Make a private room' }).focus();
    await keyboard.type('board');
    await keyboard.press('Enter');
    const dialog = alice.page.getByRole('dialog', { name: 'Invite to board' });
    await dialog.locator('#invitation-link:focus').waitFor();
    await keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await alice.isIn('board');
  });

  it('leaves nothing but the members within reach when they slide in beside the rooms', async () => {
    const alice = await enter('Alice', { viewport: { width: 900, height: 700 } });
    await alice.join('lobby');
    const room = alice.conversation('kitchen, 0 people');
    const focused = alice.page.getByRole('navigation').locator(':focus');
    await alice.page.getByRole('button', { name: 'Show members' }).click();
    await room.focus();
    expect(await focused.count()).toBe(0);
    await alice.page.keyboard.press('Escape');
    await room.focus();
    expect(await focused.count()).toBe(1);
  });

  it('works on a phone, where the lists slide in over the conversation', async () => {
    const bob = await enter('Bob');
    await bob.join('lobby');
    const alice = await enter('Alice', PHONE);
    await alice.conversation('lobby, 1 person').tap();
    await alice.page.getByRole('heading', { name: '#lobby' }).waitFor();
    await alice.conversation('lobby, 2 people, joined').waitFor({ state: 'hidden' });
    await alice.say(`from the train ${'w'.repeat(300)}`);
    await bob.log.getByText('from the train').waitFor();
    expect(await overflowOf(alice)).toBe(0);

    await alice.page.getByRole('button', { name: 'Show members' }).tap();
    await alice.page.keyboard.press('Escape');
    await alice.member('Bob').waitFor({ state: 'hidden' });
    await alice.page.getByRole('button', { name: 'Show members' }).tap();
    await alice.page.getByRole('button', { name: 'Message Bob privately' }).tap();
    await alice.say('from the train, to you');
    await bob.conversation('Alice, private, 1 unread').waitFor();
  });

  it('fits the numbers for operators on a phone', async () => {
    const operator = await home.visit(PHONE, home.sample.statsUrl);
    await operator.page.getByRole('status').getByText('Live').waitFor();
    await operator.page.locator('#connections-chart polyline').waitFor({ state: 'attached' });
    expect(await overflowOf(operator)).toBe(0);
  });
});
