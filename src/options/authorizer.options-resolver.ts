import type { WebSocketLambdaAuthorizer } from '../protocol/authorizer.js';
import type { OptionsReader } from './options.reader.js';

/** A part of the handshake that must be there before the authorizer is called. */
export interface ResolvedIdentitySource {
  readonly part: 'header' | 'querystring';
  readonly name: string;
}

/** The authorizer that runs before `$connect`. */
export interface ResolvedAuthorizerOptions {
  /** `null` lets everybody through to `$connect`. */
  readonly authorizer: WebSocketLambdaAuthorizer | null;
  readonly authorizerIdentitySources: readonly ResolvedIdentitySource[];
}

const SOURCE = /^route\.request\.(header|querystring)\.([^\s,]+)$/;

/** @throws InvalidOptionsError naming the option that cannot be used */
export function resolveAuthorizer(read: OptionsReader): ResolvedAuthorizerOptions {
  const authorizer = read.take('authorizer');
  if (authorizer !== undefined && typeof authorizer !== 'function') {
    throw read.unexpected('authorizer', 'a function', authorizer, true);
  }
  const sources = read.texts('authorizerIdentitySources') ?? [];
  if (sources.length > 0 && authorizer === undefined) {
    throw read.unexpected('authorizerIdentitySources', 'left out without "gateway.authorizer"', sources);
  }
  return {
    authorizer: (authorizer as WebSocketLambdaAuthorizer | undefined) ?? null,
    authorizerIdentitySources: sources.map((source) => {
      const [, part, name] = SOURCE.exec(source) ?? [];
      if ((part === 'header' || part === 'querystring') && name !== undefined) return { part, name };
      throw read.unexpected(
        'authorizerIdentitySources',
        'an array of sources like "route.request.querystring.token" or "route.request.header.Authorization"',
        sources,
      );
    }),
  };
}
