import { lookup } from 'node:dns/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { reasonOf } from '../../health/failure.reason.js';
import { regionOfEndpoint } from '../../protocol/endpoint.js';
import type { SigningCredentials } from '../../signing/request.signer.js';
import type { ResolvedWebSocketOptions } from '../../websocket.options-resolver.js';
import { ok, problem, skipped, warning, type Finding } from './finding.js';
import { askForNobody, type ManagementAnswer } from './management-api.probe.js';

const DAY_MS = 86_400_000;

/** A certificate that is renewed by itself is, long before. */
const RENEW_DAYS = 14;

const API_HOST = 'execute-api';

/** What was found, and what the endpoint answered if it got that far. */
export interface EndpointFindings {
  readonly findings: readonly Finding[];
  readonly answer: ManagementAnswer | null;
}

/** Looks whether messages can get to the Management API: its name, the way there, its certificate, and what it answers to a signed request. */
export async function checkEndpoint(
  options: ResolvedWebSocketOptions,
  credentials: SigningCredentials | null,
): Promise<EndpointFindings> {
  const { apiGatewayEndpoint: endpoint, awsRegion, fallbackRegion, requestTimeoutMs } = options;
  if (endpoint === null) {
    return {
      findings: [
        skipped('endpoint', 'None is configured: a message goes to the endpoint that its connection came in by.'),
      ],
      answer: null,
    };
  }
  const url = new URL(endpoint);
  const findings = checkShape(url);
  const obstacle = await reach(url, requestTimeoutMs);
  if (obstacle !== null) findings.push(obstacle);
  if (obstacle?.status === 'problem') return { findings, answer: null };
  if (credentials === null) {
    findings.push(skipped('endpoint', `${url.host} can be reached; without credentials nothing was asked there.`));
    return { findings, answer: null };
  }
  try {
    const region = awsRegion ?? regionOfEndpoint(endpoint) ?? fallbackRegion;
    const answer = await askForNobody(endpoint, region, credentials, requestTimeoutMs);
    return { findings: [...findings, judge(endpoint, answer)], answer };
  } catch (error) {
    findings.push(problem('endpoint', `${endpoint} gave no answer (${reasonOf(error)}).`, remedyOf(url)));
    return { findings, answer: null };
  }
}

function checkShape({ host, hostname, pathname, protocol }: URL): Finding[] {
  if (!hostname.includes(`.${API_HOST}.`)) return [];
  if (protocol === 'http:') {
    return [problem('endpoint', `${host} is asked without TLS.`, 'Write https:// in front of the endpoint.')];
  }
  if (/^\/[^/]+$/.test(pathname)) return [];
  return [
    problem(
      'endpoint',
      `${host} has no stage behind it.`,
      'Put the stage behind the host, as in …amazonaws.com/production.',
    ),
  ];
}

/** What is in the way of a connection. `null` when nothing is. */
async function reach(url: URL, timeoutMs: number): Promise<Finding | null> {
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  try {
    await lookup(hostname);
  } catch (error) {
    return problem(
      'endpoint',
      `The name ${hostname} cannot be resolved (${reasonOf(error)}).`,
      'Check the id of the API and the region in the endpoint, and whether the API still exists.',
    );
  }
  const isSecure = url.protocol === 'https:';
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port);
  const socket = isSecure
    ? connectTls({ host: hostname, port, ...(isIp(hostname) ? {} : { servername: hostname }) })
    : connectTcp({ host: hostname, port });
  try {
    await opened(socket, isSecure ? 'secureConnect' : 'connect', timeoutMs);
    return 'getPeerCertificate' in socket ? checkExpiry(socket, url.host) : null;
  } catch (error) {
    const reason = reasonOf(error);
    const isCertificate = /CERT|SIGNATURE|ISSUER|ALTNAME|SSL/.test(reason);
    return problem(
      'endpoint',
      `${url.host} cannot be reached (${reason}).`,
      isCertificate
        ? 'Its certificate is not trusted: check the name, or trust its authority with NODE_EXTRA_CA_CERTS.'
        : remedyOf(url),
    );
  } finally {
    socket.destroy();
  }
}

function checkExpiry(socket: TLSSocket, host: string): Finding | null {
  const days = Math.floor((Date.parse(socket.getPeerCertificate().valid_to) - Date.now()) / DAY_MS);
  if (!(days < RENEW_DAYS)) return null;
  return warning('endpoint', `The certificate of ${host} is valid for ${days} more days.`, 'Renew it.');
}

function opened(socket: Socket, event: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve).once('error', reject);
    socket.setTimeout(timeoutMs, () => reject(Object.assign(new Error('No answer'), { code: 'ETIMEDOUT' })));
  });
}

function judge(endpoint: string, { status, errorType }: ManagementAnswer): Finding {
  const answered = `${endpoint} answers ${status}${errorType === null ? '' : ` ${errorType}`} to a signed request for a connection that does not exist`;
  if (status === 410) return ok('endpoint', `${endpoint} takes signed requests.`);
  if (status === 403) {
    return problem(
      'endpoint',
      `${answered}.`,
      'Allow execute-api:ManageConnections on this API, check that the keys are of its account and the region is its own; for a custom ' +
        'domain give the domain with its base path.',
    );
  }
  if (status === 429)
    return warning('endpoint', `${answered}: it throttles.`, 'Look what else uses up the requests of the account.');
  if (status === 404)
    return problem('endpoint', `${answered}.`, 'Check the stage, or for a custom domain the base path.');
  return problem(
    'endpoint',
    `${answered}, where 410 was expected.`,
    'Check that this is the Management API of a WebSocket API.',
  );
}

function remedyOf({ hostname }: URL): string {
  return hostname.includes(API_HOST)
    ? 'Check the endpoint, and in a VPC the route to execute-api.'
    : 'Check the endpoint, and that its server is up.';
}

function isIp(hostname: string): boolean {
  return /^[\d.]+$/.test(hostname) || hostname.includes(':');
}
