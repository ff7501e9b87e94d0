import type { RunningSystem, StoreKind } from '../running.system.js';
import { ok, problem, warning, type Finding } from './finding.js';

const ROUND_TRIPS = 5;

/** Beyond this every event and every send is noticeably late. */
const SLOW_MS = 100;

const NAMES: Readonly<Record<StoreKind, string>> = Object.freeze({
  redis: 'Redis',
  dynamodb: 'DynamoDB',
  own: "the application's own store",
  cache: "the application's cache",
  memory: 'the memory of one process',
});

/** What to look at when a store does not answer, by the word for why not. */
const REMEDIES: Readonly<Record<string, string>> = Object.freeze({
  ECONNREFUSED: 'Start its server, or correct the host and port in the URL.',
  ENOTFOUND: 'Correct the host in the URL.',
  WRONGPASS: 'Correct the user and password in the URL.',
  NOAUTH: 'Put the password into the URL.',
  NOPERM: 'Allow the user the commands and keys that docs/guides/state.md names.',
  READONLY: 'Connect to the primary: this is a replica.',
  ResourceNotFoundException: 'Create the table, or correct its name and region.',
  AccessDeniedException:
    'Allow dynamodb:GetItem, BatchGetItem, PutItem, UpdateItem, DeleteItem and Query on the table.',
  CredentialsProviderError: 'See what is said of the credentials.',
});

/** Looks whether the store answers, how fast, and whether other processes see it. */
export async function checkStore({ manager, storeKind }: RunningSystem): Promise<Finding[]> {
  const name = NAMES[storeKind];
  const latencies: number[] = [];
  for (let trip = 0; trip < ROUND_TRIPS; trip++) {
    const startedAt = performance.now();
    const { status, reason = 'unknown-error' } = await manager.health();
    if (status === 'down') {
      const remedy = REMEDIES[reason] ?? 'Check that its server is up and can be reached from here.';
      return [problem('store', `Connections are kept in ${name}, which does not answer (${reason}).`, remedy)];
    }
    latencies.push(performance.now() - startedAt);
  }
  const median = latencies.sort((a, b) => a - b)[Math.floor(ROUND_TRIPS / 2)] as number;
  const answers = `Connections are kept in ${name}, which answers in ${median.toFixed(1)} ms.`;
  if (median > SLOW_MS) {
    return [
      warning('store', answers, 'Run it in the same region and network: each event takes a round trip or more.'),
      ...sharing(storeKind),
    ];
  }
  return [ok('store', answers), ...sharing(storeKind)];
}

function sharing(kind: StoreKind): Finding[] {
  if (kind === 'memory') {
    return [
      warning(
        'store',
        'It is not shared: other processes, and this command, see nothing of it.',
        'Set WEBSOCKET_REDIS_URL or WEBSOCKET_DYNAMODB_TABLE on Lambda, with several processes, or to operate it by this command.',
      ),
    ];
  }
  if (kind === 'cache') {
    return [
      warning(
        'store',
        'It is shared, but without atomic steps: only one process may write it.',
        'Set the option "redis" or "dynamodb" on Lambda, or with several processes.',
      ),
    ];
  }
  return [];
}
