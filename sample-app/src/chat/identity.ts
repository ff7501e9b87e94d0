import { createHash } from 'node:crypto';
import type { Authenticate } from 'nestjs-apigateway-websocket';
import { nameFrom } from './wording.js';

/** No name has it. */
const MARK = '~';

/** 96 bits: nobody finds another key with the same. */
const FINGERPRINT_CHARS = 16;

const KEY = /^[0-9a-f]{32}$/;

/**
 * Says who connects: whoever gives a name and a key (`?token={name}:{key}`). The user id is the name with a fingerprint of both, so two people may have one
 * name, nobody can be another without their key, and nothing has to be remembered here.
 */
export const authenticate: Authenticate = ({ query }) => {
  const [given, key = ''] = (query['token'] ?? '').split(':');
  const name = nameFrom(given);
  if (name === null || !KEY.test(key)) return null;
  const fingerprint = createHash('sha256').update(`${name}:${key}`).digest('base64url').slice(0, FINGERPRINT_CHARS);
  return { userId: `${name}${MARK}${fingerprint}`, name };
};

/** The name of a user, by their id. */
export function nameOf(userId: string): string {
  return userId.slice(0, userId.lastIndexOf(MARK));
}
