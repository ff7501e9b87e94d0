/**
 * What the store uses of a client of `@redis/client` (also called node-redis): that of one server, of a cluster or of Sentinel. Anything
 * that has these members will do.
 */
export interface RedisClient extends ScriptCommands {
  readonly isOpen: boolean;
  /** Absent from the client of a cluster, which keeps several sockets. */
  readonly isReady?: boolean;
  connect(): Promise<unknown>;
  once(event: 'ready' | 'error', listener: (error: unknown) => void): unknown;
  off(event: 'ready' | 'error', listener: (error: unknown) => void): unknown;
  withCommandOptions(options: RedisCommandOptions): ScriptCommands;
}

export interface ScriptCommands {
  evalSha(sha1: string, options: ScriptArguments): Promise<unknown>;
  eval(source: string, options: ScriptArguments): Promise<unknown>;
}

export interface RedisCommandOptions {
  /** What replies become in place of strings; a client may have been told otherwise. */
  readonly typeMapping: Record<string, never>;
}

export interface ScriptArguments {
  keys: string[];
  arguments: string[];
}

/** Whether the client spreads keys over the nodes of a cluster. */
export function isClusterClient(client: RedisClient): boolean {
  return 'slots' in client;
}
