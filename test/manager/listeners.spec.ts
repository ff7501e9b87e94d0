import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import type { WebSocketManager } from '../../src/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, disconnect, message, newConnectionId } from '../support/events.js';
import { EventRecorder } from '../support/recorder.js';

let manager: WebSocketManager;
let emitter: EventEmitter2;
let recorder: EventRecorder;
let errors: jest.SpiedFunction<Logger['error']>;

async function start(wildcard: boolean): Promise<void> {
  const application = await startApplication({
    importsBefore: [EventEmitterModule.forRoot({ wildcard })],
    providers: [EventRecorder],
  });
  ({ manager } = application);
  emitter = application.get(EventEmitter2);
  recorder = application.get(EventRecorder);
}

/** A promise and what resolves it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

beforeEach(async () => {
  errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  await start(false);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await stopApplications();
});

describe('a listener', () => {
  it('is waited for, and so is every other when one fails first', async () => {
    const slow = gate();
    const done: string[] = [];
    emitter.on('websocket.message', () => Promise.reject(new Error('first')));
    emitter.on('websocket.message', async () => {
      await slow.opened;
      done.push('slow');
    });
    const answer = manager.handle(message('abc', {})).then((response) => {
      done.push('answered');
      return response;
    });
    await new Promise(setImmediate);
    expect(done).toEqual([]);
    slow.open();
    expect((await answer).statusCode).toBe(500);
    expect(done).toEqual(['slow', 'answered']);
  });

  it('that fails while one in front of it still runs is waited for, and crashes nothing', async () => {
    const slow = gate();
    emitter.on('websocket.message', () => slow.opened);
    emitter.on('websocket.message', () => Promise.reject(new Error('behind')));
    const answer = manager.handle(message('abc', {}));
    // An unhandled rejection would be reported in this turn of the event loop, and fail the test.
    await new Promise(setImmediate);
    slow.open();
    expect((await answer).statusCode).toBe(500);
  });

  it.each([
    ['null', null],
    ['a string', 'text'],
    ['an object without a prototype', Object.create(null) as unknown],
    ['an error that causes itself', Object.assign(new Error('cycle'), { cause: null })],
  ])('may throw %s', async (_, thrown) => {
    if (thrown instanceof Error) thrown.cause = thrown;
    emitter.on('websocket.message', () => {
      throw thrown;
    });
    expect((await manager.handle(message('abc', {}))).statusCode).toBe(500);
  });

  it('that throws an error with a cause has both logged', async () => {
    emitter.on('websocket.message', () => {
      throw new Error('outer', { cause: new Error('inner') });
    });
    await manager.handle(message('abc', {}));
    expect(errors.mock.calls.flat().join('\n')).toMatch(/outer[^]*Caused by: Error: inner/);
  });

  it('that throws synchronously does not keep the next one from being called', async () => {
    const called = jest.fn();
    emitter.on('websocket.message', () => {
      throw new Error('synchronous');
    });
    emitter.on('websocket.message', called);
    expect(await manager.handle(message('abc', {}))).toEqual({
      statusCode: 500,
      body: '{"error":"Internal server error"}',
    });
    expect(called).toHaveBeenCalledTimes(1);
  });

  it('that throws is logged once', async () => {
    emitter.on('websocket.message', () => Promise.reject(new Error('broken')));
    await manager.handle(message('abc', {}));
    expect(errors.mock.calls.filter((call) => call.some((part) => String(part).includes('broken')))).toHaveLength(1);
  });

  it('answers with the value that it returns, as JSON', async () => {
    emitter.on('websocket.sum', ({ message: numbers }: { message: number[] }) => ({ sum: numbers[0]! + numbers[1]! }));
    expect(await manager.handle(message('abc', [1, 2], 'sum'))).toEqual({ statusCode: 200, body: '{"sum":3}' });
  });

  it('that returns what has no JSON form fails', async () => {
    emitter.on('websocket.sum', () => 1n);
    expect((await manager.handle(message('abc', {}, 'sum'))).statusCode).toBe(500);
  });

  it('that was attached once is called once', async () => {
    const called = jest.fn();
    emitter.once('websocket.message', called);
    await manager.handle(message('abc', {}));
    await manager.handle(message('abc', {}));
    expect(called).toHaveBeenCalledTimes(1);
  });

  it('of every event is called with its name', async () => {
    const heard: unknown[] = [];
    emitter.onAny((event) => heard.push(event));
    await manager.handle(connect({ connectionId: 'abc' }));
    expect(heard).toEqual(['websocket.connected']);
  });
});

describe('an event that cannot be read', () => {
  const fails = {
    get: (): never => {
      throw Object.create(null);
    },
  };

  it.each([
    ['a proxy that throws', new Proxy({}, fails)],
    ['a request context that throws', { requestContext: new Proxy({}, fails) }],
    [
      'an authorizer that throws',
      { requestContext: { connectionId: 'a', routeKey: 'b', authorizer: new Proxy({}, fails) } },
    ],
  ])('is malformed: %s', async (_, event) => {
    expect(await manager.handle(event)).toEqual({
      statusCode: 400,
      body: '{"error":"Malformed event: it cannot be read."}',
    });
  });
});

describe('a $connect whose listener throws', () => {
  it('is refused and leaves no trace, not even of the channels that another listener joined', async () => {
    emitter.on('websocket.connected', ({ connectionId }: { connectionId: string }) =>
      manager.joinChannel(connectionId, 'lobby'),
    );
    emitter.on('websocket.connected', async () => {
      await new Promise(setImmediate);
      throw new Error('refused');
    });
    const connectionId = newConnectionId();
    expect((await manager.handle(connect({ connectionId, userId: '42' }))).statusCode).toBe(500);
    expect(await manager.getStats()).toEqual({ totalConnections: 0, totalChannels: 0, channels: {} });
    expect(await manager.getConnectionsByUserId(42)).toEqual([]);
    expect(recorder.disconnected).toEqual([]);
    expect(recorder.left).toEqual(recorder.joined);
    expect(recorder.left).toEqual([{ connectionId, channel: 'lobby' }]);
  });
});

describe('a $disconnect whose listener throws', () => {
  it('has cleaned up all the same', async () => {
    const connectionId = newConnectionId();
    await manager.handle(connect({ connectionId }));
    await manager.joinChannel(connectionId, 'lobby');
    emitter.on('websocket.channel.left', () => Promise.reject(new Error('left')));
    emitter.on('websocket.disconnected', () => Promise.reject(new Error('gone')));
    expect((await manager.handle(disconnect(connectionId))).statusCode).toBe(500);
    expect(await manager.getStats()).toEqual({ totalConnections: 0, totalChannels: 0, channels: {} });
    expect(recorder.disconnected).toHaveLength(1);
  });
});

describe('a listener of something that is already done', () => {
  it('cannot fail the call that did it', async () => {
    const connectionId = newConnectionId();
    await manager.handle(connect({ connectionId }));
    emitter.on('websocket.channel.joined', () => Promise.reject(new Error('joined')));
    expect(await manager.joinChannel(connectionId, 'lobby')).toBe(true);
    expect(errors).toHaveBeenCalledWith(
      `[listener.failed connectionId=${connectionId}] A listener of "websocket.channel.joined" failed.`,
      expect.stringContaining('joined'),
    );
  });
});

describe.each([false, true])('a message route (wildcard emitter: %s)', (wildcard) => {
  beforeEach(async () => {
    await stopApplications();
    await start(wildcard);
  });

  it.each([
    'connected',
    'disconnected',
    'channel.joined',
    'channel.left',
    'channel.other',
    'channel',
    'delivery.progress',
    'delivery.completed',
    'delivery.other',
    'delivery',
    '*',
    '**',
    'channel.*',
  ])('cannot raise a lifecycle event by being called %s', async (routeKey) => {
    const connectionId = newConnectionId();
    await manager.handle(connect({ connectionId }));
    const before = [...recorder.order];
    const response = await manager.handle(message(connectionId, {}, routeKey));
    expect(response).toEqual({
      statusCode: 400,
      body: JSON.stringify({ error: `The route "${routeKey}" is reserved.` }),
    });
    expect(recorder.order).toEqual(before);
  });

  it('that is refused is logged once', async () => {
    await manager.handle(message('abc', {}, 'connected'));
    await manager.handle(message('abc', {}, 'connected'));
    expect(errors).toHaveBeenCalledTimes(1);
    expect(errors).toHaveBeenCalledWith(expect.stringContaining('The route "connected" is refused'));
  });

  it.each(['__proto__', 'constructor', 'toString', '_listeners', 'a..b', '.', 'newListener'])(
    'may be called %s',
    async (routeKey) => {
      expect(await manager.handle(message('abc', {}, routeKey))).toEqual({
        statusCode: 200,
        body: '{"message":"Custom route handled"}',
      });
      expect(recorder.order).toEqual([]);
    },
  );
});
