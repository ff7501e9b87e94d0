import type { WelcomeMessage } from '../protocol/wire/server.messages.js';
import type { WebSocketClientOptions } from './client.options.js';
import type { ClientStatus, ClientStatusEvent } from './client.status.js';
import { Connector } from './connector.js';
import type { Link, LinkOwner, LinkTraffic } from './link.js';
import { returnAfter } from './return.policy.js';
import { Timers } from './timers.js';
import type { Tools } from './tools.js';
import { watchWaking } from './wake.js';

/** How long a hand-over may wait for its last subscriptions. */
const HAND_OVER_MS = 60_000;
/** How long the old connection stays for what is on its way, and how often longer for answers. */
const GRACE_MS = 5_000;
const GRACES = 6;

export interface SupervisorOwner extends LinkTraffic {
  changed(event: ClientStatusEvent): void;
  welcomed(welcome: WelcomeMessage): void;
  lost(link: Link): void;
  /** This connection is the one in use from now on, or again. */
  inUse(link: Link): void;
  /** Whether everything is subscribed to there. */
  isLiveOn(link: Link): boolean;
  /** It does not come back. */
  failed(reason: string): void;
}

/** Sees to it that there is a connection: reconnects, and opens another before the life of one ends. */
export class Supervisor implements LinkOwner {
  readonly #options: WebSocketClientOptions;
  readonly #tools: Tools;
  readonly #owner: SupervisorOwner;
  status: ClientStatus = 'disconnected';
  /** The connection in use. */
  link: Link | undefined;
  /** The one that takes over from it. */
  #next: Link | undefined;
  readonly #links = new Set<Link>();
  readonly #timers: Timers;
  #endWatch = (): void => undefined;
  readonly #connector: Connector;
  /** What was begun before a `stop` has another number. */
  #run = 0;
  #attempt = 0;
  #wasConnected = false;

  constructor(options: WebSocketClientOptions, tools: Tools, owner: SupervisorOwner) {
    this.#options = options;
    this.#tools = tools;
    this.#timers = new Timers(tools);
    this.#owner = owner;
    this.#connector = new Connector(options, tools);
  }

  get open(): Link[] {
    return [...this.#links].filter(({ isOpen }) => isOpen);
  }

  start(): void {
    if (this.status !== 'disconnected' && this.status !== 'failed') return;
    this.#attempt = 0;
    this.#wasConnected = false;
    this.#endWatch = watchWaking(this.#tools, () => this.#wake());
    this.#connect();
  }

  stop(status: 'disconnected' | 'failed', details: Omit<ClientStatusEvent, 'status'> = {}): void {
    this.#run++;
    this.#endWatch();
    this.#timers.clear();
    this.link = this.#next = undefined;
    for (const link of this.#links) link.end(1000, '');
    this.#owner.failed(details.reason || 'The client is closed.');
    this.#change(status, details);
  }

  /** Puts the next connection to use when everything has moved there. */
  takeOver(isForced = false): void {
    const old = this.link;
    const next = this.#next;
    if (!next?.welcome || !(isForced || this.#owner.isLiveOn(next))) return;
    this.#timers.stop('patience');
    this.#next = undefined;
    this.link = next;
    this.#owner.inUse(next);
    if (old) this.#retire(old, GRACES);
  }

  welcomed(link: Link, welcome: WelcomeMessage): void {
    this.#connector.picker.worked(link.url);
    this.#owner.welcomed(welcome);
    this.#timers.set('stable', this.#options.reconnect?.stableMs ?? 5_000, () => (this.#attempt = 0));
    if (link === this.link) this.#connected(link);
    else this.takeOver();
  }

  aged(link: Link): void {
    if (link === this.link) void this.#open(true);
  }

  lost(link: Link, code: number, reason: string): void {
    const next = this.#next;
    this.#links.delete(link);
    this.#owner.lost(link);
    if (link === next) this.#next = undefined;
    else if (link !== this.link) return;
    this.#connector.picker.failed(link.url);
    this.#timers.stop('stable');
    this.#timers.stop('patience');
    if (link === next) {
      this.#handOverLater();
      return;
    }
    this.#timers.stop('hand-over');
    this.link = next;
    this.#next = undefined;
    if (next?.welcome) this.#owner.inUse(next);
    else if (next) this.#change('reconnecting', { code, reason });
    else this.#reconnect(link, code, reason);
  }

  #wake(): void {
    if (this.#timers.has('retry')) this.#connect();
    else this.link?.ping();
  }

  #connect(): void {
    this.#timers.stop('retry');
    this.#change(this.#wasConnected ? 'reconnecting' : 'connecting', { attempt: this.#attempt });
    void this.#open(false);
  }

  #connected(link: Link): void {
    this.#wasConnected = true;
    this.#change('connected');
    this.#owner.inUse(link);
  }

  async #open(isNext: boolean): Promise<void> {
    const run = this.#run;
    const old = this.link;
    const isWanted = (): boolean => run === this.#run && this.link === old && !this.#next;
    try {
      const link = await this.#connector.open(this, this.#owner, isWanted);
      if (!link) return;
      this.#links.add(link);
      if (!isNext) return void (this.link = link);
      this.#next = link;
      this.#timers.set('patience', HAND_OVER_MS, () => this.takeOver(true));
    } catch (error) {
      if (!isWanted()) return;
      // Its message may have the token in it.
      if (isNext) this.#handOverLater();
      else this.#retry(1006, `${error instanceof Error ? error.name : 'Error'} before connecting.`, 1);
    }
  }

  #handOverLater(): void {
    if (this.link) this.#owner.inUse(this.link);
    this.#timers.set('hand-over', this.#tools.jitter(++this.#attempt), () => void this.#open(true));
  }

  #retire(link: Link, graces: number): void {
    this.#timers.set(link, GRACE_MS, () => {
      if (link.pending > 0 && graces > 0) this.#retire(link, graces - 1);
      else link.end(1000, '');
    });
  }

  #reconnect(link: Link, code: number, reason: string): void {
    const when =
      this.#options.reconnect?.whenClosed?.(code, reason) ??
      returnAfter(code, link.welcome?.lifetimeSeconds !== undefined);
    if (when === 'never') this.stop('failed', { code, reason });
    else this.#retry(code, reason, when === 'later' ? 1 : 0);
  }

  #retry(code: number, reason: string, patience: number): void {
    const retryInMs = this.#tools.jitter(this.#attempt++ + patience);
    this.#timers.set('retry', retryInMs, () => this.#connect());
    this.#change(this.#wasConnected ? 'reconnecting' : 'connecting', {
      code,
      reason,
      attempt: this.#attempt,
      retryInMs,
    });
  }

  #change(status: ClientStatus, details: Omit<ClientStatusEvent, 'status'> = {}): void {
    this.status = status;
    this.#owner.changed({ status, ...details });
  }
}
