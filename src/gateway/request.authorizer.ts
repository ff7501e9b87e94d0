import { inTime, LATE, monotonicNow, type Clock } from '../contracts/clock.js';
import { withoutMessage } from '../logging/error.description.js';
import type { Log } from '../logging/log.js';
import type { ResolvedIdentitySource } from '../options/authorizer.options-resolver.js';
import type { ResolvedGatewayOptions } from '../options/gateway.options-resolver.js';
import type { WebSocketAuthorizerEvent, WebSocketLambdaAuthorizer } from '../protocol/authorizer.js';
import type { WebSocketAuthorizer, WebSocketConnectEvent, WebSocketRequestContext } from '../protocol/events.js';
import { ApiGatewayLimits } from '../protocol/limits.js';
import type { WebSocketResponse } from '../protocol/response.js';
import { allowsInvoke, UnreadablePolicyError } from './invoke.policy.js';

/** Whom an authorizer let in; or the answer to a handshake that is refused. */
export type Verdict = { readonly authorizer: WebSocketAuthorizer } | { readonly refusal: WebSocketResponse };

/** An account that AWS's own examples use; there is none here. */
const ACCOUNT_ID = '123456789012';

const FALLBACK_REGION = 'us-east-1';

const refuse = (statusCode: number, message: string): Verdict =>
  Object.freeze({ refusal: Object.freeze({ statusCode, body: JSON.stringify({ message }) }) });

const UNAUTHORIZED = refuse(401, 'Unauthorized');

const FORBIDDEN = refuse(403, 'User is not authorized to access this resource');

const FAILED = refuse(500, 'Internal server error');

/** Runs a Lambda REQUEST authorizer for `$connect` as API Gateway does, and takes nothing that API Gateway would not take. */
export class RequestAuthorizer {
  constructor(
    private readonly authorize: WebSocketLambdaAuthorizer,
    private readonly identitySources: readonly ResolvedIdentitySource[],
    private readonly region: string | null,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** The authorizer that the options name, `null` when they name none. */
  static of(options: ResolvedGatewayOptions, clock: Clock, log: Log): RequestAuthorizer | null {
    const { authorizer, authorizerIdentitySources: sources, region } = options;
    return authorizer === null ? null : new RequestAuthorizer(authorizer, sources, region, clock, log);
  }

  async judge(connect: WebSocketConnectEvent): Promise<Verdict> {
    // Whoever lacks a source is answered without a call: nobody but the client could tell the authorizer more.
    if (!this.identitySources.every((source) => isThere(connect, source))) return UNAUTHORIZED;
    const event = this.eventOf(connect);
    const startedAtMs = monotonicNow(this.clock);
    try {
      const answer = await inTime(this.clock, ApiGatewayLimits.integrationTimeoutMs, this.call(event));
      if (answer === LATE) throw new UnusableAnswerError('It took longer than 29 seconds.');
      return this.verdictOn(answer, event.methodArn, monotonicNow(this.clock) - startedAtMs);
    } catch (error) {
      return this.failure(error, connect.requestContext);
    }
  }

  // A synchronous throw counts like a rejection.
  private async call(event: WebSocketAuthorizerEvent): Promise<unknown> {
    return await this.authorize(event);
  }

  private verdictOn(answer: unknown, methodArn: string, integrationLatency: number): Verdict {
    const { principalId, policyDocument, context } = asLambdaAnswers(answer);
    if (typeof principalId !== 'string' || principalId === '') throw new UnusableAnswerError('It has no principalId.');
    const authorizer = { ...stringify(context), principalId, integrationLatency };
    return allowsInvoke(policyDocument, methodArn) ? { authorizer } : FORBIDDEN;
  }

  private failure(error: unknown, { connectionId }: WebSocketRequestContext): Verdict {
    // `callback('Unauthorized')` of older functions is a string.
    const message = error instanceof Error ? error.message : error;
    if (message === 'Unauthorized') return UNAUTHORIZED;
    if (error instanceof UnusableAnswerError || error instanceof UnreadablePolicyError) {
      const message = `API Gateway would answer 500 to what the authorizer returned: ${error.message}`;
      this.log.error('authorizer.unusable', message, { connectionId });
    } else
      this.log.error('authorizer.failed', 'The authorizer failed.', { connectionId, error: withoutMessage(error) });
    return FAILED;
  }

  private eventOf(connect: WebSocketConnectEvent): WebSocketAuthorizerEvent {
    const { requestContext, queryStringParameters, multiValueQueryStringParameters } = connect;
    const { apiId = '', stage = '' } = requestContext;
    const region = this.region ?? FALLBACK_REGION;
    return {
      type: 'REQUEST',
      methodArn: `arn:aws:execute-api:${region}:${ACCOUNT_ID}:${apiId}/${stage}/$connect`,
      // Unlike the integration, the authorizer sees these.
      headers: { ...connect.headers, Connection: 'upgrade', 'content-length': '0', Upgrade: 'websocket' },
      multiValueHeaders: {
        ...connect.multiValueHeaders,
        Connection: ['upgrade'],
        'content-length': ['0'],
        Upgrade: ['websocket'],
      },
      ...(queryStringParameters && { queryStringParameters }),
      ...(multiValueQueryStringParameters && { multiValueQueryStringParameters }),
      stageVariables: {},
      requestContext,
    };
  }
}

/** An answer that API Gateway has no use for. */
class UnusableAnswerError extends Error {
  override readonly name = 'UnusableAnswerError';
}

function isThere(
  { headers, queryStringParameters }: WebSocketConnectEvent,
  { part, name }: ResolvedIdentitySource,
): boolean {
  if (part === 'querystring') return hasText(Object.entries(queryStringParameters ?? {}), (key) => key === name);
  const wanted = name.toLowerCase();
  return hasText(Object.entries(headers ?? {}), (key) => key.toLowerCase() === wanted);
}

function hasText(entries: readonly [string, string][], isWanted: (key: string) => boolean): boolean {
  return entries.some(([key, value]) => isWanted(key) && value !== '');
}

/** What is left of an answer on its way out of a Lambda function: JSON, of at most 8 KB. */
function asLambdaAnswers(answer: unknown): Record<string, unknown> {
  const json = JSON.stringify(answer) as string | undefined;
  if (json === undefined || Buffer.byteLength(json) > ApiGatewayLimits.authorizerResultBytes) {
    throw new UnusableAnswerError(json === undefined ? 'It is nothing.' : 'It is larger than 8 KB.');
  }
  const value = JSON.parse(json) as unknown;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UnusableAnswerError('It is not an object.');
}

function stringify(context: unknown): Record<string, string> {
  if (context === undefined || context === null) return {};
  if (typeof context !== 'object' || Array.isArray(context))
    throw new UnusableAnswerError('Its context is not an object.');
  return Object.fromEntries(
    Object.entries(context).map(([key, value]: [string, unknown]) => {
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
        throw new UnusableAnswerError('Its context has an object, an array or null in it.');
      return [key, String(value)];
    }),
  );
}
