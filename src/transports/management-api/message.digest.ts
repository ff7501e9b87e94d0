import { hash } from 'node:crypto';
import type { OutgoingMessage } from '../../contracts/connection.transport.js';

/** What requests need of a message, worked out once however many there are. */
export interface MessageDigest {
  /** The payload's SHA-256 in lower-case hexadecimal. */
  readonly payloadHash: string;
  /** The payload, a character for each byte, which one write can put behind a request's head. */
  readonly text: string;
  /** The header that tells AWS which invocation of a Lambda a request belongs to; empty outside of Lambda. */
  readonly traceLine: string;
  /** The invocation ids of those that will be tried again: attempts at one delivery share one. */
  readonly invocationIds: Map<string, string>;
}

declare global {
  // Where Lambda's runtime and the AWS SDK keep what is known of the invocation.
  var awslambda: { readonly InvokeStore?: { getXRayTraceId?(): string | undefined } } | undefined;
}

const digests = new WeakMap<OutgoingMessage, MessageDigest>();

export function digestOf(message: OutgoingMessage): MessageDigest {
  const known = digests.get(message);
  if (known !== undefined) return known;
  const { buffer, byteOffset, byteLength } = message.payload;
  const digest = {
    payloadHash: hash('sha256', message.payload, 'hex'),
    text: Buffer.from(buffer, byteOffset, byteLength).toString('latin1'),
    traceLine: traceLine(process.env),
    invocationIds: new Map<string, string>(),
  };
  digests.set(message, digest);
  return digest;
}

/** As the SDK does it, so that Lambda can tell when functions call each other in circles. */
function traceLine(env: NodeJS.ProcessEnv): string {
  if ((env['AWS_LAMBDA_FUNCTION_NAME'] ?? '') === '') return '';
  const trace = globalThis.awslambda?.InvokeStore?.getXRayTraceId?.() ?? env['_X_AMZN_TRACE_ID'] ?? '';
  return /^[\x21-\x7e]+$/.test(trace) ? `X-Amzn-Trace-Id: ${trace}\r\n` : '';
}
