import { NodeBus, type BusListener, type Posting } from '../../src/contracts/node.bus.js';

/** A bus within the process that does what the test says. */
export class MemoryBus extends NodeBus {
  readonly posted: { readonly nodeId: string; readonly message: Uint8Array }[] = [];
  readonly listeners = new Map<string, BusListener>();
  /** What becomes of the next messages; by default they arrive where somebody listens. */
  posting: () => Posting | Promise<Posting> = () => 'sent';

  async post(nodeId: string, message: Uint8Array): Promise<Posting> {
    this.posted.push({ nodeId, message });
    const posting = await this.posting();
    if (posting === 'sent') this.listeners.get(nodeId)?.message(message);
    return posting;
  }

  async answer(name: string, message: Uint8Array): Promise<void> {
    this.listeners.get(name)?.message(message);
  }

  async subscribe(name: string, listener: BusListener): Promise<void> {
    this.listeners.set(name, listener);
  }

  async unsubscribe(name: string): Promise<void> {
    this.listeners.delete(name);
  }
}
