import { afterEach, expect, it } from '@jest/globals';
import { describeInBrowser } from '../support/browser.js';
import { describeWithRedis } from '../support/redis.server.js';
import { useVisits } from './browser-visits.js';
import { dismissGuests, Guest, say } from './guest.js';
import { Homes, lambda, SECRETS, twoNodes, type Home } from './homes.js';
import { pointTo } from './interception.js';
import type { Person } from './person.js';
import { SampleProcess } from './sample-process.js';

function figure({ page }: Person, heading: string): Promise<string> {
  return page.getByRole('region', { name: heading }).locator('.figure').innerText();
}

function row({ page }: Person, channel: string) {
  return page.getByRole('row').filter({ hasText: channel });
}

describeInBrowser('The page for the operators of the sample chat', () => {
  const visits = useVisits();
  const homes = new Homes();

  afterEach(async () => {
    dismissGuests();
    await homes.close();
  });

  async function watch({ pageUrl, webSockets }: Home): Promise<void> {
    const [ada, grace] = [await Guest.enter(webSockets, 'Ada'), await Guest.enter(webSockets, 'Grace')];
    const seats = [await ada.join('presence-room.lobby'), await grace.join('presence-room.lobby')];
    const operator = await visits.visit(`${pageUrl}/stats.html`, { prepare: pointTo(webSockets) });
    const key = operator.page.getByRole('textbox', { name: 'Operator key' });
    await key.fill('a guess');
    await key.press('Enter');
    await operator.isTold('That is not the operator key.');
    expect(await operator.page.content()).not.toContain('presence-room.lobby');

    await key.fill(SECRETS.OPERATOR_KEY);
    await key.press('Enter');
    await row(operator, 'presence-room.lobby').getByText('Ada, Grace').waitFor();
    expect(await figure(operator, 'Connections')).toBe('3');
    expect(await figure(operator, 'Channels')).toBe('1');
    for (let round = 0; round < 5; round++) for (const seat of seats) await say(seat, `number ${round}`);
    await row(operator, 'presence-room.lobby').getByRole('cell', { name: '10', exact: true }).waitFor();
    expect(await operator.page.locator('#rate-chart polyline').getAttribute('points')).toMatch(/^[\d., ]+$/);
    grace.client.close();
    await operator.page.getByRole('region', { name: 'Connections' }).getByText('2', { exact: true }).waitFor();
  }

  describeWithRedis('on Redis', () => {
    it('shows the numbers of all nodes to who has the key, and none to others', async () => {
      const home = await homes.opened(twoNodes());
      for (const { url, statsUrl } of home.nodes) expect(statsUrl).toBe(`${url}/stats.html`);
      await watch(home);
    }, 60_000);

    it('shows them on Lambda as well', async () => {
      await watch(await homes.opened(lambda()));
    }, 60_000);
  });

  it('takes the key out of the link that the server prints where it was given none', async () => {
    const sample = await SampleProcess.start();
    try {
      const operator = await visits.visit(sample.statsUrl);
      await operator.page.getByRole('status').getByText('Live').waitFor();
      expect(await figure(operator, 'Connections')).toBe('1');
    } finally {
      await sample.stop();
    }
  });
});
