/**
 * What the store uses of a client of `@redis/client` (also called node-redis): that of one server, of a cluster or of Sentinel. Anything
 * that has these members will do.
 */
export interface RedisClient {
  readonly isOpen: boolean;
  /** Absent from the client of a cluster, which keeps several sockets. */
  readonly isReady?: boolean;
  connect(): Promise<unknown>;
  once(event: 'ready', listener: () => void): unknown;
  off(event: 'ready', listener: () => void): unknown;
  evalSha(sha1: string, options: ScriptArguments): Promise<unknown>;
  eval(source: string, options: ScriptArguments): Promise<unknown>;
}

export interface ScriptArguments {
  keys: string[];
  arguments: string[];
}

/** Whether the client spreads keys over the nodes of a cluster. */
export function isClusterClient(client: RedisClient): boolean {
  return 'slots' in client;
}
