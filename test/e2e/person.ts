import type { BrowserContext, Locator, Page } from 'playwright-core';

/** How long a page may take to show what it was sent. */
const PATIENCE_MS = 15_000;

/** What a browser reports of each attempt to connect that failed. */
const FAILED_ATTEMPT = /WebSocket connection to .* failed/;

/** Somebody who uses the page of the sample chat, by what is written on it. */
export class Person {
  private readonly errors: string[] = [];
  private forgiven: RegExp | undefined;

  private constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
  }

  static async visit(url: string, context: BrowserContext): Promise<Person> {
    context.setDefaultTimeout(PATIENCE_MS);
    const person = new Person(await context.newPage());
    await person.page.goto(url);
    return person;
  }

  /** What went wrong in the page. */
  get problems(): string[] {
    return this.errors.filter((error) => this.forgiven?.test(error) !== true);
  }

  get log(): Locator {
    return this.page.getByRole('log', { name: 'Messages' });
  }

  get message(): Locator {
    return this.page.getByRole('textbox', { name: 'Message', exact: true });
  }

  /** The line that says how the connection stands, for those who cannot see the others. */
  get status(): Locator {
    return this.page.locator('#announcement');
  }

  /** Leaves attempts to connect that failed out of `problems`: the test has the server away. */
  expectOutage(): void {
    this.forgiven = FAILED_ATTEMPT;
  }

  member(name: string | RegExp): Locator {
    return this.page
      .getByRole('complementary', { name: 'Here now' })
      .getByRole('listitem')
      .filter({ has: this.page.getByText(name, { exact: true }) });
  }

  /** The entry of a room or a person in the list of conversations, by all that it says. */
  conversation(label: string): Locator {
    return this.navigation.getByRole('button', { name: label, exact: true });
  }

  /** What the entries in the list of conversations say. */
  async conversations(): Promise<(string | null)[]> {
    const entries = await this.navigation.getByRole('listitem').getByRole('button').all();
    return Promise.all(entries.map((entry) => entry.getAttribute('aria-label')));
  }

  async choose(name: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Your name' }).fill(name);
    await this.page.keyboard.press('Enter');
  }

  /** Chooses a name, and waits until the server has taken it. */
  async enter(name: string): Promise<void> {
    await this.choose(name);
    await this.page.locator('#conversation').waitFor();
  }

  /** Asks for a room, whatever the answer. */
  async ask(room: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Join or create a room' }).fill(room);
    await this.page.keyboard.press('Enter');
  }

  async join(room: string): Promise<void> {
    await this.ask(room);
    await this.isIn(`#${room}`);
  }

  /** Makes a private room, and resolves the link that invites to it. */
  async makePrivateRoom(title: string): Promise<string> {
    await this.page.getByRole('textbox', { name: 'Make a private room' }).fill(title);
    await this.page.keyboard.press('Enter');
    const dialog = this.page.getByRole('dialog', { name: `Invite to ${title}` });
    const link = await dialog.getByRole('textbox', { name: 'The link' }).inputValue();
    await this.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    return link;
  }

  /** Waits until a room is on screen, and joined. */
  async isIn(heading: string): Promise<void> {
    await this.page.getByRole('heading', { name: heading, exact: true }).waitFor();
    await this.sees('You joined.');
  }

  async leave(): Promise<void> {
    await this.page.getByRole('button', { name: 'Leave' }).click();
  }

  async say(text: string): Promise<void> {
    await this.message.fill(text);
    await this.message.press('Enter');
  }

  async sees(text: string): Promise<void> {
    await this.log.locator('#messages').getByText(text, { exact: true }).first().waitFor();
  }

  /** What was said in the conversation on screen, in the order in which it stands there. */
  async said(): Promise<string[]> {
    return this.log.locator('#messages .text').allTextContents();
  }

  /** Waits for the page to say why something was not done. */
  async isTold(problem: string | RegExp): Promise<void> {
    await this.page.getByRole('alert').getByText(problem).waitFor();
  }

  private get navigation(): Locator {
    return this.page.getByRole('navigation', { name: 'Conversations' });
  }
}
