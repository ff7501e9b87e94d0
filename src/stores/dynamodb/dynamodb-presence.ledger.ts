import {
  PresenceLedger,
  type EnteringMember,
  type EnterResult,
  type ExitResult,
  type PresenceEntry,
} from '../../contracts/presence.ledger.js';
import { StoreUnavailableError } from '../../errors/store-unavailable.error.js';
import { mapKey } from './attribute.values.js';
import { ATTENDANCE, type ChannelAttendance } from './channel.attendance.js';
import type { DynamoDbTable } from './dynamodb.table.js';
import { pause } from './pause.js';
import { readPresence, type PresenceItem, type PresenceItems } from './presence.item.js';
import type { PresenceReader } from './presence.reader.js';
import type { TableKeys } from './table.keys.js';
import type { ItemKey, TableRequests } from './table.requests.js';
import { randomToken } from '../random.token.js';

/** With so many connections a member may be in a channel: as many as one BatchGetItem asks for. */
export const MAX_CONNECTIONS_PER_MEMBER = 100;

/** What a caller is to be told if the write that it stands for takes effect. */
interface Entry {
  readonly result: 'appeared' | 'present';
  /** What the write found; `undefined` where the connection was counted before, hence stays so whatever comes. */
  readonly found: PresenceItem | null | undefined;
}

interface NewEntry {
  readonly connectionId: string;
  readonly token: string;
  /** `null` for what is there. */
  readonly info: string | null;
}

/**
 * Who is in which channel, in the table of a store: an item for each member, with those of their connections that entered.
 *
 * The records of the connections are the truth about who lives. Who appears, and who vanishes, is decided by a write that fails when anybody has changed the
 * item since it was read; who comes and goes while another of their connections is there needs only that the other is still counted. So many who
 * enter at once do not wait for each other. Each write leaves a word of its own, by which a caller whose answer got lost knows that it was his.
 */
export class DynamoDbPresenceLedger extends PresenceLedger {
  constructor(
    private readonly table: DynamoDbTable,
    private readonly keys: TableKeys,
    private readonly attendance: ChannelAttendance,
    private readonly items: PresenceItems,
    private readonly reader: PresenceReader,
  ) {
    super();
  }

  enter(channel: string, connectionId: string, { memberId, info }: EnteringMember): Promise<EnterResult> {
    const token = randomToken();
    const undoing = randomToken();
    const key = this.keys.present(channel, memberId);
    let entry: Entry | undefined;
    return this.table.run<EnterResult>(
      'enter a presence channel',
      async (requests) => {
        for (let attempt = 0; ; attempt++) {
          const { item, isHere } = await this.look(requests, channel, connectionId, key);
          if (entry !== undefined && item?.connections.get(connectionId) === token) break;
          if (!isHere) return 'not-in-channel';
          const isCounted = item?.connections.has(connectionId) === true;
          const isFull = !isCounted && (item?.connections.size ?? 0) >= MAX_CONNECTIONS_PER_MEMBER;
          const others = isCounted ? [] : othersOf(item, connectionId);
          const there = await this.attendance[isFull ? 'of' : 'someOf'](requests, channel, others);
          if (there.size >= MAX_CONNECTIONS_PER_MEMBER) throw tooMany();
          const isPresent = isCounted || there.size > 0;
          entry = { result: isPresent ? 'present' : 'appeared', found: isCounted ? undefined : (item ?? null) };
          const isWritten =
            isPresent && !isFull
              ? await this.add(requests, key, isCounted ? connectionId : [...there][0], { connectionId, token, info })
              : await this.replace(requests, key, item, there, { connectionId, token, info });
          if (isWritten) break;
          if (attempt > 1) await pause(attempt - 2, requests.signal);
        }
        // It may have ended before it was counted, and its exit have passed: nobody would ever count it out.
        if ((await this.attendance.of(requests, channel, [connectionId])).size > 0) return entry.result;
        const isUndone = await this.undo(requests, key, entry, connectionId, token, undoing);
        return isUndone ? 'not-in-channel' : entry.result;
      },
      async (requests, result) => {
        if (result === 'not-in-channel' && entry?.result === 'appeared') await this.items.bury(requests, key, undoing);
      },
    );
  }

