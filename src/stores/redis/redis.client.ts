/**
 * What the store uses of a client of `@redis/client` 5 (also called node-redis): that of one server, of a cluster or of Sentinel. Anything
 * that has these members will do.
 */
export interface RedisStoreClient {
  readonly isOpen: boolean;
  /** Absent from the client of a cluster, which keeps several sockets. */
  readonly isReady?: boolean;
  connect(): Promise<unknown>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  off(event: 'error', listener: (error: unknown) => void): unknown;
  /** The same client, with replies as strings. */
  withCommandOptions(options: { readonly typeMapping: Record<string, never> }): ScriptCommands;
}

export interface ScriptCommands {
  evalSha(sha1: string, options: ScriptArguments): Promise<unknown>;
  eval(source: string, options: ScriptArguments): Promise<unknown>;
}

export interface ScriptArguments {
  keys: string[];
  arguments: (string | Buffer)[];
}

/** Methods by which a client is told from other things; the clients of version 4 lack the first. */
export const REDIS_CLIENT_METHODS = ['withCommandOptions', 'connect', 'on', 'off'] as const;

/** Whether the client spreads keys over the nodes of a cluster. */
export function hasSlots(client: object): client is { readonly slots: readonly unknown[] } {
  return 'slots' in client && Array.isArray(client.slots);
}
