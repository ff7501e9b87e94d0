import type { ChannelMessage, ServerMessage, SubscribedMessage, WireMember } from '../protocol/wire/server.messages.js';
import { WebSocketClientError } from './client.error.js';
import type { Answer, Link, Outgoing } from './link.js';
import { Listeners, type Unsubscribe } from './listeners.js';
import { MemberList } from './member.list.js';
import { MessageStream, type Gap } from './message.stream.js';
import type { Place } from './place.js';
import type {
  PresenceSubscription,
  Published,
  PublishOptions,
  SubscribeOptions,
  SubscriptionStatus,
} from './subscription.js';
import { Timers } from './timers.js';
import type { Tools } from './tools.js';

/** How long a message may be held for one before it that is late; then it is fetched. */
const GAP_MS = 500;

export interface RoomOwner {
  /** It is subscribed on one more link. */
  settled(room: Room): void;
  /** It is over. */
  closed(room: Room, error: WebSocketClientError): void;
  request(message: Outgoing, room: Room, timeoutMs: number | undefined): Promise<Answer>;
  check(message: Outgoing): void;
}

/** A channel on all links of a client: one, and during a hand-over two. */
export class Room implements PresenceSubscription {
  readonly #options: SubscribeOptions;
  readonly #tools: Tools;
  readonly #timers: Timers;
  readonly #owner: RoomOwner;
  status: SubscriptionStatus = 'subscribing';
  error: WebSocketClientError | undefined;
  readonly ready: Promise<void>;
  /** How many asked for it. */
  users = 0;
  #hasPresence = false;
  #settle: (error?: WebSocketClientError) => void = () => undefined;
  readonly #places = new Map<Link, Place>();
  readonly #list = new MemberList();
  readonly #messages = new Listeners<[ChannelMessage]>();
  readonly #whispers = new Listeners<[event: string, data: unknown, from: string]>();
  readonly #gaps = new Listeners<[Gap]>();
  readonly #statuses = new Listeners<[SubscriptionStatus, WebSocketClientError?]>();
  readonly #closures = new Listeners<[WebSocketClientError]>();
  readonly #stream = new MessageStream(
    (message) => this.status !== 'closed' && this.#messages.emit(message),
    (gap) => this.#gaps.emit(gap),
  );

  readonly onMessage = this.#messages.add;
  readonly onGap = this.#gaps.add;
  readonly onStatus = this.#statuses.add;
  readonly onClosed = this.#closures.add;
  readonly onHere = this.#list.here.add;
  readonly onJoining = this.#list.joining.add;
  readonly onLeaving = this.#list.leaving.add;

  constructor(
    readonly name: string,
    options: SubscribeOptions,
    tools: Tools,
    owner: RoomOwner,
  ) {
    this.#options = options;
    this.#tools = tools;
    this.#timers = new Timers(tools);
    this.#owner = owner;
    this.ready = new Promise((resolve, reject) => {
      this.#settle = (error) => (error ? reject(error) : resolve());
    });
    // Nobody has to wait for it.
    this.ready.catch(() => undefined);
  }

  get members(): ReadonlyMap<string, WireMember> {
    return this.#list.members;
  }

  get memberCount(): number {
    return this.#list.count;
  }

  on(event: string, listener: (data: unknown, message: ChannelMessage) => unknown): Unsubscribe {
    return this.#messages.add((message) => message.event === event && listener(message.data, message));
  }

  onWhisper(event: string, listener: (data: unknown, from: string) => unknown): Unsubscribe {
    return this.#whispers.add((name, data, from) => name === event && listener(data, from));
  }

  async publish(data: unknown, { event, timeoutMs }: PublishOptions = {}): Promise<Published> {
    const answer = await this.#owner.request(
      { action: 'publish', channel: this.name, event, data: data ?? null },
      this,
      timeoutMs,
    );
    const { messageId = '', offset } = answer as Partial<Published>;
    return { messageId, offset };
  }

  whisper(event: string, data?: unknown): boolean {
    const message = { action: 'event', channel: this.name, event, data };
    this.#owner.check(message);
    const link = this.#newest;
    link?.send(message);
    return link !== undefined;
  }

  unsubscribe(): void {
    if (--this.users > 0 || this.status === 'closed') return;
    for (const link of [...this.#places.keys()]) this.#leave(link);
    this.#end(new WebSocketClientError('closed', 'Unsubscribed.'));
  }

  /** Wants to know who is there from now on. */
  withPresence(): void {
    if (this.#hasPresence) return;
    this.#hasPresence = true;
    for (const [link, place] of this.#places) this.#subscribe(link, place);
  }

  isLiveOn(link: Link): boolean {
    return this.#places.get(link)?.isLive ?? false;
  }

  attach(link: Link): void {
    this.detach(link);
    const place: Place = { isLive: false, call: '', attempt: 0, held: [], parts: [] };
    this.#places.set(link, place);
    this.#subscribe(link, place);
  }

  detach(link: Link): void {
    const place = this.#places.get(link);
    this.#timers.stop(place);
    link.forget(place?.call ?? '');
    this.#places.delete(link);
    if (this.status === 'subscribed' && !this.#newest) this.#setStatus('subscribing');
  }

  /** Attaches where it is not. */
  ensure(link: Link): void {
    if (!this.#places.has(link)) this.attach(link);
  }

  /** Subscribes once more; what comes meanwhile is held. */
  again(link: Link): void {
    const place = this.#places.get(link);
    if (place?.isLive) this.#subscribe(link, place);
  }

  received(link: Link, message: ServerMessage): void {
    const place = this.#places.get(link);
    if (!place) return;
    if (message.type === 'part') {
      if (message.id === place.call) place.parts.push(message);
    } else if (message.type === 'unsubscribed') {
      if (message.id === undefined) this.#close(new WebSocketClientError('closed', message.reason ?? 'Closed.'));
    } else if (!place.isLive) {
      place.held.push(message);
    } else if (message.type === 'message') {
      if (this.#stream.take(message)) {
        this.#watchGap();
        return;
      }
      this.again(link);
      place.held.push(message);
    } else if (link === this.#newest) {
      // On two links these come twice, and have no ids.
      if (message.type === 'event') this.#whispers.emit(message.event, message.data, message.from);
      if (message.type === 'joining') this.#list.join(message.member);
      if (message.type === 'leaving') this.#list.leave(message.member);
    }
  }

  /** The newest link that it is subscribed on. */
  get #newest(): Link | undefined {
    return [...this.#places].findLast(([, { isLive }]) => isLive)?.[0];
  }

  #subscribe(link: Link, place: Place): void {
    place.isLive = false;
    place.parts = [];
    // What is on its way out must not overtake.
    if (link.leaving.has(this.name)) {
      link.leaving.set(this.name, () => this.#places.get(link) === place && this.#subscribe(link, place));
      return;
    }
    const { position, isOpen } = this.#stream;
    link.forget(place.call);
    place.call = link.call(
      {
        action: 'subscribe',
        channel: this.name,
        data: this.#options.data,
        // Before its first message a channel has no position to tell.
        recover: position ?? (isOpen ? { offset: 0 } : undefined),
        // For newcomers, and for a recovery that fails: the client is as good as new then.
        history: this.#options.history,
        presence: this.#hasPresence || undefined,
      },
      (answer) => this.#answered(link, place, answer),
    );
  }

  #answered(link: Link, place: Place, answer: Answer): void {
    if (answer.type === 'subscribed') {
      this.#subscribed(link, place, answer);
      return;
    }
    if (answer.type !== 'error') return;
    this.error = new WebSocketClientError(answer.code, answer.message, answer.retry);
    if (!answer.retry) {
      this.#close(this.error);
      return;
    }
    this.#setStatus(this.status);
    const retry = () => this.#subscribe(link, place);
    const other = this.#newest;
    // During a hand-over it may be ourselves who take the last place.
    if (answer.code === 'channel-full' && other) {
      this.#leave(other, retry);
      return;
    }
    const { retryAfterMs = this.#tools.jitter(place.attempt++) } = answer as { retryAfterMs?: number };
    this.#timers.set(place, retryAfterMs, retry);
  }

  #subscribed(link: Link, place: Place, answer: SubscribedMessage): void {
    place.isLive = true;
    place.attempt = 0;
    this.error = undefined;
    const all = [...place.parts, answer];
    this.#setStatus('subscribed');
    this.#settle();
    this.#stream.begin(
      answer,
      all.flatMap(({ messages = [] }) => messages),
    );
    if (this.#hasPresence)
      this.#list.reset(
        all.flatMap(({ members = [] }) => members),
        answer.memberCount,
      );
    for (const message of place.held.splice(0)) this.received(link, message);
    this.#watchGap();
    this.#owner.settled(this);
  }

  #watchGap(): void {
    if (!this.#stream.hasGap || this.#timers.has('gap')) return;
    this.#timers.set('gap', GAP_MS, () => {
      const link = this.#newest;
      if (this.#stream.hasGap && link) this.again(link);
    });
  }

  #leave(link: Link, then: () => void = () => undefined): void {
    const { leaving } = link;
    const isLeaving = leaving.has(this.name);
    this.detach(link);
    leaving.set(this.name, then);
    if (isLeaving) return;
    link.call({ action: 'unsubscribe', channel: this.name }, () => {
      const next = leaving.get(this.name);
      leaving.delete(this.name);
      next?.();
    });
  }

  #close(error: WebSocketClientError): void {
    this.#end(error);
    this.#closures.emit(error);
  }

  #end(error: WebSocketClientError): void {
    this.error = error;
    for (const link of [...this.#places.keys()]) this.detach(link);
    this.#timers.clear();
    this.#setStatus('closed');
    this.#settle(error);
    this.#owner.closed(this, error);
  }

  #setStatus(status: SubscriptionStatus): void {
    this.status = status;
    this.#statuses.emit(status, this.error);
  }
}
