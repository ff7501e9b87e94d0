import type { IncomingMessage, ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import { ApiGatewayLimits } from '../protocol/limits.js';
import { sha256Hex } from '../signing/sigv4.js';
import type { GatewaySession } from './gateway.session.js';
import { isWellFormedId } from './identifier.js';
import type { SignatureVerifier } from './signature.verifier.js';

/** A body that large is not even read to its end. */
const MAX_DRAINED_BYTES = 10 * ApiGatewayLimits.messageBytes;

/** An answer of the Management API. */
interface Answer {
  readonly status: number;
  /** The error's name; the AWS SDK reads it from the header `x-amzn-ErrorType`. */
  readonly error?: string;
  readonly body?: object;
}

const failure = (status: number, error: string, message: string): Answer => ({ status, error, body: { message } });

/** API Gateway's 410 has no body. */
const GONE: Answer = { status: 410, error: 'GoneException' };

const POST_ANSWERS: Readonly<Record<ReturnType<GatewaySession['send']>, Answer>> = Object.freeze({
  delivered: { status: 200 },
  gone: GONE,
  throttled: failure(429, 'LimitExceededException', 'The client reads too slowly'),
});

/** API Gateway's Management API, `GET`, `POST` and `DELETE {path}/@connections/{id}`, over the sessions of one gateway. */
export class ConnectionsApi {
  private readonly logger = new Logger('WebSocket');
  private readonly pattern: RegExp;
  private hasSaidClosed = false;

  /** @param verifier `null` when no keys are configured: then nobody gets in */
  constructor(
    path: string,
    private readonly sessions: ReadonlyMap<string, GatewaySession>,
    private readonly verifier: SignatureVerifier | null,
  ) {
    // Old SDKs encode the @.
    this.pattern = new RegExp(`^${path.replaceAll('.', '\\.')}/(?:@|%40)connections/([^/?]*)(?:\\?|$)`);
  }

  /** Answers the request if it is one of this API's; tells whether it was. */
  accepts(request: IncomingMessage, response: ServerResponse): boolean {
    const id = this.pattern.exec(request.url ?? '')?.[1];
    if (id === undefined) return false;
    this.answer(request, id).then(
      (answer) => write(response, answer),
      () => request.socket.destroy(),
    );
    return true;
  }

  private async answer(request: IncomingMessage, encodedId: string): Promise<Answer> {
    if (this.verifier === null) return this.closed(request);
    const body = await readBody(request);
    // What was too much to keep can still be judged by the hash that its sender signed.
    const hash = body === null ? String(request.headers['x-amz-content-sha256'] ?? '') : sha256Hex(body);
    const refusal = this.verifier.refusal(request, hash);
    if (refusal !== null) return failure(403, 'ForbiddenException', refusal);
    const connectionId = decodeId(encodedId);
    if (connectionId === null) return failure(400, 'BadRequestException', 'Invalid connectionId');
    if (body === null) return failure(413, 'PayloadTooLargeException', 'Payload Too Large');
    const session = this.sessions.get(connectionId);
    if (session?.isOpen !== true) return GONE;
    return this.act(request.method, session, body);
  }

  private act(method: string | undefined, session: GatewaySession, body: Buffer): Answer {
    switch (method) {
      case 'GET':
        return { status: 200, body: session.info };
      case 'POST':
        return POST_ANSWERS[session.send(body)];
      case 'DELETE':
        session.close(1000, 'Connection Closed Normally');
        return { status: 204 };
      default:
        return failure(405, 'MethodNotAllowedException', 'Use GET, POST or DELETE');
    }
  }

  private closed(request: IncomingMessage): Answer {
    request.resume();
    if (!this.hasSaidClosed) {
      this.hasSaidClosed = true;
      this.logger.warn(
        'A request to @connections was refused: set the option "gateway.credentials" to let signed requests in.',
      );
    }
    return failure(403, 'ForbiddenException', 'Forbidden');
  }
}

/** The body, `null` when it is larger than a message may be. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size <= ApiGatewayLimits.messageBytes) chunks.push(chunk);
    else if (size > MAX_DRAINED_BYTES) throw new Error('The body does not end.');
  }
  return size <= ApiGatewayLimits.messageBytes ? Buffer.concat(chunks) : null;
}

function decodeId(encoded: string): string | null {
  try {
    const id = decodeURIComponent(encoded);
    return isWellFormedId(id) ? id : null;
  } catch {
    return null;
  }
}

function write(response: ServerResponse, { status, error, body }: Answer): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    'x-amzn-RequestId': crypto.randomUUID(),
    ...(error !== undefined && { 'x-amzn-ErrorType': error }),
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
    ...(status !== 204 && { 'Content-Length': Buffer.byteLength(text) }),
  });
  response.end(text);
}
