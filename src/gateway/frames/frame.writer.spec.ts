import { describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { Compressor } from './compressor.js';
import { FrameWriter } from './frame.writer.js';
import { FramedMessage, UNCOMPRESSED } from './framed.message.js';

const compressor = new Compressor({ thresholdBytes: 1_024, level: 6, memLevel: 5 });

/** A message that is compressed on another thread. */
const large = (): FramedMessage => new FramedMessage(Buffer.alloc(100_000, 'x'), compressor);
const small = (): FramedMessage => new FramedMessage(Buffer.from('small'), compressor);

function writerTo(
  stream: PassThrough,
  windowBits = 15,
): { writer: FrameWriter; socket: { OPEN: 1; readyState: 1 | 2 } } {
  const socket: { OPEN: 1; readyState: 1 | 2 } = { OPEN: 1, readyState: 1 };
  return { writer: new FrameWriter(socket, stream, 1_000_000, windowBits), socket };
}

describe('a writer of frames', () => {
  it('writes at once what is ready', () => {
    const stream = new PassThrough({ highWaterMark: 1_000_000 });
    const { writer } = writerTo(stream, UNCOMPRESSED);
    expect([writer.send(large()), writer.send(small())]).toEqual(['delivered', 'delivered']);
    expect((stream.read() as Buffer).byteLength).toBe(100_010 + 7);
  });

  it('writes nothing behind a close frame, which the other side may have caused while a message was compressed', async () => {
    const stream = new PassThrough({ highWaterMark: 1_000_000 });
    const { writer, socket } = writerTo(stream);
    writer.send(large());
    writer.send(small());
    socket.readyState = 2;
    expect(writer.send(small())).toBe('gone');
    await new Promise<void>((resolve) => writer.end(resolve));
    expect(stream.readableLength).toBe(0);
    expect(writer.bufferedBytes).toBe(0);
  });

  it('takes nothing for a stream that cannot be written to any more', () => {
    const stream = new PassThrough({ highWaterMark: 1_000_000 });
    const { writer } = writerTo(stream);
    stream.destroy();
    expect(writer.send(small())).toBe('gone');
  });

  it('takes nothing once it is told to end, and ends behind what it has', async () => {
    const stream = new PassThrough({ highWaterMark: 1_000_000 });
    const { writer } = writerTo(stream);
    writer.send(large());
    const ended = new Promise<number>((resolve) => writer.end(() => resolve(stream.readableLength)));
    expect(writer.send(small())).toBe('gone');
    expect(await ended).toBeGreaterThan(0);
  });
});
