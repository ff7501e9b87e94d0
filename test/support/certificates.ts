import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A key and a certificate for 127.0.0.1, which signs itself, as files. */
export interface CertificateFiles {
  readonly certPath: string;
  readonly keyPath: string;
}

/** A folder of its own for files of a test; {@link removeFolders} removes it. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  folders.push(folder);
  return folder;
}

const folders: string[] = [];

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** @param passphrase what the key is encrypted with; without one it is not */
export function createCertificate(folder: string, name: string, passphrase?: string): CertificateFiles {
  const files = { keyPath: join(folder, `${name}.key.pem`), certPath: join(folder, `${name}.cert.pem`) };
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const secret = passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${passphrase}`];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const output = ['-keyout', files.keyPath, '-out', files.certPath];
  execFileSync('openssl', ['req', '-x509', ...kind, ...secret, ...subject, ...output], { stdio: 'ignore' });
  return files;
}

export function read({ certPath, keyPath }: CertificateFiles): { readonly cert: Buffer; readonly key: Buffer } {
  return { cert: readFileSync(certPath), key: readFileSync(keyPath) };
}
