import { randomBytes } from 'node:crypto';
import { ProtocolClient } from './protocol.client.js';

/** A place where the application of the suite runs. */
export interface ProtocolHome {
  /** Where clients connect; several of a cluster, over which they are spread. */
  readonly urls: readonly string[];
  /** Has the store lose all that it knows; `null` where that cannot happen. */
  readonly forget: (() => Promise<void>) | null;
  /** Has the store answer nothing; resolves what makes it answer again. `null` where that cannot happen. */
  readonly silence: (() => () => void) | null;
  stop(): Promise<void>;
}

/** The clients of one test in a home. */
export class Visit {
  private readonly clients: ProtocolClient[] = [];
  private opened = 0;

  constructor(private readonly home: () => ProtocolHome) {}

  /** Opens a connection, to another node each time. */
  async open(query = ''): Promise<ProtocolClient> {
    const { urls } = this.home();
    const client = await ProtocolClient.open(urls[this.opened++ % urls.length]!, query);
    this.clients.push(client);
    return client;
  }

  /** Opens so many connections, each subscribed to a channel. */
  async subscribed(channel: string, count: number, fields: object = {}): Promise<ProtocolClient[]> {
    const clients: ProtocolClient[] = [];
    for (let index = 0; index < count; index++) {
      const client = await this.open();
      await client.subscribe(channel, fields);
      clients.push(client);
    }
    return clients;
  }

  /** Has the store lose all that it knows. */
  async forget(): Promise<void> {
    await this.home().forget?.();
  }

  /** Runs something while the store does not answer. */
  async inOutage(run: () => Promise<void>): Promise<void> {
    const end = this.home().silence?.();
    try {
      await run();
    } finally {
      end?.();
    }
  }

  /** Closes what was opened. Resolves what was wrong with any message that came. */
  async end(): Promise<string[]> {
    const clients = this.clients.splice(0);
    await Promise.all(clients.map((client) => client.close()));
    return clients.flatMap(({ problems }) => problems);
  }
}

/** A name that no other test has: `room.x7Gq…` */
export function fresh(prefix: string): string {
  return `${prefix}.${randomBytes(9).toString('base64url')}`;
}

/** An id that no other client has. */
export function uniqueId(): string {
  return randomBytes(18).toString('base64url');
}
