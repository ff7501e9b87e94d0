/** The part of a client of `@aws-sdk/client-sqs` that is used. */
export interface SqsSender {
  send(command: object, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>;
}

/** A queue, and who puts messages into it. */
export interface SqsAccess {
  readonly queueUrl: string;
  /** `null` stands for the region in the URL. */
  readonly region: string | null;
  /** That of a queue whose URL tells none. */
  readonly fallbackRegion: string;
  /** `null` stands for AWS. */
  readonly endpoint: string | null;
  /** Keys, or a provider of them, as the AWS SDK takes them; `null` leaves it to the SDK's default provider chain. */
  readonly credentials: unknown;
  /** How long making a connection may take, and how long one request may. */
  readonly timeoutMs: number;
}

/** `https://sqs.eu-west-1.amazonaws.com/…`, with whatever in front and behind, and `https://eu-west-1.queue.amazonaws.com/…` as it was before. */
const REGION_IN_HOST = [
  /(?:^|\.)sqs(?:-fips)?\.([a-z]{2,}(?:-[a-z]+)+-\d+)\./,
  /^([a-z]{2,}(?:-[a-z]+)+-\d+)\.queue\./,
];

/** The region that the URL of a queue tells; `null` where it tells none. */
export function regionOfQueue(queueUrl: string): string | null {
  const { hostname } = new URL(queueUrl);
  for (const pattern of REGION_IN_HOST) {
    const region = pattern.exec(hostname)?.[1];
    if (region !== undefined) return region;
  }
  return null;
}

/**
 * Makes a client of the AWS SDK for a queue.
 *
 * @throws when `@aws-sdk/client-sqs` is not installed
 */
export async function createSqsClient(access: SqsAccess): Promise<SqsSender & { destroy(): void }> {
  const { queueUrl, region, fallbackRegion, endpoint, credentials, timeoutMs } = access;
  const { SQSClient } = await import('@aws-sdk/client-sqs');
  const client = new SQSClient({
    region: region ?? regionOfQueue(queueUrl) ?? fallbackRegion,
    // A queue that is not on AWS is where its URL says, which the SDK would find out and warn of with each request.
    endpoint: endpoint ?? new URL(queueUrl).origin,
    ...(credentials !== null && { credentials: copyOf(credentials) as never }),
    requestHandler: { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
  });
  return client;
}

/** The SDK writes into the keys that it is given, which may be frozen. */
function copyOf(credentials: unknown): unknown {
  return typeof credentials === 'function' ? credentials : { ...(credentials as object) };
}
