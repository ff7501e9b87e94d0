import { isChannelName, isName } from '../protocol/name.js';
import { CLIENT_ACTIONS, type ClientAction, type ClientMessage } from '../protocol/wire/client.messages.js';
import type { ErrorMessage } from '../protocol/wire/server.messages.js';
import type { WireRecovery } from '../protocol/wire/stream.position.js';
import { NameLimits } from '../protocol/limits.js';
import { WireLimits } from '../protocol/wire/wire.limits.js';
import { WireRefusal } from './wire.refusal.js';

/** Printable ASCII. */
const REQUEST_ID = new RegExp(`^[\\x20-\\x7e]{1,${WireLimits.requestIdChars}}$`);

/** A message before anything of it was looked at. */
type Fields = Readonly<Record<string, unknown>>;

/** The `action` of a message of the protocol, `null` for any other message. */
export function actionOf(message: unknown): ClientAction | null {
  if (typeof message !== 'object' || message === null) return null;
  const action = own(message as Fields, 'action');
  return typeof action === 'string' && CLIENT_ACTIONS.has(action) ? (action as ClientAction) : null;
}

/** What an answer may say of the request that it answers, be the rest of it what it will. */
export function headOf(message: unknown): Pick<ErrorMessage, 'id' | 'action' | 'channel'> {
  const action = actionOf(message);
  const id = own(message as Fields, 'id');
  const channel = own(message as Fields, 'channel');
  return {
    ...(isRequestId(id) && { id }),
    ...(action !== null && { action }),
    ...(isChannelName(channel) && { channel }),
  };
}

/**
 * Reads a message of the protocol. Fields that it does not know it ignores.
 *
 * @throws WireRefusal `bad-request` saying which field was expected to be what; never repeats a value of the message
 */
export function parseClientMessage(message: unknown, action: ClientAction): ClientMessage {
  const fields = message as Fields;
  const id = optional(fields, 'id', isRequestId, `${WireLimits.requestIdChars} or fewer characters of printable ASCII`);
  const base = id === undefined ? {} : { id };
  switch (action) {
    case 'hello':
      return { action, ...base, protocol: required(fields, 'protocol', isWhole, 'a whole number') };
    case 'subscribe':
      return { action, ...base, channel: channelOf(fields), ...subscription(fields) };
    case 'unsubscribe':
      return { action, ...base, channel: channelOf(fields) };
    case 'publish':
      if (!Object.hasOwn(fields, 'data')) throw expected('data', 'there');
      return { action, ...base, channel: channelOf(fields), data: fields['data'], ...named(fields) };
    case 'event':
      return {
        action,
        ...base,
        ...withData(fields),
        event: required(fields, 'event', isEventName, eventName),
        ...(Object.hasOwn(fields, 'channel') && { channel: channelOf(fields) }),
      };
    case 'reply':
      if (id === undefined) throw expected('id', 'that of the question');
      return { action, id, ...withData(fields) };
    case 'ping':
      return { action, ...base };
  }
}

function subscription(fields: Fields): {
  recover?: WireRecovery;
  history?: number;
  presence?: boolean;
  data?: unknown;
} {
  const recover = optional(fields, 'recover', isObject, 'an object with "epoch" and "offset"');
  const most = WireLimits.historyMessages;
  const history = optional(fields, 'history', isHistory, `a whole number from 0 to ${most}`);
  const presence = optional(fields, 'presence', isBoolean, 'true or false');
  return {
    ...withData(fields),
    ...(recover !== undefined && { recover: recoveryOf(recover) }),
    ...(history !== undefined && { history }),
    ...(presence !== undefined && { presence }),
  };
}

function recoveryOf(fields: Fields): WireRecovery {
  if (fields['offset'] === 0 && fields['epoch'] === undefined) return { offset: 0 };
  return {
    epoch: required(fields, 'epoch', isEpoch, 'that of a message', 'recover.epoch'),
    offset: required(fields, 'offset', isOffset, 'that of a message', 'recover.offset'),
  };
}

function withData(fields: Fields): { data?: unknown } {
  return Object.hasOwn(fields, 'data') ? { data: fields['data'] } : {};
}

function named(fields: Fields): { event?: string } {
  const event = optional(fields, 'event', isEventName, eventName);
  return event === undefined ? {} : { event };
}

function channelOf(fields: Fields): string {
  return required(fields, 'channel', isChannelName, `a string of 1 to ${NameLimits.channelChars} characters`);
}

const eventName = `a string of 1 to ${WireLimits.eventChars} characters`;

function isRequestId(value: unknown): value is string {
  return typeof value === 'string' && REQUEST_ID.test(value);
}

function isEventName(value: unknown): value is string {
  return isName(value, WireLimits.eventChars);
}

function isEpoch(value: unknown): value is string {
  return isName(value, WireLimits.epochChars);
}

function isOffset(value: unknown): value is number {
  return isWhole(value) && value >= 0;
}

function isHistory(value: unknown): value is number {
  return isOffset(value) && value <= WireLimits.historyMessages;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function required<Value>(
  fields: Fields,
  name: string,
  is: (value: unknown) => value is Value,
  what: string,
  path = name,
): Value {
  const value = own(fields, name);
  if (is(value)) return value;
  throw expected(path, what);
}

function optional<Value>(
  fields: Fields,
  name: string,
  is: (value: unknown) => value is Value,
  what: string,
): Value | undefined {
  return Object.hasOwn(fields, name) ? required(fields, name, is, what) : undefined;
}

/** Own properties only: a message must not answer with what every object has. */
function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function expected(field: string, what: string): WireRefusal {
  return new WireRefusal('bad-request', `Expected "${field}" to be ${what}.`);
}
