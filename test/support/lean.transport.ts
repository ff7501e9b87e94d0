import type { AttemptLimits, DeliveryAttempt, OutgoingMessage } from '../../src/contracts/connection.transport.js';
import {
  ManagementApiTransport,
  type ManagementApiOptions,
} from '../../src/transports/management-api/management-api.transport.js';
import { trustingContext } from './faulty-server.js';
import { testCredentials } from './management-api-client.js';

const started: ManagementApiTransport[] = [];

/** Ends what {@link startTransport} started; call it after each test. */
export async function stopTransports(): Promise<void> {
  await Promise.all(started.splice(0).map((transport) => transport.shutdown()));
}

/** A transport that trusts the certificate of the test server. */
export function startTransport(options: Partial<ManagementApiOptions> = {}): ManagementApiTransport {
  const transport = new ManagementApiTransport({
    region: 'eu-west-1',
    fallbackRegion: 'us-east-1',
    credentials: testCredentials,
    requestTimeoutMs: 5_000,
    deliveryTimeoutMs: 5_000,
    maxConcurrentSends: 64,
    secureContext: trustingContext(),
    ...options,
  });
  started.push(transport);
  return transport;
}

/** A message of its own, unless told otherwise. */
export function post(
  transport: ManagementApiTransport,
  endpoint: string,
  connectionId = 'AbCdEfGhIAMCJkL=',
  message: OutgoingMessage = { payload: Buffer.from('{"grüße":1}') },
  limits: Partial<AttemptLimits> = {},
): Promise<DeliveryAttempt> {
  return Promise.resolve(
    transport.deliver({ connectionId, endpoint }, message, { attempt: 1, timeoutMs: 5_000, ...limits }),
  );
}
