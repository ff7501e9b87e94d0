import { GatewayClient } from '../support/gateway-client.js';
import type { GatewayApp } from '../support/gateway-app.js';
import { Inbox } from '../support/gateway-inbox.js';

/** A message of the server, in which a test looks for what it expects. */
export type Got = Readonly<Record<string, unknown>>;

/** A client that speaks the protocol in plain JSON. */
export class Person {
  private readonly arrivals = new Inbox<Got>();
  private lastId = 0;

  private constructor(readonly client: GatewayClient) {
    client.socket.on('message', (data: Buffer) => this.arrivals.push(JSON.parse(data.toString()) as Got));
  }

  /** @param user who it is, for the authorizer of the test; nobody in particular without */
  static async connect(node: Pick<GatewayApp, 'url'>, user?: string): Promise<Person> {
    return new Person(await GatewayClient.open(node.url + (user === undefined ? '' : `?user=${user}`)));
  }

  /** Everything that came. */
  get got(): readonly Got[] {
    return this.arrivals.all;
  }

  /** What came, without answers. */
  get news(): readonly Got[] {
    return this.got.filter(({ id, type }) => id === undefined || type === 'message');
  }

  send(message: object): void {
    this.client.send(message);
  }

  /** Sends a request and resolves its answer: the first message with its id that is no part. */
  async ask(request: Got): Promise<Got> {
    const id = (request['id'] as string | undefined) ?? `r${++this.lastId}`;
    const from = this.got.length;
    this.send({ ...request, id });
    return this.until(
      (message) => message['id'] === id && message['type'] !== 'part' && message['type'] !== 'message',
      from,
    );
  }

  subscribe(channel: string, more: Got = {}): Promise<Got> {
    return this.ask({ action: 'subscribe', channel, ...more });
  }

  /** Resolves the first message that matches, be it there already or not, from the `from`th on. */
  async until(isIt: (message: Got) => boolean, from = 0): Promise<Got> {
    for (let index = from; ; index++) {
      const all = await this.arrivals.until(index + 1);
      if (isIt(all[index]!)) return all[index]!;
    }
  }

  /** Resolves the first message of a type. */
  untilType(type: string, from = 0): Promise<Got> {
    return this.until((message) => message['type'] === type, from);
  }

  /** Resolves what came without being asked for, once whatever the server sent before has come. */
  async settledNews(): Promise<readonly Got[]> {
    await this.ask({ action: 'ping' });
    return this.news;
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
