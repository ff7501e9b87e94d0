import type { DeliveryAttempt, DeliveryStatus } from '../../contracts/connection.transport.js';

/** The one version of these messages that there is. A process leaves those of another alone. */
const VERSION = 1;

/** The most connections that one message is for. */
export const MAX_IDS = 2_048;

/** The largest header that is read: as many ids as there may be, as long as they may be. */
const MAX_HEADER_BYTES = 1_048_576;

const NAME = /^[\w-]{1,64}$/;
const REASON = /^[\w-]{1,64}$/;
const MAX_ID_CHARS = 128;
const MAX_CLOSE_REASON_CHARS = 123;

const STATUSES: readonly DeliveryStatus[] = ['delivered', 'gone', 'throttled', 'too-large', 'forbidden', 'failed'];

/** What a node is asked to do with connections of its own. */
export type NodeRequest =
  | { readonly type: 'send'; readonly ids: readonly string[]; readonly payload: Uint8Array }
  | { readonly type: 'close'; readonly ids: readonly string[]; readonly code: number; readonly reason: string }
  | { readonly type: 'ask'; readonly ids: readonly string[] };

/** What came in, checked. */
export type BusMessage =
  | { readonly kind: 'request'; readonly id: string; readonly from: string; readonly request: NodeRequest }
  | {
      readonly kind: 'reply';
      readonly id: string;
      readonly from: string;
      /** One for each id of the request, in its order; one in all where all are the same. */
      readonly outcomes: readonly DeliveryAttempt[];
    };

/** Why what came in is left alone. */
export type Refusal = 'malformed' | 'version';

/** Each message is a line of JSON, and behind it, as it is, the payload of a send. */
export function encodeRequest(id: string, from: string, request: NodeRequest): Uint8Array {
  if (request.type !== 'send') return encode({ v: VERSION, id, from, ...request });
  const { payload, ...header } = request;
  return encode({ v: VERSION, id, from, ...header }, payload);
}

/** Outcomes by position: a digit in base 36 for each, which is its place in a table of those that there are. */
export function encodeReply(id: string, from: string, outcomes: readonly DeliveryAttempt[]): Uint8Array {
  const table: (readonly [string, string])[] = [];
  const places = new Map<string, number>();
  const placeOf = ({ status, reason = '' }: DeliveryAttempt): number => {
    const key = `${status} ${reason}`;
    let place = places.get(key);
    if (place === undefined) {
      // There are never so many: the last place stands for all that come later.
      if (table.length === 36) return 35;
      place = table.push([status, reason]) - 1;
      places.set(key, place);
    }
    return place;
  };
  let by = '';
  for (const outcome of outcomes) by += placeOf(outcome).toString(36);
  return encode({ v: VERSION, id, from, type: 'reply', table, by: table.length === 1 ? '0' : by });
}

export function decodeMessage(bytes: Uint8Array): BusMessage | Refusal {
  const end = bytes.indexOf(0x0a);
  if (end < 0 || end > MAX_HEADER_BYTES) return 'malformed';
  const header = parse(bytes.subarray(0, end));
  if (header === null) return 'malformed';
  if (header['v'] !== VERSION) return typeof header['v'] === 'number' ? 'version' : 'malformed';
  const { id, from, type } = header;
  if (!isName(id) || !isName(from)) return 'malformed';
  if (type === 'reply') {
    const outcomes = outcomesOf(header);
    return outcomes === null ? 'malformed' : { kind: 'reply', id, from, outcomes };
  }
  const request = requestOf(header, bytes.subarray(end + 1));
  return request === null ? 'malformed' : { kind: 'request', id, from, request };
}

function requestOf(header: Readonly<Record<string, unknown>>, payload: Uint8Array): NodeRequest | null {
  const { type, ids, code, reason } = header;
  if (!areIds(ids)) return null;
  if (type === 'send') return { type, ids, payload };
  if (type === 'ask') return { type, ids };
  const isClose =
    type === 'close' &&
    Number.isInteger(code) &&
    ((code as number) === 1000 || ((code as number) >= 3000 && (code as number) <= 4999)) &&
    typeof reason === 'string' &&
    new TextEncoder().encode(reason).byteLength <= MAX_CLOSE_REASON_CHARS;
  return isClose ? { type, ids, code: code as number, reason } : null;
}

function outcomesOf({ table, by }: Readonly<Record<string, unknown>>): DeliveryAttempt[] | null {
  if (!Array.isArray(table) || table.length === 0 || table.length > 36) return null;
  if (typeof by !== 'string' || by.length === 0 || by.length > MAX_IDS) return null;
  const known = table.map(attemptOf);
  const outcomes: DeliveryAttempt[] = [];
  for (const digit of by) {
    const outcome = known[Number.parseInt(digit, 36)] ?? null;
    if (outcome === null) return null;
    outcomes.push(outcome);
  }
  return outcomes;
}

function attemptOf(entry: unknown): DeliveryAttempt | null {
  const [status, reason] = Array.isArray(entry) ? (entry as unknown[]) : [];
  if (!STATUSES.includes(status as DeliveryStatus) || typeof reason !== 'string') return null;
  if (reason === '') return { status: status as DeliveryStatus };
  return REASON.test(reason) ? { status: status as DeliveryStatus, reason } : null;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

function areIds(value: unknown): value is string[] {
  const isId = (id: unknown): boolean => typeof id === 'string' && id !== '' && id.length <= MAX_ID_CHARS;
  return Array.isArray(value) && value.length > 0 && value.length <= MAX_IDS && value.every(isId);
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function encode(header: object, payload: Uint8Array = new Uint8Array()): Uint8Array {
  const line = Buffer.from(`${JSON.stringify(header)}\n`);
  return payload.byteLength === 0 ? line : Buffer.concat([line, payload]);
}
