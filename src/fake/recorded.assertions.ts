import type { CloseOptions } from '../contracts/connection.transport.js';
import { normalizeUserId, type UserId } from '../protocol/name.js';
import { failure, textOf, textOfList, textOfMatch, textOfSent, textOfVerdict } from './assertion.failure.js';
import type { RecordedClose, RecordedMembership, Recording, SentMessage } from './recording.js';
import { isMatch, type MessagePredicate } from './value.match.js';
import { judge, type Verdict } from './verdict.js';

/**
 * What the data of a message has to be: a function that decides, or a value. Of an object only the keys that are given count, at any depth; in the
 * place of a value may stand a regular expression, or a matcher such as `expect.any(String)`. Left out, any data will do.
 */
export type ExpectedData = MessagePredicate<SentMessage> | object | string | number | boolean | null | undefined;

/** The assertion that fails: the stack of its error begins above it. */
type Assertion = Extract<keyof RecordedAssertions, `assert${string}`>;

/** Some of the messages, and what they are called in a sentence. */
interface Kind {
  readonly name: string;
  readonly has: (message: SentMessage) => boolean;
}

const ANY: Kind = { name: '', has: () => true };

const BROADCAST: Kind = {
  name: ' to everyone',
  has: ({ target: { connectionIds, userIds, channels } }) => (connectionIds ?? userIds ?? channels) === undefined,
};

const toConnection = (connectionId: string): Kind => ({
  name: ` to connection ${textOf(connectionId)}`,
  has: ({ target, recipients, failures }) =>
    recipients.includes(connectionId) ||
    // What can never arrive, whoever is connected, was not sent to it.
    (target.connectionIds?.includes(connectionId) === true &&
      failures.get(connectionId)?.reason !== 'still-connecting'),
});

const toUser = (userId: UserId): Kind => ({
  name: ` to user ${textOf(userId)}`,
  has: ({ target }) => target.userIds?.some((each) => normalizeUserId(each) === normalizeUserId(userId)) === true,
});

const toChannel = (channel: string): Kind => ({
  name: ` to channel ${textOf(channel)}`,
  has: ({ target }) => target.channels?.includes(channel) === true,
});

const publishedTo = (channel: string): Kind => ({
  name: ` published to channel ${textOf(channel)}`,
  has: (message) => message.method === 'publish' && toChannel(channel).has(message),
});

/**
 * Asserts about what was recorded. With a `count` there have to be exactly so many, without one at least one. A failed assertion throws an
 * `AssertionError` of `node:assert` whose message says what was recorded instead.
 */
export class RecordedAssertions {
  constructor(protected readonly recording: Recording) {}

  /** A message was sent, to whomever. */
  assertSent(expected?: ExpectedData, count?: number): void {
    this.expectSome(ANY, expected, count, 'assertSent');
  }

  /** A message was sent to a connection: by its id, or to a user, a channel or everyone and reached it. */
  assertSentTo(connectionId: string, expected?: ExpectedData, count?: number): void {
    this.expectSome(toConnection(connectionId), expected, count, 'assertSentTo');
  }

  /** A message was sent to a user by the user's id. */
  assertSentToUser(userId: UserId, expected?: ExpectedData, count?: number): void {
    this.expectSome(toUser(userId), expected, count, 'assertSentToUser');
  }

  /** A message was sent or published to a channel. */
  assertSentToChannel(channel: string, expected?: ExpectedData, count?: number): void {
    this.expectSome(toChannel(channel), expected, count, 'assertSentToChannel');
  }

  /** A message was published to a channel, by the application or by a client; `expected` is about the data that was given to `publish`. */
  assertPublished(channel: string, expected?: ExpectedData, count?: number): void {
    this.expectSome(publishedTo(channel), expected, count, 'assertPublished');
  }

  /** A message was sent to everyone, perhaps with exceptions. */
  assertBroadcast(expected?: ExpectedData, count?: number): void {
    this.expectSome(BROADCAST, expected, count, 'assertBroadcast');
  }

  assertNotSent(expected?: ExpectedData): void {
    this.expectNone(ANY, expected, 'assertNotSent');
  }

  assertNotSentTo(connectionId: string, expected?: ExpectedData): void {
    this.expectNone(toConnection(connectionId), expected, 'assertNotSentTo');
  }

  assertNotSentToUser(userId: UserId, expected?: ExpectedData): void {
    this.expectNone(toUser(userId), expected, 'assertNotSentToUser');
  }

  assertNotSentToChannel(channel: string, expected?: ExpectedData): void {
    this.expectNone(toChannel(channel), expected, 'assertNotSentToChannel');
  }

  assertNotPublished(channel: string, expected?: ExpectedData): void {
    this.expectNone(publishedTo(channel), expected, 'assertNotPublished');
  }

  assertNotBroadcast(expected?: ExpectedData): void {
    this.expectNone(BROADCAST, expected, 'assertNotBroadcast');
  }

  /** Nothing at all was sent, not even by this package itself to answer a client. */
  assertNothingSent(): void {
    this.expectNone(ANY, undefined, 'assertNothingSent');
  }

  /** A connection was to join a channel: by `joinChannel`, or as its client subscribed. */
  assertJoined(connectionId: string, channel: string, count?: number): void {
    this.expectMembership('join', { connectionId, channel }, count, 'assertJoined');
  }

  assertNotJoined(connectionId: string, channel: string): void {
    this.expectMembership('join', { connectionId, channel }, 0, 'assertNotJoined');
  }

  /** A connection was to leave a channel: by `leaveChannel` or `unsubscribe`, or as its client asked for it. The end of a connection is no leave. */
  assertLeft(connectionId: string, channel: string, count?: number): void {
    this.expectMembership('leave', { connectionId, channel }, count, 'assertLeft');
  }

