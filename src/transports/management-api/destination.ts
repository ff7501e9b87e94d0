import type { OutgoingMessage } from '../../contracts/connection.transport.js';
import type { Origin } from '../../http/keep-alive.socket.js';
import { RequestSigner, timestampOf, type SigningCredentials } from '../../signing/request.signer.js';
import { canonicalPath, percentEncode } from '../../signing/sigv4.js';
import { digestOf } from './message.digest.js';

/** One request, as far as it differs from those to the other recipients of its message. */
export interface PostFields {
  readonly connectionId: string;
  readonly invocationId: string;
  /** From 1. */
  readonly attempt: number;
}

/** What requests say they come from: all that tells them from the SDK's. */
const USER_AGENT = 'nestjs-apigateway-websocket';
/** The SDK's default, and what its requests say. There are more only where the engine has the time for it. */
const MAX_ATTEMPTS = 3;

/** What all requests with one message to one endpoint have in common. */
interface MessageLines {
  readonly head: string;
  readonly canonical: string;
  readonly hashLine: string;
  readonly payloadHash: string;
  readonly text: string;
}

interface CredentialLines {
  readonly credentials: SigningCredentials | null;
  readonly signedHeaders: string;
  readonly canonical: string;
  readonly line: string;
}

/** Turns messages to one endpoint into signed requests, letter for letter those that the AWS SDK's client sends. */
export class Destination {
  readonly origin: Origin;
  /** How far the server's clock is ahead of this machine's, where that matters. */
  clockOffsetMs = 0;

  private readonly host: string;
  private readonly path: string;
  private readonly canonicalPath: string;
  private readonly signer: RequestSigner;
  private readonly lines = new WeakMap<OutgoingMessage, MessageLines>();
  private token: CredentialLines = { credentials: null, signedHeaders: '', canonical: '', line: '' };
  private second = NaN;
  private timestamp = '';

  /** @throws TypeError when the endpoint is no URL */
  constructor(endpoint: string, region: string) {
    const { protocol, hostname, port, host, pathname } = new URL(endpoint);
    const isSecure = protocol === 'https:';
    this.origin = {
      isSecure,
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    };
    this.host = host;
    this.path = `${pathname === '/' ? '' : pathname}/@connections/`;
    this.canonicalPath = canonicalPath(this.path);
    this.signer = new RequestSigner(region, 'execute-api');
  }

  /** The whole request, a character for each byte. @throws URIError when the connection id is no well-formed Unicode */
  compose(message: OutgoingMessage, fields: PostFields, credentials: SigningCredentials): string {
    const { connectionId, invocationId, attempt } = fields;
    const id = percentEncode(connectionId);
    const attempts = `attempt=${attempt}; max=${Math.max(attempt, MAX_ATTEMPTS)}`;
    const timestamp = this.now();
    const lines = this.linesOf(message);
    const token = this.token.credentials === credentials ? this.token : (this.token = linesFor(credentials));
    const authorization = this.signer.authorization(
      credentials,
      timestamp,
      `POST\n${this.canonicalPathOf(id)}\n\namz-sdk-invocation-id:${invocationId}\namz-sdk-request:${attempts}\n${lines.canonical}` +
        `x-amz-date:${timestamp}\n${token.canonical}x-amz-user-agent:${USER_AGENT}\n`,
      token.signedHeaders,
      lines.payloadHash,
    );
    return (
      `POST ${this.path}${id}${lines.head}amz-sdk-invocation-id: ${invocationId}\r\namz-sdk-request: ${attempts}\r\n` +
      `x-amz-date: ${timestamp}\r\n${token.line}${lines.hashLine}authorization: ${authorization}\r\nConnection: keep-alive\r\n\r\n${lines.text}`
    );
  }

  /** Ids of dots are folded into the path when it is signed, though not when it is sent. */
  private canonicalPathOf(id: string): string {
    return id === '.' || id === '..'
      ? canonicalPath(this.path + id)
      : this.canonicalPath + (id.includes('%') ? id.replaceAll('%', '%25') : id);
  }

  private now(): string {
    const time = Date.now() + this.clockOffsetMs;
    const second = Math.floor(time / 1_000);
    if (second !== this.second) {
      this.second = second;
      this.timestamp = timestampOf(time);
    }
    return this.timestamp;
  }

  private linesOf(message: OutgoingMessage): MessageLines {
    const known = this.lines.get(message);
    if (known !== undefined) return known;
    const { payloadHash, text, traceLine } = digestOf(message);
    const lines = {
      head:
        ` HTTP/1.1\r\ncontent-type: application/octet-stream\r\ncontent-length: ${text.length}\r\n` +
        `x-amz-user-agent: ${USER_AGENT}\r\nuser-agent: ${USER_AGENT}\r\nhost: ${this.host}\r\n${traceLine}`,
      canonical:
        `content-length:${text.length}\ncontent-type:application/octet-stream\nhost:${this.host}\n` +
        `x-amz-content-sha256:${payloadHash}\n`,
      hashLine: `x-amz-content-sha256: ${payloadHash}\r\n`,
      payloadHash,
      text,
    };
    this.lines.set(message, lines);
    return lines;
  }
}

function linesFor(credentials: SigningCredentials): CredentialLines {
  const { sessionToken = '' } = credentials;
  const isGiven = sessionToken !== '';
  return {
    credentials,
    signedHeaders:
      'amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;x-amz-content-sha256;x-amz-date;' +
      `${isGiven ? 'x-amz-security-token;' : ''}x-amz-user-agent`,
    canonical: isGiven ? `x-amz-security-token:${sessionToken}\n` : '',
    line: isGiven ? `x-amz-security-token: ${sessionToken}\r\n` : '',
  };
}
