import { CACHE_MANAGER, type Cache } from '@nestjs/cache-manager';
import { Inject, Injectable } from '@nestjs/common';
import { WebSocketManager } from 'nestjs-apigateway-websocket';
import { channelOfName } from './channels.js';
import { ChatError } from './chat.error.js';

/** Who is behind a connection. */
interface Person {
  readonly name: string;
  /** Known to the client alone, who shows it to get its name back after it lost its connection. */
  readonly key: string | null;
}

/** The close code that tells a client that it was replaced, so that it does not come back. */
const REPLACED = 4000;

/** As long as the module itself keeps a connection that nothing is heard of. */
const EXPIRE_AFTER_MS = 25 * 3_600_000;

/**
 * Who is who. A person is kept in the cache next to the connection, not in this process: on Lambda the next message may be handled by
 * another one. That a name is given only once is left to the module: it is a channel with one member.
 */
@Injectable()
export class NameService {
  constructor(
    private readonly manager: WebSocketManager,
    @Inject(CACHE_MANAGER) private readonly cache: Cache,
  ) {}

  /** Gives a connection its name; a connection asks again to keep it. @throws ChatError when somebody else has it */
  async claim(connectionId: string, name: string, key: string | null): Promise<string> {
    const known = await this.personOf(connectionId);
    if (known !== null && channelOfName(known.name) !== channelOfName(name)) {
      throw new ChatError('already-named', `You are ${known.name} until you disconnect.`);
    }
    const person = known ?? { name, key };
    // Whoever holds it is not asked to stand back because another one tries to get it.
    const isHeld = known !== null && (await this.holds(connectionId, known));
    if (!isHeld && !(await this.take(connectionId, person))) {
      // Whoever had the name until the store forgot the connection, and finds it taken, may choose another.
      await this.forget(connectionId);
      throw new ChatError('name-taken', `${name} is here already.`);
    }
    await this.cache.set(cacheKey(connectionId), person, EXPIRE_AFTER_MS);
    return person.name;
  }

  /** The name of a connection. @throws ChatError when it has none yet */
  async requireName(connectionId: string): Promise<string> {
    const person = await this.personOf(connectionId);
    if (person === null) throw new ChatError('no-name', 'Choose a name first.');
    return person.name;
  }

  /** The name of a connection, `null` when it has none. */
  async nameOf(connectionId: string): Promise<string | null> {
    return (await this.personOf(connectionId))?.name ?? null;
  }

  /** The names of those of the connections that have one, in alphabetical order. */
  async namesOf(connectionIds: readonly string[]): Promise<string[]> {
    const names = await Promise.all(connectionIds.map((connectionId) => this.nameOf(connectionId)));
    return names.filter((name) => name !== null).sort((a, b) => a.localeCompare(b));
  }

  /** The connection of whoever has a name, and the name as they write it; `null` when nobody has. */
  async holderOf(name: string): Promise<{ connectionId: string; name: string } | null> {
    const channel = channelOfName(name);
    for (const connectionId of await this.manager.getConnectionsByChannel(channel)) {
      const held = await this.nameOf(connectionId);
      // One that only asks for the name is in its channel for a moment as well.
      if (held !== null && channelOfName(held) === channel) return { connectionId, name: held };
    }
    return null;
  }

  async forget(connectionId: string): Promise<void> {
    await this.cache.del(cacheKey(connectionId));
  }

  /** Whether a connection is in the channel of its name, which it is not after a store came back empty. */
  private async holds(connectionId: string, { name }: Person): Promise<boolean> {
    return (await this.manager.getChannelsByConnection(connectionId)).includes(channelOfName(name));
  }

  private async take(connectionId: string, { name, key }: Person): Promise<boolean> {
    const channel = channelOfName(name);
    // Joined first and looked around second: of two who ask at once, whoever joined last sees the other, so both never get it.
    if (!(await this.manager.joinChannel(connectionId, channel))) return false;
    const others = (await this.manager.getConnectionsByChannel(channel)).filter((id) => id !== connectionId);
    const replaced = await Promise.all(others.map((other) => this.replace(other, key)));
    if (!replaced.includes(false)) return true;
    await this.manager.leaveChannel(connectionId, channel);
    return false;
  }

  /** Ends the connection that a client lost without the server noticing yet, when the key shows that it was the same client's. */
  private async replace(holder: string, key: string | null): Promise<boolean> {
    const person = await this.personOf(holder);
    if (key === null || person?.key !== key) return false;
    await this.manager.disconnect(holder, { code: REPLACED, reason: 'Replaced by a new connection' });
    return !(await this.manager.connectionExists(holder));
  }

  private async personOf(connectionId: string): Promise<Person | null> {
    return (await this.cache.get<Person>(cacheKey(connectionId))) ?? null;
  }
}

function cacheKey(connectionId: string): string {
  return `chat:person:${connectionId}`;
}
