import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { CancelTask, Clock } from '../../contracts/clock.js';
import { InvalidOptionsError } from '../../errors/invalid-options.error.js';
import { Log } from '../../logging/log.js';
import { reasonOf } from '../../health/failure.reason.js';
import type { ResolvedTlsOptions } from '../../options/listening.options-resolver.js';

/** A certificate with its key, fit to be served. */
export interface Credentials extends SecureContextOptions {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
}

// Their content is compared, not waited for: a watch of the file system loses files that are renamed over and directories that are swapped
// by a symbolic link (Kubernetes, certbot), and hears nothing from a network.
const READ_EVERY_MS = 5_000;

/** The certificate of the gateway as files, which whoever renews them may replace at any time. */
export class CertificateFiles {
  private cancel: CancelTask | undefined;
  private isStopped = false;
  /** What was found at the last look, whether it could be used or not. */
  private seen = '';

  constructor(
    private readonly options: ResolvedTlsOptions,
    private readonly clock: Clock,
    private readonly log = new Log(),
  ) {}

  /** @throws InvalidOptionsError when a file cannot be read, or what is in them does not go together */
  async load(): Promise<Credentials> {
    try {
      const credentials = await this.read();
      this.seen = fingerprintOf(credentials);
      return checked(credentials);
    } catch (error) {
      throw new InvalidOptionsError(
        'gateway.tls',
        `Expected "gateway.tls" to name a certificate and its key in PEM; they cannot be used: ${describe(error)}.`,
        { cause: error },
      );
    }
  }

  /** Gives `use` what is in the files whenever that has changed and can be used; what cannot leaves everything as it is. */
  watch(use: (credentials: Credentials) => void): void {
    if (this.isStopped) return;
    this.cancel = this.clock.after(READ_EVERY_MS, () => void this.look(use).then(() => this.watch(use)));
  }

  stop(): void {
    this.isStopped = true;
    this.cancel?.();
  }

  private async look(use: (credentials: Credentials) => void): Promise<void> {
    try {
      const credentials = await this.read();
      if (this.isStopped || !this.isNews(fingerprintOf(credentials))) return;
      use(checked(credentials));
      const { validTo } = new X509Certificate(credentials.cert);
      this.log.info('certificate.renewed', `The embedded gateway took over a new certificate, valid to ${validTo}.`);
    } catch (error) {
      // One that was half written is read again five seconds later; until then, and for as long as it stays so, this is said once.
      if (error instanceof UnreadableError && !this.isNews(describe(error))) return;
      this.log.warn(
        'certificate.unusable',
        `The embedded gateway keeps its certificate: the files of "gateway.tls" have changed and cannot be used: ${describe(error)}.`,
      );
    }
  }

  private isNews(found: string): boolean {
    const isNews = found !== this.seen;
    this.seen = found;
    return isNews;
  }

  private async read(): Promise<Credentials> {
    const { certPath, keyPath, caPath, passphrase } = this.options;
    return {
      cert: await readPem('certPath', certPath),
      key: await readPem('keyPath', keyPath),
      ...(caPath !== null && { ca: await readPem('caPath', caPath) }),
      ...(passphrase !== null && { passphrase }),
      minVersion: 'TLSv1.2',
    };
  }
}

/** A file that is not there, or that this process may not read. */
class UnreadableError extends Error {
  constructor(
    readonly file: string,
    override readonly cause: unknown,
  ) {
    super(file);
  }
}

async function readPem(option: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UnreadableError(option, error);
  }
}

/** @throws what OpenSSL says when the key is not that of the certificate, or one of them is none */
function checked(credentials: Credentials): Credentials {
  createSecureContext(credentials);
  // OpenSSL passes over what is no certificate here, and every client would be refused.
  if (credentials.ca !== undefined) new X509Certificate(credentials.ca);
  return credentials;
}

function fingerprintOf({ cert, key, ca }: Credentials): string {
  const hash = createHash('sha256');
  for (const file of [cert, key, ca]) hash.update(`${file?.byteLength ?? 0}:`).update(file ?? '');
  return hash.digest('base64');
}

/** One word, as OpenSSL or the file system puts it: the key and its passphrase are nowhere near it. */
function describe(error: unknown): string {
  const reason = reasonOf(error);
  return error instanceof UnreadableError ? `"${error.file}" cannot be read (${reason})` : reason;
}
