import type { Connection } from '../contracts/connection.js';

/** Where the sockets of embedded gateways are: those of this process among them, and no others whose clients subscribe here. */
const LOCAL_SCHEME = 'local:';

/**
 * What the rules of channels said of the members whose sockets this process holds, for when the store has lost it. Of other connections nothing is kept: nobody
 * would say when they end.
 */
export class MemberInfos {
  private readonly infos = new Map<string, Map<string, string>>();

  set({ connectionId, endpoint }: Connection, channel: string, info: string): void {
    if (endpoint?.startsWith(LOCAL_SCHEME) !== true) return;
    let ofConnection = this.infos.get(connectionId);
    if (ofConnection === undefined) this.infos.set(connectionId, (ofConnection = new Map<string, string>()));
    ofConnection.set(channel, info);
  }

  /** How many connections something is kept of. */
  get size(): number {
    return this.infos.size;
  }

  get(connectionId: string, channel: string): string | null {
    return this.infos.get(connectionId)?.get(channel) ?? null;
  }

  delete(connectionId: string, channel: string): void {
    const ofConnection = this.infos.get(connectionId);
    if (ofConnection?.delete(channel) === true && ofConnection.size === 0) this.infos.delete(connectionId);
  }

  forget(connectionId: string): void {
    this.infos.delete(connectionId);
  }
}
