import { InvalidNameError } from '../errors/invalid-name.error.js';
import { NameLimits } from './limits.js';

/** Whether `value` can name something: a string of 1 to `maxChars` characters of well-formed Unicode. */
export function isName(value: unknown, maxChars: number): value is string {
  // A lone surrogate has no UTF-8 form: two different names would meet under one key.
  return typeof value === 'string' && value.length > 0 && value.length <= maxChars && value.isWellFormed();
}

export function isChannelName(value: unknown): value is string {
  return isName(value, NameLimits.channelChars);
}

export function isConnectionId(value: unknown): value is string {
  return isName(value, NameLimits.connectionIdChars);
}

/** @throws InvalidNameError when `value` cannot be a channel's name */
export function requireChannelName(value: unknown): string {
  if (isChannelName(value)) return value;
  throw new InvalidNameError('channel', expectation(NameLimits.channelChars));
}

/** What an application may pass as a user id. Inside it is a string: `42` and `'42'` are one user. */
export type UserId = string | number | bigint;

/** The user id as a string; `null` when `value` cannot be one. */
export function normalizeUserId(value: unknown): string | null {
  const id = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
  return isName(id, NameLimits.userIdChars) ? id : null;
}

function expectation(maxChars: number): string {
  return `a string of 1 to ${maxChars} characters of well-formed Unicode`;
}
