import { ConnectionRefusedError, type RefusalStatus } from './connection-refused.error.js';

/** The statuses that the application's code may refuse with; whatever else it throws is a failure of its own. */
const STATUSES: ReadonlySet<unknown> = new Set<RefusalStatus>([401, 403, 429, 503]);

/**
 * The status that an error refuses with: that of a `ConnectionRefusedError`, or of an `HttpException` of Nest, which is told by its method, as the application may
 * have another copy of Nest; `null` for any other error.
 */
export function refusalStatusOf(error: unknown): RefusalStatus | null {
  if (!(error instanceof Error)) return null;
  const { getStatus } = error as { getStatus?: unknown };
  const status: unknown =
    error instanceof ConnectionRefusedError
      ? error.statusCode
      : typeof getStatus === 'function'
        ? getStatus.call(error)
        : null;
  return STATUSES.has(status) ? (status as RefusalStatus) : null;
}
