import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Closes } from '../protocol/close-codes.js';
import { Log } from '../logging/log.js';
import { ApiGatewayLimits } from '../protocol/limits.js';
import type { WriteOutcome } from '../transports/local/local.transport.js';
import type { GatewaySession } from './gateway.session.js';
import { isWellFormedId } from './identifier.js';
import { pathAndQueryOf } from './listening/request.target.js';
import type { SignatureVerifier } from './signature.verifier.js';

/** A body larger than this is not even read to its end. */
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

const POST_ANSWERS: Readonly<Record<WriteOutcome, Answer>> = Object.freeze({
  delivered: { status: 200 },
  gone: GONE,
  throttled: failure(429, 'LimitExceededException', 'The client reads too slowly'),
});

/** API Gateway's Management API, `GET`, `POST` and `DELETE {path}/@connections/{id}`, over the sessions of one gateway. */
export class ConnectionsApi {
  private readonly pattern: RegExp;
  private hasSaidClosed = false;

  /** @param verifier `null` when no keys are configured: then nobody gets in */
  constructor(
    path: string,
    private readonly sessions: ReadonlyMap<string, GatewaySession>,
    private readonly verifier: SignatureVerifier | null,
    private readonly log = new Log(),
  ) {
    // Old SDKs encode the @.
    this.pattern = new RegExp(`^${path.replaceAll('.', '\\.')}/(?:@|%40)connections/([^/?]*)(?:\\?|$)`);
  }

  /** Answers the request if it is one of this API's; tells whether it was. */
  accepts(request: IncomingMessage, response: ServerResponse): boolean {
    const id = this.pattern.exec(pathAndQueryOf(request))?.[1];
    if (id === undefined) return false;
    void this.serve(request, response, id);
    return true;
  }

  private async serve(request: IncomingMessage, response: ServerResponse, encodedId: string): Promise<void> {
    try {
      write(request, response, await this.answer(request, encodedId));
    } catch {
      // The client went away in the middle of its request.
      response.destroy();
    }
  }

  private async answer(request: IncomingMessage, encodedId: string): Promise<Answer> {
    if (this.verifier === null) return this.closed(request);
    const { bytes, hash } = await readBody(request);
    const refusal = this.verifier.refusal(request, hash);
    if (refusal !== null) return failure(403, 'ForbiddenException', refusal);
    const connectionId = decodeId(encodedId);
    if (connectionId === null) return failure(400, 'BadRequestException', 'Invalid connectionId');
    if (bytes === null) return failure(413, 'PayloadTooLargeException', 'Payload Too Large');
    const session = this.sessions.get(connectionId);
    if (session?.isOpen !== true) return GONE;
    return this.act(request.method, session, bytes);
  }

  private act(method: string | undefined, session: GatewaySession, body: Buffer): Answer {
    switch (method) {
      case 'GET':
        return { status: 200, body: session.info };
      case 'POST':
        return POST_ANSWERS[session.send({ payload: body })];
      case 'DELETE':
        session.close(Closes.deleted.code, Closes.deleted.reason);
        return { status: 204 };
      default:
        return failure(405, 'MethodNotAllowedException', 'Use GET, POST or DELETE');
    }
  }

  private closed(request: IncomingMessage): Answer {
    request.resume();
    if (!this.hasSaidClosed) {
      this.hasSaidClosed = true;
      this.log.warn(
        'connections-api.closed',
        'A request to @connections was refused: set the option "gateway.credentials" to let signed requests in.',
      );
    }
    return failure(403, 'ForbiddenException', 'Forbidden');
  }
}

/** A body as far as it was read. */
interface Body {
  /** `null` when it is larger than a message may be. */
  readonly bytes: Buffer | null;
  /** Its SHA-256 in hexadecimal; the one that its sender claims when it was not read to its end. */
  readonly hash: string;
}

function readBody(request: IncomingMessage): Promise<Body> {
  return new Promise((resolve, reject) => {
    const digest = createHash('sha256');
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.byteLength;
      digest.update(chunk);
      if (size <= ApiGatewayLimits.messageBytes) chunks.push(chunk);
      if (size <= MAX_DRAINED_BYTES) return;
      request.removeAllListeners('data').pause();
      resolve({ bytes: null, hash: String(request.headers['x-amz-content-sha256'] ?? '') });
    });
    request.once('end', () => {
      const bytes = size <= ApiGatewayLimits.messageBytes ? Buffer.concat(chunks) : null;
      resolve({ bytes, hash: digest.digest('hex') });
    });
    // After `end` it comes too late to matter.
    request.once('close', () => reject(new Error('The request ended early.')));
  });
}

function decodeId(encoded: string): string | null {
  try {
    const id = decodeURIComponent(encoded);
    return isWellFormedId(id) ? id : null;
  } catch {
    return null;
  }
}

function write(request: IncomingMessage, response: ServerResponse, { status, error, body }: Answer): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  const isRead = request.readableEnded || request.readableFlowing === true;
  response.writeHead(status, {
    'x-amzn-RequestId': randomUUID(),
    ...(error !== undefined && { 'x-amzn-ErrorType': error }),
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
    ...(status !== 204 && { 'Content-Length': Buffer.byteLength(text) }),
    // What is left of the request would be taken for the next one.
    ...(!isRead && { Connection: 'close' }),
  });
  response.end(text, () => {
    if (!isRead) request.destroy();
  });
}
