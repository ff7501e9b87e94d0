import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ResolvedProbesOptions } from '../../options/listening.options-resolver.js';
import type { Readiness } from './readiness.js';
import { pathAndQueryOf } from './request.target.js';

/** Answers load balancers and orchestrators: whether the process runs, and whether it should get clients. */
export class Probes {
  constructor(
    private readonly paths: ResolvedProbesOptions,
    private readonly readiness: Readiness,
  ) {}

  /** Answers the request if it is to one of the probes; tells whether it was. */
  accepts(request: IncomingMessage, response: ServerResponse): boolean {
    const path = pathAndQueryOf(request).split('?', 1)[0];
    if (path !== this.paths.livenessPath && path !== this.paths.readinessPath) return false;
    request.resume();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      answer(response, 405, { message: 'Use GET or HEAD' }, { Allow: 'GET, HEAD' });
    } else if (path === this.paths.livenessPath) answer(response, 200, { status: 'alive' });
    else void this.answerReadiness(response);
    return true;
  }

  private async answerReadiness(response: ServerResponse): Promise<void> {
    const missing = await this.readiness.missing();
    if (missing === null) answer(response, 200, { status: 'ready' });
    else answer(response, 503, { status: 'not-ready', reason: missing });
  }
}

function answer(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    ...headers,
  });
  response.end(text);
}
