import type { DeliveryAttempt } from '../../contracts/connection.transport.js';
import type { HttpResponse } from '../../http/http.response.js';
import { DELIVERED, outcomeOfError } from './outcome.js';

/** What an answer of the Management API says, in the words that the SDK client has for it. */
export function outcomeOfAnswer(response: HttpResponse): DeliveryAttempt {
  if (response.status < 300) return DELIVERED;
  const { name, code } = errorOf(response);
  return outcomeOfError({ name, code, $metadata: { httpStatusCode: response.status } });
}

/**
 * The name and the code that the SDK client's error would have (its REST-JSON protocol): the name is in the header, else in the body; a body
 * that is no JSON makes it a syntax error; and whatever else the body holds ends up on the error.
 */
export function errorOf({ errorType, body, isBodyWhole }: HttpResponse): { name: string; code?: string } {
  const fields = isBodyWhole ? fieldsOf(body) : {};
  if (fields === null) return { name: 'SyntaxError' };
  const { name: given, code } = fields;
  const key = Object.keys(fields).find((field) => field.toLowerCase() === 'code');
  const type = errorType ?? (key === undefined ? fields['__type'] : fields[key]);
  const name = type === undefined ? 'Unknown' : nameIn(type);
  return {
    name: name === '' && typeof given === 'string' ? given : name,
    ...(typeof code === 'string' && { code }),
  };
}

/** `null` when it is no JSON. */
function fieldsOf(body: string): Readonly<Record<string, unknown>> | null {
  if (body === '') return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(body, 'latin1').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return null;
  }
}

/** Types come as `Name`, `namespace#Name` and `Name:http://where.it.is.defined`. */
function nameIn(type: unknown): string {
  if (typeof type === 'number') return String(type);
  if (typeof type !== 'string') return 'TypeError';
  const [plain = ''] = (type.split(',')[0] ?? '').split(':');
  return plain.includes('#') ? (plain.split('#')[1] ?? '') : plain;
}
