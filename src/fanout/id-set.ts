/** Up to here ids are kept as they are. */
const MAX_EXACT = 10_000;

const NO_SLOTS = new Uint32Array(0);

/** The share of slots that may be taken: beyond it, searches grow long. */
const MAX_LOAD = 0.6;

/**
 * Which ids have been seen, in little memory: beyond 10,000 it keeps 64 bits of a seeded hash of each, in 14 to 27 bytes, where a set of strings
 * takes about 100. Two of a million ids are mistaken for each other in about one of 30 million sets.
 */
export class IdSet {
  /** Most messages go to one connection: it needs no set. */
  private first: string | null = null;
  private exact: Set<string> | null = null;
  private slots = NO_SLOTS;
  private hashes = 0;
  private readonly seed = (Math.random() * 2 ** 32) >>> 0;

  get size(): number {
    if (this.hashes > 0) return this.hashes;
    return this.exact?.size ?? (this.first === null ? 0 : 1);
  }

  /** Whether the id is new. */
  add(id: string): boolean {
    if (this.hashes > 0) return this.addHash(id);
    if (this.exact === null) {
      if (this.first === null) {
        this.first = id;
        return true;
      }
      this.exact = new Set([this.first]);
    }
    if (this.exact.size < MAX_EXACT) return this.exact.size !== this.exact.add(id).size;
    const ids = this.exact;
    this.exact = null;
    this.slots = new Uint32Array(2 * capacityFor(2 * MAX_EXACT));
    for (const known of ids) this.addHash(known);
    return this.addHash(id);
  }

  private addHash(id: string): boolean {
    if (this.hashes >= (this.slots.length / 2) * MAX_LOAD) this.grow();
    let low = this.seed;
    let high = ~this.seed;
    for (let index = 0; index < id.length; index++) {
      const unit = id.charCodeAt(index);
      low = Math.imul(low ^ unit, 0x85ebca6b);
      low ^= low >>> 13;
      high = Math.imul(high ^ unit, 0xc2b2ae35);
      high ^= high >>> 15;
    }
    low = Math.imul(low ^ id.length, 0x9e3779b1);
    low = (low ^ (low >>> 16)) >>> 0;
    // Nothing is marked by two zeros.
    high = (Math.imul(high, 0x27d4eb2f) ^ (high >>> 16)) >>> 0 || 1;
    if (!place(this.slots, low, high)) return false;
    this.hashes++;
    return true;
  }

  private grow(): void {
    const slots = new Uint32Array(this.slots.length * 2);
    for (let index = 0; index < this.slots.length; index += 2) {
      const high = this.slots[index + 1] as number;
      if (high !== 0) place(slots, this.slots[index] as number, high);
    }
    this.slots = slots;
  }
}

/** Puts a hash into the first free slot from its own on; `false` when it is there already. */
function place(slots: Uint32Array, low: number, high: number): boolean {
  const mask = slots.length / 2 - 1;
  for (let slot = low & mask; ; slot = (slot + 1) & mask) {
    const at = 2 * slot;
    const there = slots[at + 1];
    if (there === 0) {
      slots[at] = low;
      slots[at + 1] = high;
      return true;
    }
    if (there === high && slots[at] === low) return false;
  }
}

/** The least power of two with room for so many. */
function capacityFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(count / MAX_LOAD));
}
