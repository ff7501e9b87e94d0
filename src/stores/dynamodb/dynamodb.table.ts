import { setMaxListeners } from 'node:events';
import { inTime, LATE, TimeoutError, type Clock } from '../../contracts/clock.js';
import { StoreUnavailableError } from '../../errors/store-unavailable.error.js';
import { ClientHolder, type DynamoDbClientSource } from './dynamodb.client.js';
import { TableRequests } from './table.requests.js';

export interface DynamoDbTableSettings {
  readonly client: DynamoDbClientSource;
  readonly tableName: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

const DEFAULT_REMEDY = 'check that DynamoDB can be reached and accepts the credentials';

const THROTTLED = 'give the table more throughput, or have it paid by request';

const REMEDIES: Readonly<Record<string, string>> = {
  AccessDeniedException:
    'allow this process dynamodb:BatchGetItem, GetItem, PutItem, UpdateItem, DeleteItem and Query on the table',
  ProvisionedThroughputExceededException: THROTTLED,
  ThrottlingException: THROTTLED,
  RequestLimitExceeded: THROTTLED,
  ValidationException:
    'check that the keys of the table are "pk" and "sk" (both strings), and that no connection is in so many channels that its item exceeds 400 KB',
  CredentialsProviderError: 'give the process credentials, or the option "credentials"',
  ERR_MODULE_NOT_FOUND: 'install @aws-sdk/client-dynamodb',
};

/**
 * A table of DynamoDB, whose outages are errors: every operation, with all its requests, their retries and the loading of credentials, ends
 * within `timeoutMs`. What is still under way when it fails is aborted, so that nothing happens after the caller was told no.
 */
export class DynamoDbTable {
  private readonly holder: ClientHolder;

  constructor(private readonly settings: DynamoDbTableSettings) {
    this.holder = new ClientHolder(settings.client);
  }

  /**
   * Runs an operation.
   *
   * @param name what it does, for error messages
   * @param tidyUp what is left to do once the result stands. It shares the deadline, and its failure is nobody's: readers see through what it leaves
   * @throws StoreUnavailableError
   */
  async run<Result>(
    name: string,
    work: (requests: TableRequests) => Promise<Result>,
    tidyUp?: (requests: TableRequests, result: Result) => Promise<unknown>,
  ): Promise<Result> {
    const { clock, timeoutMs, tableName } = this.settings;
    const abort = new AbortController();
    // Each request listens to it, and an operation has any number of them: Node takes more than ten for a leak.
    setMaxListeners(0, abort.signal);
    let outcome: { readonly result: Result } | undefined;
    try {
      // Loading it may take a cold process a while, which says nothing about the table.
      const sdk = await import('@aws-sdk/client-dynamodb');
      const perform = async (): Promise<void> => {
        const requests = new TableRequests(sdk, await this.holder.client(), tableName, abort.signal);
        outcome = { result: await work(requests) };
        await tidyUp?.(requests, outcome.result);
      };
      if ((await inTime(clock, timeoutMs, perform())) === LATE) throw new TimeoutError('DynamoDB', timeoutMs);
    } catch (cause) {
      if (outcome === undefined) throw this.failure(name, cause);
    } finally {
      abort.abort();
    }
    return (outcome as { readonly result: Result }).result;
  }

  close(): Promise<void> {
    return this.holder.close();
  }

  private failure(name: string, cause: unknown): StoreUnavailableError {
    // That of an operation that this one waited for.
    if (cause instanceof StoreUnavailableError) return cause;
    const { name: kind, code } = cause as { readonly name?: string; readonly code?: string };
    if (kind === 'ResourceNotFoundException') {
      const remedy = `create the DynamoDB table "${this.settings.tableName}" with the keys "pk" and "sk" (both strings), or name the right one`;
      return new StoreUnavailableError(name, { cause, remedy });
    }
    const remedy = REMEDIES[kind ?? ''] ?? REMEDIES[code ?? ''] ?? DEFAULT_REMEDY;
    return new StoreUnavailableError(name, { cause, remedy });
  }
}
