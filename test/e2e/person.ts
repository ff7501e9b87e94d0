import type { BrowserContext, Locator, Page } from 'playwright-core';

/** How long a page may take to show what it was sent. */
const PATIENCE_MS = 10_000;

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

  /** Leaves errors out of `problems` that belong to what the test does. */
  forgive(errors: RegExp): void {
    this.forgiven = errors;
  }

  member(name: string): Locator {
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
    await this.page.getByText('Connected').first().waitFor();
    await this.page.getByRole('textbox', { name: 'Your name' }).fill(name);
    await this.page.keyboard.press('Enter');
  }

  /** Asks for a room, whatever the answer. */
  async ask(room: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Join or create a room' }).fill(room);
    await this.page.keyboard.press('Enter');
  }

  async join(room: string): Promise<void> {
    await this.ask(room);
    await this.page.getByRole('heading', { name: `#${room}` }).waitFor();
  }

  async say(text: string): Promise<void> {
    await this.message.fill(text);
    await this.message.press('Enter');
  }

  async sees(text: string): Promise<void> {
    await this.log.getByText(text).waitFor();
  }

  /** Waits for the page to say why something was not done. */
  async isTold(problem: string | RegExp): Promise<void> {
    await this.page.getByRole('alert').getByText(problem).waitFor();
  }

  private get navigation(): Locator {
    return this.page.getByRole('navigation', { name: 'Conversations' });
  }
}
