import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Scope, type Type } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { OnEvent } from '@nestjs/event-emitter';
import { IsString } from 'class-validator';
import { z } from 'zod';
import {
  InvalidMessageError,
  InvalidOptionsError,
  OnChannelMessage,
  OnWebSocketConnect,
  OnWebSocketDisconnect,
  OnWebSocketMessage,
  WebSocket,
  type MessageEvent,
  type MessageIssue,
  type StandardSchema,
} from '../../src/index.js';
import { websocketEvent, type WebSocketFake } from '../../src/testing/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { LogCapture } from '../support/log.capture.js';

afterEach(stopApplications);

let logs: LogCapture;

const ID = 'ada';
const numeric = z.object({ n: z.string().transform(Number) });
type Numeric = MessageEvent<{ n: number }>;

/** An application whose only connection is `ada`. */
async function connected(...providers: Type[]): Promise<WebSocketFake> {
  const fake = WebSocket.fake();
  logs = new LogCapture();
  const { app } = await startApplication({ options: { channels: { rules: { room: { publish: true } } } }, providers });
  app.useLogger(logs);
  expect((await WebSocket.handle(websocketEvent.connect({ connectionId: ID }))).statusCode).toBe(200);
  return fake;
}

async function say(route: string, body: unknown): Promise<unknown> {
  const { statusCode, body: answer } = await WebSocket.handle(websocketEvent.message(ID, body, { route }));
  return answer === '' ? statusCode : (JSON.parse(answer) as unknown);
}

function issuesIn({ sent }: WebSocketFake): readonly MessageIssue[] {
  const frames = sent.map(({ data }) => data as { code?: string; issues: readonly MessageIssue[] });
  return frames.filter(({ code }) => code === 'invalid-message').flatMap(({ issues }) => issues);
}

const schemaThat = (validate: (value: unknown) => unknown): StandardSchema => ({
  '~standard': { version: 1, vendor: 'test', validate: validate as StandardSchema['~standard']['validate'] },
});

describe('a method that listens to several events', () => {
  it('has each message checked once, by the schema of its route', async () => {
    @Injectable()
    class Listener {
      @OnWebSocketMessage('a', { schema: numeric })
      @OnWebSocketMessage('b', { schema: numeric })
      @OnWebSocketMessage('c', { schema: z.object({ n: z.boolean().transform(Number) }) })
      on({ message }: Numeric): unknown {
        return message;
      }
    }
    const fake = await connected(Listener);
    expect(await say('a', { n: '1' })).toEqual({ n: 1 });
    expect(await say('b', { n: '2' })).toEqual({ n: 2 });
    expect(await say('c', { n: true })).toEqual({ n: 1 });
    expect(issuesIn(fake)).toEqual([]);
    await say('c', { n: '3' });
    expect(issuesIn(fake)).toEqual([{ path: 'n', message: expect.any(String) }]);
  });

  it('has checked what a client asks for by an event of the protocol, too', async () => {
    @Injectable()
    class Listener {
      @OnWebSocketMessage('a', { schema: z.object({ n: z.boolean() }) })
      @OnWebSocketMessage('b', { schema: numeric })
      on({ message }: MessageEvent<{ n: unknown }>): unknown {
        return message;
      }
    }
    const fake = await connected(Listener);
    await say('$default', { action: 'event', id: '1', event: 'b', data: { n: '2' } });
    fake.assertSentTo(ID, { type: 'reply', id: '1', data: { n: 2 } });
  });

  it('hears what is no message of its route as it is', async () => {
    const heard: unknown[] = [];
    @Injectable()
    class Listener {
      @OnEvent('websocket.connected', { suppressErrors: false })
      @OnChannelMessage('room')
      @OnWebSocketMessage('a', { schema: numeric })
      @OnEvent('websocket.plain')
      on(event: { readonly connectionId: string }): void {
        heard.push(event);
      }
    }
    await connected(Listener);
    await say('plain', { n: 1 });
    await say('$default', { action: 'subscribe', channel: 'room' });
    await say('$default', { action: 'publish', channel: 'room', data: 'x' });
    await say('a', { n: 1 });
    expect(heard).toEqual([
      expect.objectContaining({ connection: expect.anything() }),
      expect.objectContaining({ message: { n: 1 } }),
      expect.objectContaining({ channel: 'room', data: 'x' }),
    ]);
  });
});

describe('a method that is inherited', () => {
  abstract class Base {
    @OnWebSocketMessage('a', { schema: numeric })
    on({ message }: Numeric): unknown {
      return { by: this.constructor.name, message };
    }
  }

  it('listens for the class that extends', async () => {
    @Injectable()
    class Child extends Base {}
    await connected(Child);
    expect(await say('a', { n: '1' })).toEqual({ by: 'Child', message: { n: 1 } });
  });

  it('takes what the schema of the one that overrides it made of a message', async () => {
    @Injectable()
    class Child extends Base {
      @OnWebSocketMessage('a', { schema: numeric })
      override on(event: Numeric): unknown {
        return super.on(event);
      }
    }
    const fake = await connected(Child);
    expect(await say('a', { n: '1' })).toEqual({ by: 'Child', message: { n: 1 } });
    await say('a', { n: 1 });
    expect(issuesIn(fake)).toHaveLength(1);
  });
});

