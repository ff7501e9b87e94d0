/** What the Lambda runtime passes beside the event, as far as it is used. */
export interface LambdaContext {
  readonly awsRequestId?: string;
  getRemainingTimeInMillis?(): number;
}

// Tests and local runs pass parts of a context, and whatever they like in its place.

/** The id of the invocation, as the log of the function has it; `undefined` where its context does not say. */
export function requestIdOf(context: LambdaContext): string | undefined {
  try {
    const id: unknown = context.awsRequestId;
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}

/** How many milliseconds are left for an invocation; `null` where its context does not say. */
export function timeLeftOf(context: LambdaContext): number | null {
  try {
    const leftMs: unknown = context.getRemainingTimeInMillis?.();
    return typeof leftMs === 'number' && Number.isFinite(leftMs) ? Math.max(0, leftMs) : null;
  } catch {
    return null;
  }
}
