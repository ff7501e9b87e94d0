import {
  PresenceLedger,
  type EnteringMember,
  type EnterResult,
  type ExitResult,
  type PresenceEntry,
} from '../../contracts/presence.ledger.js';
import { decodeName, encodeName } from '../encoded-name.js';
import { PresenceScripts } from './presence.scripts.js';
import type { RunScript } from './redis-broadcast.ledger.js';

/** How many entries a step lists: with infos of 2 KiB half a megabyte. */
const LIST_AT_ONCE = 250;

/** Members of channels in Redis. To enter, to exit and to count costs the same however many members there are; they are listed in pages. */
export class RedisPresenceLedger extends PresenceLedger {
  constructor(private readonly run: RunScript) {
    super();
  }

  async enter(channel: string, connectionId: string, { memberId, info }: EnteringMember): Promise<EnterResult> {
    const names = [channel, connectionId, memberId].map(encodeName);
    return (await this.run(PresenceScripts.enter, ...names, info ?? '', info === null ? 'keep' : '')) as EnterResult;
  }

  async exit(channel: string, connectionId: string, memberId: string): Promise<ExitResult> {
    return (await this.run(PresenceScripts.exit, ...[channel, connectionId, memberId].map(encodeName))) as ExitResult;
  }

  async *members(channel: string): AsyncIterable<readonly PresenceEntry[]> {
    const name = encodeName(channel);
    let last = '';
    let shown = '';
    do {
      const answer = await this.run(PresenceScripts.members, name, last, shown, String(LIST_AT_ONCE));
      const [lastOfPage, shownLast, members, infos] = answer as [string, string, string[], (string | null)[]];
      const page = members.flatMap((member, index) => {
        const info = infos[index];
        return typeof info === 'string' ? [{ memberId: decodeName(member), info }] : [];
      });
      if (page.length > 0) yield page;
      [last, shown] = [lastOfPage, shownLast];
    } while (last !== '');
  }

  async count(channel: string): Promise<number> {
    let skip = 0;
    for (;;) {
      const answer = await this.run(PresenceScripts.count, encodeName(channel), String(skip));
      const [hasMore, kept, count] = answer as [0 | 1, number, number];
      if (hasMore === 0) return count;
      skip += kept;
    }
  }
}
