/** The certificate that the embedded gateway serves `wss://` with, as files in PEM. They are read again when they change. */
export interface GatewayTlsOptions {
  /** The certificate, followed by those of the authorities between it and the root. @default process.env.WEBSOCKET_SSL_CERT_PATH */
  readonly certPath?: string;
  /** Its private key. @default process.env.WEBSOCKET_SSL_KEY_PATH */
  readonly keyPath?: string;
  /** The authorities whose certificates clients must come with. @default none: clients need no certificate */
  readonly caPath?: string;
  /** What the private key is encrypted with. @default none */
  readonly passphrase?: string;
}

/** How the embedded gateway parts from its clients when the application closes. */
export interface GatewayDrainOptions {
  /** How long it goes on as before once it says that it is not ready, in milliseconds, so that load balancers notice. @default 0 */
  readonly delayMs?: number;
  /** How long the closing of the sockets is spread over at most, in milliseconds. A few are closed at once. @default 10_000 */
  readonly durationMs?: number;
  /** How long messages in work, clients and listeners may take after that, in milliseconds, before sockets are dropped. @default 10_000 */
  readonly graceMs?: number;
}

/** Where a load balancer or an orchestrator asks how the process is. */
export interface GatewayProbesOptions {
  /** Answers 200 as long as the process runs. @default '/livez' */
  readonly livenessPath?: string;
  /** Answers 200 while connections can be taken, and 503 while starting, while the store is down and while draining. @default '/readyz' */
  readonly readinessPath?: string;
}
