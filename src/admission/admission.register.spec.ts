import { describe, expect, it } from '@jest/globals';
import { Gate } from '../../test/support/gateway-inbox.js';
import { ManualClock } from '../../test/support/manual.clock.js';
import type { AdmissionRequest, AdmissionResult } from '../contracts/admission.ledger.js';
import { Log } from '../logging/log.js';
import { MemoryAdmissionLedger } from '../stores/cache/memory-admission.ledger.js';
import { AdmissionRegister } from './admission.register.js';
import { pendingState } from './admission.state.js';

/** Does at once what it is asked, and answers when the test says so. */
class SlowLedger extends MemoryAdmissionLedger {
  answer: Promise<void> = Promise.resolve();

  override async admit(request: AdmissionRequest): Promise<AdmissionResult> {
    const result = await super.admit(request);
    await this.answer;
    return result;
  }
}

describe('AdmissionRegister', () => {
  it('keeps nothing of a connection that ends while the ledger lets it change', async () => {
    const clock = new ManualClock();
    const ledger = new SlowLedger(clock);
    const register = new AdmissionRegister(
      () => ledger,
      clock,
      async () => true,
      new Log(),
    );
    const groups = [{ name: 'all', max: 1 }];
    const state = pendingState('local:x', null);
    await register.admit('a', groups, state, true);
    const gate = new Gate();
    ledger.answer = gate.opened;
    const changing = register.admit('a', groups, { ...state, isPending: false }, true, state);
    await register.release('a');
    gate.open();
    expect(await changing).toEqual({ status: 'changed' });
    expect(await register.find('a', true)).toBeNull();
    expect(await register.admit('b', groups, state, true)).toEqual({ status: 'admitted' });
    register.stop();
    expect(clock.pending).toBe(0);
  });

  it('gives a client its time to authenticate itself, and no more, when the clock is set back', async () => {
    const clock = new ManualClock();
    const ledger = new MemoryAdmissionLedger(clock);
    const closed: string[] = [];
    const close = (connectionId: string): Promise<boolean> => Promise.resolve(closed.push(connectionId) > 0);
    const register = new AdmissionRegister(() => ledger, clock, close, new Log());
    await register.admit('a', [], pendingState('local:x', clock.now() + 10_000), true);
    clock.setBy(-60_000);
    await clock.advance(9_999);
    expect(closed).toEqual([]);
    await clock.advance(1);
    expect(closed).toEqual(['a']);
    register.stop();
  });
});
