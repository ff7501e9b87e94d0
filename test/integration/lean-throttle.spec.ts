import type { Socket } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { answer, FaultyServer, stopFaultyServers } from '../support/faulty-server.js';
import { post, startTransport, stopTransports } from '../support/lean.transport.js';

afterEach(stopTransports);
afterEach(stopFaultyServers);
afterEach(() => void jest.restoreAllMocks());

const DELIVERED = { status: 'delivered' };

describe('connections that had nothing to do for a while', () => {
  it('are used again after a throttle, while others wait', async () => {
    const held: Socket[] = [];
    let answers = 0;
    let most = 0;
    // Answers when no more come in: what is under way by then is all that there may be.
    const release = (): void => {
      if (answers > 300) most = Math.max(most, held.length);
      for (const socket of held.splice(0)) socket.write(answer(answers++ < 16 ? 429 : 200));
    };
    let timer: NodeJS.Timeout | undefined;
    const server = await FaultyServer.start((socket) => {
      held.push(socket);
      clearTimeout(timer);
      timer = setTimeout(release, 5);
    });
    const transport = startTransport({ maxConcurrentSends: 16 });
    await Promise.all(Array.from({ length: 600 }, (_, index) => post(transport, server.endpoint, `id-${index}`)));
    expect(most).toBe(16);
  });

  it('are used when others are not answered', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const late: Socket[] = [];
    let well = 0;
    const server = await FaultyServer.start((socket, { connectionId }) => {
      if (connectionId.startsWith('late')) late.push(socket);
      else if (connectionId.startsWith('well')) setImmediate(() => socket.write(answer(200)));
      // In the middle of the others.
      if (connectionId.startsWith('well') && ++well === 100) for (const one of late) one.write(answer(200));
    });
    const transport = startTransport({ maxConcurrentSends: 4 });
    expect(await post(transport, server.endpoint, 'well')).toEqual(DELIVERED);
    const send = (kind: string, count: number) =>
      Array.from({ length: count }, (_, index) => post(transport, server.endpoint, `${kind}-${index}`));
    const posts = [...send('late', 4), ...send('well', 300), ...send('never', 4), ...send('well-too', 50)];
    const answered = posts.filter((_, index) => index < 304 || index >= 308);
    expect(await Promise.all(answered)).toEqual(answered.map(() => DELIVERED));
  });
});