  exit(channel: string, connectionId: string, memberId: string): Promise<ExitResult> {
    const token = randomToken();
    const key = this.keys.present(channel, memberId);
    return this.table.run<ExitResult>(
      'exit a presence channel',
      async (requests) => {
        let result: ExitResult | undefined;
        for (let attempt = 0; ; attempt++) {
          const item = await this.read(requests, key);
          if (result !== undefined && item?.version === token) return result;
          const entry = item?.connections.get(connectionId);
          if (item === undefined || entry === undefined) return 'absent';
          const [other] = await this.attendance.someOf(requests, channel, othersOf(item, connectionId));
          result = other === undefined ? 'vanished' : 'present';
          const isWritten =
            other === undefined
              ? await this.items.empty(requests, key, item.version, token)
              : await requests.update(key, {
                  update: 'SET #version = :token, #ttl = :ttl REMOVE #connections.#id, #deadSince',
                  condition: '#connections.#id = :entry AND attribute_exists(#connections.#other)',
                  names: { id: mapKey(connectionId), other: mapKey(other) },
                  values: { token, entry, ttl: this.items.ttl },
                });
          if (isWritten !== null && isWritten !== false) return result;
          if (attempt > 1) await pause(attempt - 2, requests.signal);
        }
      },
      async (requests, result) => {
        if (result === 'vanished') await this.items.bury(requests, key, token);
      },
    );
  }

  members(channel: string): AsyncIterable<readonly PresenceEntry[]> {
    return this.reader.members(channel);
  }

  count(channel: string): Promise<number> {
    return this.reader.count(channel);
  }

  private async read(requests: TableRequests, key: ItemKey): Promise<PresenceItem | undefined> {
    const fields = await requests.get(key);
    return fields === undefined ? undefined : readPresence(fields);
  }

  /** The item of a member, and whether the connection is in the channel, with one request. */
  private async look(
    requests: TableRequests,
    channel: string,
    connectionId: string,
    key: ItemKey,
  ): Promise<{ item: PresenceItem | undefined; isHere: boolean }> {
    const record = this.keys.connection(connectionId);
    const projection = `#pk, ${ATTENDANCE}, #info, #connections, #version, #ttl`;
    const found = await requests.getMany([key, record], projection, { channel: mapKey(channel) });
    const fields = found.find(({ pk }) => pk === key.pk);
    return {
      item: fields === undefined ? undefined : readPresence(fields),
      isHere: found.some((each) => each['pk'] === record.pk && this.attendance.isIn(channel, each)),
    };
  }

  /** Counts a connection of a member who is present: as long as another, or the connection itself, is still counted. */
  private async add(
    requests: TableRequests,
    key: ItemKey,
    witness = '',
    { connectionId, token, info }: NewEntry,
  ): Promise<boolean> {
    const before = await requests.update(key, {
      update: `SET #connections.#id = :token, ${info === null ? '' : '#info = :info, '}#version = :token, #ttl = :ttl REMOVE #deadSince`,
      condition:
        'attribute_exists(#connections.#witness) AND (attribute_exists(#connections.#id) OR size(#connections) < :max)',
      names: { id: mapKey(connectionId), witness: mapKey(witness) },
      values: { token, ...(info !== null && { info }), ttl: this.items.ttl, max: MAX_CONNECTIONS_PER_MEMBER },
    });
    return before !== null;
  }

  /** Counts a connection beside those that are there, and no others any more. */
  private replace(
    requests: TableRequests,
    key: ItemKey,
    item: PresenceItem | undefined,
    there: ReadonlySet<string>,
    { connectionId, token, info }: NewEntry,
  ): Promise<boolean> {
    const living = [...(item?.connections ?? [])].filter(([id]) => there.has(id));
    const connections = new Map([...living, [connectionId, token]]);
    const known = there.size > 0 ? item?.info : undefined;
    return this.items.replace(requests, key, item, { info: info ?? known ?? '', connections, version: token });
  }

  /**
   * Takes back an entry, unless somebody has changed the item since: who did may have been told that the member was present, so the entry
   * stands, and its connection just does not count.
   */
  private async undo(
    requests: TableRequests,
    key: ItemKey,
    { result, found }: Entry,
    connectionId: string,
    token: string,
    undoing: string,
  ): Promise<boolean> {
    if (found === undefined) return false;
    const isUndone =
      result === 'appeared'
        ? await this.items.empty(requests, key, token, undoing)
        : (await requests.update(key, {
            update: 'SET #version = :undoing, #info = :info REMOVE #connections.#id',
            condition: '#version = :token',
            names: { id: mapKey(connectionId) },
            values: { token, undoing, info: found?.info ?? '' },
          })) !== null;
    return isUndone || (await this.read(requests, key))?.version === undoing;
  }
}

/** Beginning with the one behind it, so that those who come at once do not all rely on the same. */
function othersOf(item: PresenceItem | undefined, connectionId: string): string[] {
  const ids = [...(item?.connections.keys() ?? [])].toSorted();
  const behind = ids.filter((id) => id > connectionId);
  return [...behind, ...ids.filter((id) => id < connectionId)];
}

function tooMany(): StoreUnavailableError {
  const remedy = `let nobody be in a presence channel with more than ${MAX_CONNECTIONS_PER_MEMBER} connections at once`;
  return new StoreUnavailableError('enter a presence channel', { remedy });
}
