import { connect as connectTcp } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { HostileHandshake } from './handshake.kinds.js';

export interface Answer {
  /** 0 when nothing came. */
  readonly status: number;
  /** What came, in Latin-1. */
  readonly text: string;
}

const TRICKLE_EVERY_MS = 20;

/** Attacks once. Resolves when the socket is closed on both sides. */
export function attack(port: number, { sends, then = 'waits', answer }: HostileHandshake): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    // One that is ending already cannot be reset any more: Node would never tell of its end.
    const reset = (): unknown => (socket.writableEnded ? socket.destroy() : socket.resetAndDestroy());
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (then === 'resets' && text.includes('\r\n\r\n')) reset();
    });
    socket.once('end', () => socket.end());
    socket.once('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0), text }));
    socket.once('connect', () => {
      socket.write(typeof sends === 'string' ? Buffer.from(sends, 'latin1') : sends, () => {
        if (then === 'ends') socket.end();
        // One that waits for an answer first resets the socket when it comes.
        else if (then === 'resets' && answer === 0) reset();
        else if (then === 'trickles') void trickle();
      });
    });
    const trickle = async (): Promise<void> => {
      for (let index = 0; !socket.destroyed && socket.writable; index++) {
        socket.write(`x-${index}: 1\r\n`);
        await delay(TRICKLE_EVERY_MS);
      }
    };
  });
}
