import type { WireMember } from '../protocol/wire/server.messages.js';
import { Listeners } from './listeners.js';

/** Who is in a presence channel, kept up to date. */
export class MemberList {
  readonly members = new Map<string, WireMember>();
  readonly here = new Listeners<[members: WireMember[]]>();
  readonly joining = new Listeners<[member: WireMember]>();
  readonly leaving = new Listeners<[member: WireMember]>();
  /** How many there are; more than `members` names, in channels with very many. */
  count = 0;

  reset(members: readonly WireMember[], count = members.length): void {
    this.members.clear();
    for (const member of members) this.members.set(member.id, member);
    this.count = count;
    this.here.emit([...members]);
  }

  join(member: WireMember): void {
    const isNew = !this.members.has(member.id);
    this.members.set(member.id, member);
    if (!isNew) return;
    this.count++;
    this.joining.emit(member);
  }

  leave({ id }: WireMember): void {
    const member = this.members.get(id);
    // One that the list had no room for is counted, and no more is known of it.
    if (!member && this.count <= this.members.size) return;
    this.members.delete(id);
    this.count--;
    this.leaving.emit(member ?? { id });
  }
}
