import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { reasonOf } from '../../health/failure.reason.js';
import type { ResolvedGatewayOptions } from '../../options/gateway.options-resolver.js';
import { ok, problem, skipped, warning, type Finding } from './finding.js';

const DAY_MS = 86_400_000;
const RENEW_DAYS = 14;

/** What the gateway answers on its path to a request that is no handshake. */
const UPGRADE_REQUIRED = 426;

/** Looks whether the embedded gateway that the configuration describes can start, and runs on this machine. */
export async function checkGateway(gateway: ResolvedGatewayOptions | null, timeoutMs: number): Promise<Finding[]> {
  if (gateway === null) return [skipped('gateway', 'The embedded gateway is off: API Gateway takes its place.')];
  const certificate = await checkCertificate(gateway);
  if (certificate?.status === 'problem') return [certificate];
  const findings = certificate === null ? [] : [certificate];
  if (gateway.port === null && gateway.socketPath === null) {
    return [...findings, skipped('gateway', 'The embedded gateway is on the HTTP server of the application.')];
  }
  if (gateway.port === 0) return [...findings, skipped('gateway', 'The embedded gateway takes any port that is free.')];
  return [...findings, await askReadiness(gateway, timeoutMs)];
}

async function checkCertificate({ tls }: ResolvedGatewayOptions): Promise<Finding | null> {
  if (tls === null) return null;
  const { certPath, keyPath, passphrase } = tls;
  try {
    const certificate = new X509Certificate(await readFile(certPath));
    const key = createPrivateKey({ key: await readFile(keyPath), ...(passphrase !== null && { passphrase }) });
    if (!certificate.checkPrivateKey(key)) {
      return problem(
        'gateway',
        `The key ${keyPath} is not that of the certificate ${certPath}.`,
        'Give the two files that belong together.',
      );
    }
    const days = Math.floor((Date.parse(certificate.validTo) - Date.now()) / DAY_MS);
    if (days < 0) return problem('gateway', `The certificate ${certPath} has expired.`, 'Renew it.');
    if (days < RENEW_DAYS)
      return warning('gateway', `The certificate ${certPath} is valid for ${days} more days.`, 'Renew it.');
    return null;
  } catch (error) {
    return problem(
      'gateway',
      `The certificate ${certPath} with the key ${keyPath} cannot be used (${reasonOf(error)}).`,
      'Check that both files are there, readable by this user, and in PEM.',
    );
  }
}

async function askReadiness(gateway: ResolvedGatewayOptions, timeoutMs: number): Promise<Finding> {
  const { probes, socketPath, host, port } = gateway;
  const where = socketPath ?? `${host}:${String(port)}`;
  try {
    const status = await statusOf(gateway, timeoutMs);
    if (probes !== null && status === 503) {
      return warning(
        'gateway',
        `A gateway listens on ${where}, and is not ready.`,
        'Wait, if it is starting or draining; else see what is said of the store.',
      );
    }
    const isGateway = status === (probes === null ? UPGRADE_REQUIRED : 200);
    if (isGateway) return ok('gateway', `A gateway listens on ${where}${probes === null ? '' : ' and is ready'}.`);
    return problem(
      'gateway',
      `What listens on ${where} is no gateway: it answers ${status}.`,
      'End it, or take another port.',
    );
  } catch (error) {
    const reason = reasonOf(error);
    return warning(
      'gateway',
      `No gateway answers on ${where} (${reason}).`,
      'Start the application, if it is to run on this machine, for example with "nest-websocket serve".',
    );
  }
}

function statusOf(
  { probes, path, socketPath, host, port, tls }: ResolvedGatewayOptions,
  timeoutMs: number,
): Promise<number> {
  const anyHost = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const options: RequestOptions = {
    ...(socketPath === null ? { host: anyHost, port } : { socketPath }),
    path: probes?.readinessPath ?? path,
    timeout: timeoutMs,
    agent: false,
  };
  return new Promise((resolve, reject) => {
    // The certificate was looked at, and is hardly one for the address of this machine.
    const request = tls === null ? httpRequest(options) : httpsRequest({ ...options, rejectUnauthorized: false });
    request.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.once('timeout', () => request.destroy(Object.assign(new Error('No answer'), { code: 'ETIMEDOUT' })));
    request.once('error', reject);
    request.end();
  });
}