it('a provider in the scope of a request has the event as its request, and its message checked', async () => {
  @Injectable({ scope: Scope.REQUEST })
  class Listener {
    constructor(@Inject(REQUEST) private readonly request: { readonly connectionId: string }) {}

    @OnWebSocketMessage('a', { schema: numeric })
    on({ message }: Numeric): unknown {
      return { ...message, of: this.request.connectionId };
    }
  }
  const fake = await connected(Listener);
  expect(await say('a', { n: '1' })).toEqual({ n: 1, of: ID });
  await say('a', { n: 1 });
  expect(issuesIn(fake)).toHaveLength(1);
});

it('a method that Nest would never find is refused while its class is defined', () => {
  const key = Symbol('key');
  expect(() => {
    class Listener {
      @OnWebSocketMessage('a')
      [key](): void {}
    }
    return Listener;
  }).toThrow(InvalidOptionsError);
  expect(() => {
    class Listener {
      @OnWebSocketConnect()
      static on(): void {}
    }
    return Listener;
  }).toThrow('Expected on, which listens to "websocket.connected", to be a method of instances');
  expect(() => {
    class Listener {
      @OnWebSocketDisconnect()
      [key](): void {}
    }
    return Listener;
  }).toThrow('Symbol(key)');
});

describe('the issues that a client is told of', () => {
  function listenerWith(schema: StandardSchema): Type {
    @Injectable()
    class Listener {
      @OnWebSocketMessage('a', { schema })
      on(): void {}
    }
    return Listener;
  }

  it('fit into a frame, whatever keys the client made up', async () => {
    const fake = await connected(listenerWith(z.strictObject({})));
    // Each character of the key takes up six bytes in the answer: more than a message may have.
    expect(await say('a', { ['\u0001'.repeat(25_000)]: 1 })).toBe(200);
    const [{ message } = { message: '' }] = issuesIn(fake);
    expect(message).toMatch(/^Unrecognized key: /);
    expect(message.length).toBeLessThanOrEqual(501);
  });

  it('have paths that fit, too', () => {
    const { issues } = new InvalidMessageError(Array(30).fill({ path: 'p'.repeat(1_000), message: 'No.' }));
    expect(issues).toHaveLength(20);
    expect(issues[0]).toEqual({ path: `${'p'.repeat(200)}…`, message: 'No.' });
  });

  it('are the only ones whose paths are made: each may repeat a key that fills a frame', async () => {
    let made = 0;
    const key = {
      toString: () => {
        made++;
        return 'k';
      },
    } as unknown as string;
    const issues = Array(1_000).fill({ message: 'No.', path: [{ key }] });
    const fake = await connected(listenerWith(schemaThat(() => ({ issues }))));
    await say('a', {});
    expect(issuesIn(fake)).toEqual(Array(20).fill({ path: 'k', message: 'No.' }));
    expect(made).toBe(20);
  });

  it('have the path of a schema, be it an array of a class of its own', async () => {
    class Path extends Array<PropertyKey> {
      constructor(...parts: PropertyKey[]) {
        super();
        this.push(...parts);
      }
    }
    const issues = [
      { message: 'root', path: new Path() },
      { message: 'deep', path: new Path('a', 0, Symbol('s')) },
      { message: 'keyed', path: [{ key: '__proto__' }, 'b'] },
      { message: 'none' },
    ];
    const fake = await connected(listenerWith(schemaThat(async () => ({ issues }))));
    await say('a', {});
    expect(issuesIn(fake)).toEqual([
      { path: '', message: 'root' },
      { path: 'a.0.Symbol(s)', message: 'deep' },
      { path: '__proto__.b', message: 'keyed' },
      { path: '', message: 'none' },
    ]);
  });

  it('are none where the validator itself fails: the answer is 500 then', async () => {
    for (const validate of [
      () => {
        throw new Error('The validator is broken.');
      },
      () => Promise.reject(new Error('Its database is away.')),
    ]) {
      const fake = await connected(listenerWith(schemaThat(validate)));
      const answer = await WebSocket.handle(websocketEvent.message(ID, {}, { route: 'a' }));
      expect(answer).toMatchObject({ statusCode: 500 });
      fake.assertNothingSent();
    }
  });
});

describe('a class as the schema', () => {
  it('without decorators is told to its author, not to clients', async () => {
    class Bare {
      text!: string;
    }
    @Injectable()
    class Listener {
      @OnWebSocketMessage('a', { schema: Bare })
      on(): void {}
    }
    const fake = await connected(Listener);
    const answer = await WebSocket.handle(websocketEvent.message(ID, { text: 'x' }, { route: 'a' }));
    expect(answer).toMatchObject({ statusCode: 500 });
    fake.assertNothingSent();
    expect(logs.everything).toContain('Expected the class Bare to have decorators of class-validator');
  });

  it('takes nothing that a message says of prototypes', async () => {
    class Text {
      @IsString()
      text!: string;
    }
    @Injectable()
    class Listener {
      @OnWebSocketMessage('a', { schema: Text })
      on({ message }: MessageEvent<Text>): unknown {
        return { keys: Object.keys(message), isText: Object.getPrototypeOf(message) === Text.prototype };
      }
    }
    await connected(Listener);
    const hostile = '{"text":"x","__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}';
    expect(await say('a', hostile)).toEqual({ keys: ['text'], isText: true });
    expect(Object.prototype).not.toHaveProperty('admin');
  });
});