  assertNotLeft(connectionId: string, channel: string): void {
    this.expectMembership('leave', { connectionId, channel }, 0, 'assertNotLeft');
  }

  /** The server was to close a connection: by `disconnect` or `disconnectUser`, with this code and reason if they are given. */
  assertDisconnected(connectionId: string, expected: CloseOptions = {}): void {
    this.expectClose(connectionId, expected, true, 'assertDisconnected');
  }

  assertNotDisconnected(connectionId: string): void {
    this.expectClose(connectionId, {}, false, 'assertNotDisconnected');
  }

  private expectSome(kind: Kind, expected: ExpectedData, count: number | undefined, caller: Assertion): void {
    if (count === 0) {
      this.expectNone(kind, expected, caller);
      return;
    }
    const verdicts = this.verdictsOf(kind, expected);
    const found = messagesWith('match', verdicts).length;
    if (count === undefined ? found > 0 : found === count) return;
    const isPlural = count !== undefined && count !== 1;
    const wanted = count === undefined ? 'a message' : isPlural ? `${count} messages` : 'exactly one message';
    const got = found === 0 ? 'none was sent' : `${found} ${found === 1 ? 'was' : 'were'} sent`;
    const { sent } = this.recording;
    const what = `${wanted}${kind.name}${textOfMatch(expected, isPlural)}`;
    const remarkOn = (message: SentMessage): string => textOfVerdict(verdicts.get(message) ?? null);
    this.fail(`Expected ${what}, but ${got}.\n${textOfSent(sent, kind.has, remarkOn)}`, caller);
  }

  private expectNone(kind: Kind, expected: ExpectedData, caller: Assertion): void {
    const verdicts = this.verdictsOf(kind, expected);
    const found = messagesWith('match', verdicts);
    // Of a message about which it threw nobody knows whether there should have been none such.
    const unknown = messagesWith('threw', verdicts);
    if (found.length + unknown.length === 0) return;
    const got =
      found.length === 0
        ? `it threw when it was asked about ${unknown.length}`
        : `${found.length} ${found.length === 1 ? 'was' : 'were'} sent`;
    const isNear = (message: SentMessage): boolean => found.includes(message) || unknown.includes(message);
    const remarkOn = (message: SentMessage): string =>
      unknown.includes(message) ? textOfVerdict(verdicts.get(message) ?? null) : '';
    const what = `no message${kind.name}${textOfMatch(expected)}`;
    this.fail(`Expected ${what}, but ${got}.\n${textOfSent(this.recording.sent, isNear, remarkOn)}`, caller);
  }

  private fail(message: string, caller: Assertion): never {
    const above: unknown = Reflect.get(this, caller);
    throw failure(message, above as () => unknown);
  }

  private verdictsOf({ has }: Kind, expected: ExpectedData): ReadonlyMap<SentMessage, Verdict> {
    return new Map(this.recording.sent.filter(has).map((message) => [message, judge(message, expected)]));
  }

  private expectMembership(
    what: 'join' | 'leave',
    { connectionId, channel }: Pick<RecordedMembership, 'connectionId' | 'channel'>,
    count: number | undefined,
    caller: Assertion,
  ): void {
    const all = what === 'join' ? this.recording.joined : this.recording.left;
    const found = all.filter((each) => each.connectionId === connectionId && each.channel === channel).length;
    if (count === undefined ? found > 0 : found === count) return;
    const times = count === undefined ? '' : count === 0 ? ' never' : ` ${count} times`;
    const isNear = (each: RecordedMembership): boolean =>
      each.connectionId === connectionId || each.channel === channel;
    const lines = [...all.filter(isNear), ...all.filter((each) => !isNear(each))].map(
      (each) =>
        `connection ${textOf(each.connectionId)}, channel ${textOf(each.channel)}${each.isKnown ? '' : ' (no $connect of this connection was handled)'}`,
    );
    this.fail(
      `Expected connection ${textOf(connectionId)} to ${what} channel ${textOf(channel)}${times}, but it ${did(found)}.\n` +
        (all.length === 0 ? `No connection was to ${what} a channel.` : textOfList(`These were to ${what}:`, lines)),
      caller,
    );
  }

  private expectClose(connectionId: string, expected: CloseOptions, isWanted: boolean, caller: Assertion): void {
    const { closed } = this.recording;
    const isFound = closed.some((each) => each.connectionId === connectionId && isMatch(each.options, expected));
    if (isFound === isWanted) return;
    const how = textOfClose(expected);
    const isNear = (each: RecordedClose): boolean => each.connectionId === connectionId;
    const lines = [...closed.filter(isNear), ...closed.filter((each) => !isNear(each))].map(
      (each) => `connection ${textOf(each.connectionId)}${textOfClose(each.options)}`,
    );
    this.fail(
      `Expected connection ${textOf(connectionId)} ${isWanted ? 'to be disconnected' : 'not to be disconnected'}${how}, but it was${isWanted ? ' not' : ''}.\n` +
        (closed.length === 0 ? 'No connection was disconnected.' : textOfList('These were disconnected:', lines)),
      caller,
    );
  }
}

function messagesWith(type: Verdict['type'], verdicts: ReadonlyMap<SentMessage, Verdict>): readonly SentMessage[] {
  return [...verdicts].flatMap(([message, verdict]) => (verdict.type === type ? [message] : []));
}

function textOfClose(options: CloseOptions): string {
  return Object.keys(options).length === 0 ? '' : ` with ${textOf(options)}`;
}

function did(times: number): string {
  if (times === 0) return 'did not';
  return times === 1 ? 'did once' : `did ${times} times`;
}
