import { WireErrorCodes } from '../../src/protocol/wire/wire.error.codes.js';
import type { ServerMessage, ServerMessageType } from '../../src/protocol/wire/server.messages.js';

type Check = (value: unknown) => boolean;

/** A check for each field that a message may have, in a list of one where it may be absent: what TypeScript says, to be asked at run time. */
type Shape<Message> = {
  readonly [Field in keyof Message]-?: object extends Pick<Message, Field> ? readonly [Check] : Check;
};

type MessageOf<Type extends ServerMessageType> = Extract<ServerMessage, { readonly type: Type }>;

const anything: Check = () => true;
const text: Check = (value) => typeof value === 'string' && value !== '';
const flag: Check = (value) => typeof value === 'boolean';
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const size: Check = (value) => count(value) && value !== 0;
const time: Check = (value) => count(value) && (value as number) > 1_700_000_000_000;
const action: Check = (value) => (ACTIONS as readonly unknown[]).includes(value);
const code: Check = (value) => (WireErrorCodes as readonly unknown[]).includes(value);
const member: Check = (value) => fieldsProblem(value, { id: text, info: [anything] }) === null;
const members: Check = (value) => Array.isArray(value) && value.every(member);
const issues: Check = (value) =>
  Array.isArray(value) && value.every((issue) => fieldsProblem(issue, { path: anything, message: text }) === null);
const requestId: Check = (value) => typeof value === 'string' && /^[ -~]{1,64}$/.test(value);
const messages: Check = (value) =>
  Array.isArray(value) && value.every((message) => fieldsProblem(message, SHAPES.message) === null);

const ACTIONS = ['hello', 'subscribe', 'unsubscribe', 'publish', 'event', 'reply', 'ping'] as const;

const SHAPES: { readonly [Type in ServerMessageType]: Shape<MessageOf<Type>> } = {
  welcome: {
    type: text,
    id: [requestId],
    protocol: (value) => value === 1,
    connectionId: text,
    pingSeconds: size,
    lifetimeSeconds: [count],
    maxMessageBytes: size,
    data: [anything],
  },
  message: {
    type: text,
    channel: text,
    data: anything,
    event: [text],
    id: text,
    timestamp: time,
    from: [text],
    epoch: [text],
    offset: [size],
  },
  part: { type: text, id: [requestId], channel: text, messages: [messages], members: [members] },
  subscribed: {
    type: text,
    id: [requestId],
    channel: text,
    epoch: [text],
    offset: [count],
    recovered: [flag],
    messages: [messages],
    members: [members],
    memberCount: [count],
  },
  unsubscribed: { type: text, id: [requestId], channel: text, reason: [text] },
  published: { type: text, id: [requestId], channel: text, messageId: text, epoch: [text], offset: [size] },
  event: { type: text, channel: text, event: text, data: [anything], from: text },
  joining: { type: text, channel: text, member },
  leaving: { type: text, channel: text, member },
  reply: { type: text, id: [requestId], data: [anything] },
  request: { type: text, id: requestId, data: anything },
  pong: { type: text, id: [requestId], timestamp: time },
  restored: { type: text },
  error: {
    type: text,
    id: [requestId],
    code,
    message: text,
    retry: flag,
    retryAfterMs: [count],
    action: [action],
    channel: [text],
    messageId: [text],
    issues: [issues],
  },
};

/** What is wrong with a message as one of the server's; `null` when nothing is. */
export function shapeProblem(message: unknown): string | null {
  const type = (message as { type?: unknown } | null)?.type;
  if (typeof type !== 'string' || !Object.hasOwn(SHAPES, type)) return `No message of the server: ${said(message)}`;
  return fieldsProblem(message, SHAPES[type as ServerMessageType]);
}

function fieldsProblem(message: unknown, shape: object): string | null {
  if (typeof message !== 'object' || message === null) return `No object: ${said(message)}`;
  const checks = Object.entries(shape) as [string, Check | readonly [Check]][];
  const fields = new Map(Object.entries(message));
  for (const [field, rule] of checks) {
    const [check, isOptional] = Array.isArray(rule) ? [rule[0] as Check, true] : [rule as Check, false];
    if (!fields.has(field) ? !isOptional : !check(fields.get(field))) return `Wrong field "${field}": ${said(message)}`;
    fields.delete(field);
  }
  const [unknownField] = fields.keys();
  return unknownField === undefined ? null : `Unknown field "${unknownField}": ${said(message)}`;
}

function said(message: unknown): string {
  return (JSON.stringify(message) ?? 'undefined').slice(0, 400);
}

/** All types of messages that the server sends. */
export const serverMessageTypes = Object.keys(SHAPES);
