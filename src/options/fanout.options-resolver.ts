import { MAX_DELAY_MS } from '../contracts/clock.js';
import type { EnvironmentReader } from './environment.reader.js';
import type { SqsClient } from './fanout.options.js';
import { OptionsReader } from './options.reader.js';

export interface ResolvedFanOutOptions {
  readonly requestsPerSecond: number | null;
  readonly progressEveryMs: number;
  readonly offload: ResolvedOffloadOptions | null;
}

export interface ResolvedOffloadOptions {
  readonly queueUrl: string;
  readonly threshold: number;
  readonly shardSize: number;
  readonly region: string | null;
  readonly endpoint: string | null;
  readonly client: SqsClient | null;
}

const DEFAULTS = Object.freeze({ progressEveryMs: 1_000, threshold: 5_000, shardSize: 1_000 });

/** With short ids and a small message, so many fit well into one message of SQS. A shard also ends where its bytes would not. */
const MAX_SHARD_SIZE = 1_000;

const HTTP_URL = /^https?:\/\//;

/** @throws InvalidOptionsError naming the option that cannot be used */
export function resolveFanOutOptions(given: OptionsReader | null, env: EnvironmentReader): ResolvedFanOutOptions {
  const read = given ?? new OptionsReader({}, 'fanout');
  const offload =
    read.section('offload') ??
    (env.text('WEBSOCKET_FANOUT_QUEUE_URL') === null ? null : new OptionsReader({}, 'fanout.offload'));
  const resolved = {
    requestsPerSecond: read.wholeNumber('requestsPerSecond', 1, null),
    progressEveryMs: read.wholeNumber('progressEveryMs', 1, DEFAULTS.progressEveryMs, MAX_DELAY_MS),
    offload: offload === null ? null : resolveOffload(offload, env),
  };
  read.refuseUnknown();
  return resolved;
}

function resolveOffload(read: OptionsReader, env: EnvironmentReader): ResolvedOffloadOptions {
  const resolved = {
    queueUrl: url(read, 'queueUrl', env.text('WEBSOCKET_FANOUT_QUEUE_URL')),
    threshold: read.wholeNumber('threshold', 1, DEFAULTS.threshold),
    shardSize: read.wholeNumber('shardSize', 1, DEFAULTS.shardSize, MAX_SHARD_SIZE),
    region: read.text('region', null),
    endpoint: url(read, 'endpoint', null),
    client: read.object<SqsClient>('client', 'a client of @aws-sdk/client-sqs', ['send']),
  };
  read.refuseUnknown();
  if (resolved.queueUrl === null) {
    throw read.unexpected('queueUrl', 'the URL of a queue of SQS', undefined);
  }
  return { ...resolved, queueUrl: resolved.queueUrl };
}

function url(read: OptionsReader, key: string, byDefault: string | null): string | null {
  const text = read.text(key, byDefault);
  if (text === null || (HTTP_URL.test(text) && URL.canParse(text))) return text;
  throw read.unexpected(key, 'a URL that starts with https:// or http://', text, true);
}
