/**
 * How much later than its record expires DynamoDB may delete an item. Longer than any operation, so that what points at a connection outlasts
 * the record even when a touch postpones the record's expiry at the moment of a join; and longer than clocks differ.
 */
export const TTL_SLACK_MS = 3_600_000;

/** Younger than this, what is dead may belong to an operation that is under way. Longer than clocks differ. */
export const GRACE_MS = 60_000;

/** The same where operations may take that long. */
export function graceOf(timeoutMs: number): number {
  return Math.max(GRACE_MS, 2 * timeoutMs);
}

/** An instant as DynamoDB's time to live wants it. */
export function secondsOf(epochMs: number): number {
  return Math.ceil(epochMs / 1_000);
}
