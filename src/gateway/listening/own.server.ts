import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../../contracts/clock.js';
import { reasonOf } from '../../health/failure.reason.js';
import { Log } from '../../logging/log.js';
import type { ResolvedGatewayOptions } from '../../options/gateway.options-resolver.js';
import { CertificateFiles } from './certificate.files.js';
import { listen, listenOnUnixSocket } from './unix.socket.js';

/** How long a whole request may take, body and all: one to `@connections`. */
const REQUEST_TIMEOUT_MS = 30_000;

/** How often Node looks for requests that take too long. */
const LOOK_EVERY_MS = 1_000;

/** An HTTP server of the gateway's own, on a port or a Unix socket, with or without TLS. */
export class OwnServer {
  /** The connections below TLS, whose handshakes the HTTP server knows nothing of. */
  private readonly sockets = new Set<Socket>();
  private hasSaidNotAccepted = false;

  private constructor(
    readonly http: Server,
    private readonly options: ResolvedGatewayOptions,
    private readonly certificate: CertificateFiles | null,
    private readonly log: Log,
  ) {}

  /** @throws InvalidOptionsError when the certificate cannot be used */
  static async create(options: ResolvedGatewayOptions, clock: Clock, log = new Log()): Promise<OwnServer> {
    const { tls } = options;
    const limits = limitsOf(options);
    if (tls === null) return new OwnServer(withEveryHeader(createServer(limits)), options, null, log);
    const certificate = new CertificateFiles(tls, clock, log);
    const isMutual = tls.caPath !== null;
    const secure = createSecureServer({
      ...limits,
      ...(await certificate.load()),
      handshakeTimeout: options.handshakeTimeoutMs,
      requestCert: isMutual,
      rejectUnauthorized: isMutual,
      // The upgrade to a WebSocket is one of HTTP/1.1.
      ALPNProtocols: ['http/1.1'],
    });
    certificate.watch((credentials) => secure.setSecureContext(credentials));
    const server = new OwnServer(withEveryHeader(secure), options, certificate, log);
    secure.on('connection', (socket: Socket) => server.remember(socket));
    return server;
  }

  async listen(): Promise<void> {
    const { port, host, socketPath, backlog } = this.options;
    if (socketPath !== null) await listenOnUnixSocket(this.http, socketPath, backlog);
    else await listen(this.http, { port: port ?? 0, host, backlog });
    this.http.on('error', (error) => this.sayNotAccepted(error));
  }

  async close(): Promise<void> {
    this.certificate?.stop();
    const closed = new Promise((resolve) => this.http.close(resolve));
    this.http.closeAllConnections();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** One client was not let in. Unheard, the error would end the process, and all clients with it. */
  private sayNotAccepted(error: Error): void {
    if (this.hasSaidNotAccepted) return;
    this.hasSaidNotAccepted = true;
    this.log.error(
      'gateway.not-accepting',
      `The system could not give the embedded gateway a new client (${reasonOf(error)}): raise its limit of open files.`,
    );
  }

  private remember(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }
}

/** Node would leave out headers beyond the 2,000th without a word, and with them what a proxy put at the end. Their bytes are limited all the same. */
function withEveryHeader(server: Server): Server {
  server.maxHeadersCount = 0;
  return server;
}

function limitsOf({ maxHeaderBytes, handshakeTimeoutMs }: ResolvedGatewayOptions): ServerOptions {
  return {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: handshakeTimeoutMs,
    requestTimeout: Math.max(REQUEST_TIMEOUT_MS, handshakeTimeoutMs),
    connectionsCheckingInterval: Math.min(LOOK_EVERY_MS, handshakeTimeoutMs),
  };
}
