import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../contracts/clock.js';
import { Log } from '../logging/log.js';
import type { ResolvedGatewayOptions } from '../options/gateway.options-resolver.js';
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

  private constructor(
    readonly http: Server,
    private readonly options: ResolvedGatewayOptions,
    private readonly certificate: CertificateFiles | null,
  ) {}

  /** @throws InvalidOptionsError when the certificate cannot be used */
  static async create(options: ResolvedGatewayOptions, clock: Clock, log = new Log()): Promise<OwnServer> {
    const { tls } = options;
    const limits = limitsOf(options);
    if (tls === null) return new OwnServer(createServer(limits), options, null);
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
    const server = new OwnServer(secure, options, certificate);
    secure.on('connection', (socket: Socket) => server.remember(socket));
    return server;
  }

  async listen(): Promise<void> {
    const { port, host, socketPath, backlog } = this.options;
    if (socketPath !== null) await listenOnUnixSocket(this.http, socketPath, backlog);
    else await listen(this.http, { port: port ?? 0, host, backlog });
  }

  async close(): Promise<void> {
    this.certificate?.stop();
    const closed = new Promise((resolve) => this.http.close(resolve));
    this.http.closeAllConnections();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private remember(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }
}

function limitsOf({ maxHeaderBytes, handshakeTimeoutMs }: ResolvedGatewayOptions): ServerOptions {
  return {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: handshakeTimeoutMs,
    requestTimeout: Math.max(REQUEST_TIMEOUT_MS, handshakeTimeoutMs),
    connectionsCheckingInterval: Math.min(LOOK_EVERY_MS, handshakeTimeoutMs),
  };
}
