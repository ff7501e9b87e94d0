import { MAX_DELAY_MS } from '../contracts/clock.js';
import type { HistoryBounds } from '../contracts/channel.history.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { AuthorizeChannel, ChannelRule, MayPublish } from './channels.options.js';
import { OptionsReader } from './options.reader.js';

/** The options of channels with every default in place and every value checked. */
export interface ResolvedChannelsOptions {
  /** `null` leaves it to whether providers are decorated. */
  readonly isOn: boolean | null;
  /** By pattern; whether they are patterns is seen when they are compiled. */
  readonly rules: ReadonlyMap<string, CheckedChannelRule>;
  readonly requestsPerSecond: number;
  readonly whispersPerSecond: number;
  readonly maxMemberInfoBytes: number;
  readonly maxRecovered: number;
  readonly answerTimeoutMs: number;
}

/** A rule whose values are what they have to be; `null` is for what the kind of the channel decides. */
export interface CheckedChannelRule {
  readonly maxMembers: number | null;
  readonly authorize: AuthorizeChannel | null;
  readonly publish: boolean | MayPublish;
  readonly whisper: boolean | null;
  readonly history: HistoryBounds | null;
  readonly presence: boolean | null;
  readonly joinLeave: boolean;
}

const DEFAULTS = Object.freeze({
  requestsPerSecond: 50,
  whispersPerSecond: 10,
  maxMemberInfoBytes: 2_048,
  maxRecovered: 500,
  answerTimeoutMs: 5_000,
});

const HISTORY_DEFAULTS = Object.freeze({ maxMessages: 100, maxAgeSeconds: 3_600 });

const MAX_AGE_SECONDS = 31_536_000;

/**
 * @param module the options of the module
 * @throws InvalidOptionsError naming the option that cannot be used
 */
export function resolveChannelsOptions(module: OptionsReader): ResolvedChannelsOptions {
  const given = module.take('channels');
  const isSwitch = given === undefined || typeof given === 'boolean';
  const read = isSwitch ? new OptionsReader({}, 'channels') : module.section('channels');
  if (read === null) throw module.unexpected('channels', 'true, false or an object', given);
  const resolved: ResolvedChannelsOptions = {
    isOn: isSwitch ? (given ?? null) : true,
    rules: readRules(read),
    requestsPerSecond: read.wholeNumber('requestsPerSecond', 1, DEFAULTS.requestsPerSecond),
    whispersPerSecond: read.wholeNumber('whispersPerSecond', 1, DEFAULTS.whispersPerSecond),
    maxMemberInfoBytes: read.wholeNumber('maxMemberInfoBytes', 2, DEFAULTS.maxMemberInfoBytes),
    maxRecovered: read.wholeNumber('maxRecovered', 1, DEFAULTS.maxRecovered),
    answerTimeoutMs: read.wholeNumber('answerTimeoutMs', 1, DEFAULTS.answerTimeoutMs, MAX_DELAY_MS),
  };
  read.refuseUnknown();
  return Object.freeze(resolved);
}

function readRules(read: OptionsReader): ReadonlyMap<string, CheckedChannelRule> {
  const rules = read.take('rules') ?? {};
  if (!isPlain(rules)) throw read.unexpected('rules', 'a plain object of rules by pattern', rules);
  return new Map(
    Object.entries(rules).map(([pattern, rule]) => [
      pattern,
      readChannelRule(rule as ChannelRule, `channels.rules[${pattern}]`),
    ]),
  );
}

/**
 * @param path what messages call the rule
 * @throws InvalidOptionsError naming what cannot be used
 */
export function readChannelRule(rule: ChannelRule, path: string): CheckedChannelRule {
  const read = new OptionsReader(rule as Record<string, unknown>, path);
  if (!isPlain(rule))
    throw new InvalidOptionsError(path, `Expected "${path}" to be a plain object, got one of a class.`);
  const checked: CheckedChannelRule = {
    maxMembers: read.wholeNumber('maxClients', 0, 0) || null,
    authorize: readAuthorize(read, rule),
    publish: readPublish(read, rule),
    whisper: read.switch('whisper'),
    history: readHistory(read),
    presence: read.switch('presence'),
    joinLeave: read.switch('joinLeave') ?? true,
  };
  read.refuseUnknown();
  return checked;
}

function readAuthorize(read: OptionsReader, rule: ChannelRule): AuthorizeChannel | null {
  const value = read.take('authorize');
  if (value === undefined) return null;
  if (typeof value === 'function') return (value as AuthorizeChannel).bind(rule);
  throw read.unexpected('authorize', 'a function', value);
}

function readPublish(read: OptionsReader, rule: ChannelRule): boolean | MayPublish {
  const value = read.take('publish');
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  if (typeof value === 'function') return (value as MayPublish).bind(rule);
  throw read.unexpected('publish', 'true, false or a function', value);
}

function readHistory(read: OptionsReader): HistoryBounds | null {
  const value = read.take('persistent');
  if (value === undefined || value === false) return null;
  const bounds = value === true ? new OptionsReader({}) : read.section('persistent');
  if (bounds === null) throw read.unexpected('persistent', 'true, false or an object', value);
  const maxMessages = bounds.wholeNumber('maxMessages', 1, HISTORY_DEFAULTS.maxMessages, 10_000);
  const maxAgeSeconds = bounds.wholeNumber('maxAgeSeconds', 1, HISTORY_DEFAULTS.maxAgeSeconds, MAX_AGE_SECONDS);
  bounds.refuseUnknown();
  return { maxMessages, maxAgeMs: maxAgeSeconds * 1_000 };
}

/** Options are read from an object itself: in one of a class an `authorize` would go unseen, and everybody come in. Of a Map, nothing would be read at all. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Reflect.getPrototypeOf(value);
  return prototype === null || Reflect.getPrototypeOf(prototype) === null;
}
