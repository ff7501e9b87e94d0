import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, SetMetadata, type Type } from '@nestjs/common';
import { Type as TypeOf } from 'class-transformer';
import { IsInt, IsString, MaxLength, Min, ValidateNested } from 'class-validator';
import * as v from 'valibot';
import { z } from 'zod';
import {
  InvalidOptionsError,
  OnWebSocketConnect,
  OnWebSocketDisconnect,
  OnWebSocketMessage,
  type ConnectedEvent,
  type DisconnectedEvent,
  type MessageEvent,
  type StandardSchema,
} from '../../src/index.js';
import { startApplication, stopApplications, type RunningApplication } from '../support/application.js';
import { connect, disconnect, message, newConnectionId } from '../support/events.js';
import { closeGatewayApps, gatewayApp } from '../support/gateway-app.js';
import { GatewayClient } from '../support/gateway-client.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';

let api: ManagementApiServer;
let connectionId: string;

beforeEach(async () => {
  api = await ManagementApiServer.start();
  connectionId = newConnectionId();
});

afterEach(async () => {
  await stopApplications();
  await closeGatewayApps();
  await stopManagementApis();
});

function applicationWith(listener: Type): Promise<RunningApplication> {
  const options = { apiGatewayEndpoint: api.endpoint(), credentials: testCredentials };
  return startApplication({ options: { ...options, channels: true }, providers: [listener] });
}

/** What was posted to the connection, which the store did not know before its first message. */
const posted = (): unknown[] =>
  (api.inboxes[connectionId] ?? []).filter((frame) => (frame as { type: string }).type !== 'restored');

const invalid = (...issues: { path: string; message: unknown }[]): unknown => ({
  type: 'error',
  code: 'invalid-message',
  message: 'The message is not what the application expects.',
  retry: false,
  issues,
});

class Place {
  @IsInt()
  @Min(1)
  floor!: number;
}

class Said {
  @IsString()
  @MaxLength(5)
  text!: string;

  @ValidateNested()
  @TypeOf(() => Place)
  at!: Place;
}

describe('listeners of connections', () => {
  it('hear of each, and a connection is refused when they throw', async () => {
    const heard: string[] = [];
    @Injectable()
    class Door {
      @OnWebSocketConnect()
      enter({ connection }: ConnectedEvent): void {
        if (connection.userId === 'mallory') throw new Error('Not you.');
        heard.push('in');
      }

      @OnWebSocketDisconnect()
      leave({ cause }: DisconnectedEvent): void {
        heard.push(cause);
      }
    }
    const { manager } = await applicationWith(Door);
    expect(await manager.handle(connect({ connectionId }))).toMatchObject({ statusCode: 200 });
    expect(await manager.handle(connect({ userId: 'mallory' }))).toMatchObject({ statusCode: 500 });
    await manager.handle(disconnect(connectionId));
    expect(heard).toEqual(['in', 'client']);
  });
});

describe('listeners of messages', () => {
  it('answer their route, and $default without one', async () => {
    @Injectable()
    class Echo {
      @OnWebSocketMessage('say')
      say({ message }: MessageEvent): unknown {
        return { said: message };
      }

      @OnWebSocketMessage()
      other({ message }: MessageEvent): unknown {
        return { other: message };
      }
    }
    const { manager } = await applicationWith(Echo);
    expect((await manager.handle(message(connectionId, [1], 'say'))).body).toBe('{"said":[1]}');
    expect((await manager.handle(message(connectionId, [2]))).body).toBe('{"other":[2]}');
  });

  it('make the answer 500 when they throw', async () => {
    @Injectable()
    class Broken {
      @OnWebSocketMessage('say')
      say(): void {
        throw new Error('Broken.');
      }
    }
    const { manager } = await applicationWith(Broken);
    expect(await manager.handle(message(connectionId, {}, 'say'))).toMatchObject({ statusCode: 500 });
  });

  it.each<[string, StandardSchema<{ text: string }>]>([
    ['zod', z.object({ text: z.string().max(5).trim() })],
    ['valibot', v.object({ text: v.pipe(v.string(), v.maxLength(5), v.trim()) })],
  ])('get what a schema of %s makes of a message, and are not called for others', async (_, schema) => {
    const heard: unknown[] = [];
    @Injectable()
    class Listener {
      @OnWebSocketMessage('say', { schema })
      say({ message }: MessageEvent<{ text: string }>): void {
        heard.push(message);
      }
    }
    const { manager } = await applicationWith(Listener);
    await manager.handle(message(connectionId, { text: 'Hey ', more: true }, 'say'));
    expect(heard).toEqual([{ text: 'Hey' }]);
    const answer = await manager.handle(message(connectionId, { text: 'far too long' }, 'say'));
    expect(answer).toEqual({ statusCode: 200, body: '' });
    await manager.handle(message(connectionId, 'not JSON', 'say'));
    expect(heard).toHaveLength(1);
    expect(posted()).toEqual([
      invalid({ path: 'text', message: expect.any(String) }),
      invalid({ path: '', message: expect.any(String) }),
    ]);
  });

  it('get an instance of a class that class-validator has checked', async () => {
    const heard: unknown[] = [];
    @Injectable()
    class Listener {
      @OnWebSocketMessage('say', { schema: Said })
      say({ message }: MessageEvent<Said>): void {
        heard.push(message instanceof Said && message.at instanceof Place, JSON.parse(JSON.stringify(message)));
      }
    }
    const { manager } = await applicationWith(Listener);
    await manager.handle(message(connectionId, { text: 'Hey', at: { floor: 2 }, isAdmin: true }, 'say'));
    expect(heard).toEqual([true, { text: 'Hey', at: { floor: 2 } }]);
    await manager.handle(message(connectionId, { text: 1, at: { floor: 0 } }, 'say'));
    await manager.handle(message(connectionId, '[]', 'say'));
    expect(heard).toHaveLength(2);
    expect(posted()).toEqual([
      invalid(
        { path: 'text', message: expect.stringContaining('shorter than or equal to 5') },
        { path: 'text', message: 'text must be a string' },
        { path: 'at.floor', message: 'floor must not be less than 1' },
      ),
      invalid({ path: '', message: 'Expected an object.' }),
    ]);
  });

  it('tell a client of 20 issues at most', async () => {
    @Injectable()
    class Listener {
      @OnWebSocketMessage('say', { schema: z.array(z.string()) })
      say(): void {}
    }
    const { manager } = await applicationWith(Listener);
    await manager.handle(message(connectionId, Array(1_000).fill(0), 'say'));
    expect((posted()[0] as { issues: unknown[] }).issues).toHaveLength(20);
  });

  it('answer a request of the protocol with what is wrong with it', async () => {
    @Injectable()
    class Listener {
      @OnWebSocketMessage('rooms', { schema: z.object({ page: z.number() }) })
      rooms({ message: { page } }: MessageEvent<{ page: number }>): unknown {
        return { page };
      }
    }
    const { manager } = await applicationWith(Listener);
    await manager.handle(message(connectionId, { action: 'event', id: 'a', event: 'rooms', data: { page: 1 } }));
    await manager.handle(message(connectionId, { action: 'event', id: 'b', event: 'rooms', data: { page: '1' } }));
    expect(posted()).toEqual([
      { type: 'reply', id: 'a', data: { page: 1 } },
      { ...(invalid({ path: 'page', message: expect.any(String) }) as object), id: 'b', action: 'event' },
    ]);
  });

  it('fail when one of several fails for another reason', async () => {
    @Injectable()
    class Listener {
      @OnWebSocketMessage('say', { schema: z.string() })
      checked(): void {}

      @OnWebSocketMessage('say', { schema: z.number() })
      checkedToo(): void {}

      @OnWebSocketMessage('fail', { schema: z.string() })
      invalid(): void {}

      @OnWebSocketMessage('fail')
      broken(): void {
        throw new Error('Broken.');
      }
    }
    const { manager } = await applicationWith(Listener);
    expect(await manager.handle(message(connectionId, {}, 'say'))).toMatchObject({ statusCode: 200 });
    expect((posted()[0] as { issues: unknown[] }).issues).toHaveLength(2);
    expect(await manager.handle(message(connectionId, {}, 'fail'))).toMatchObject({ statusCode: 500 });
    expect(posted()).toHaveLength(1);
  });

  it('tell clients of the embedded gateway, too', async () => {
    @Injectable()
    class Listener {
      @OnWebSocketMessage('say', { schema: z.object({ text: z.string() }) })
      say(): void {}
    }
    const app = await gatewayApp()
      .importing({ module: class Listeners {}, providers: [Listener] })
      .start();
    const client = await GatewayClient.open(app.url);
    client.send({ action: 'say', text: 1 });
    expect(await client.nextJson()).toEqual(invalid({ path: 'text', message: expect.any(String) }));
  });

  it('keep the metadata that other decorators gave their method', () => {
    class Listener {
      @OnWebSocketMessage('say', { schema: z.string() })
      @SetMetadata('role', 'admin')
      say(): void {}
    }
    expect(Reflect.getMetadata('role', Listener.prototype.say)).toBe('admin');
    expect(Listener.prototype.say.name).toBe('say');
  });

  it.each([['connected'], ['channel.joined'], ['presence.left'], ['*']])('cannot be of the route %j', (route) => {
    expect(() => OnWebSocketMessage(route)).toThrow(InvalidOptionsError);
  });

  it('cannot have something else as their schema', () => {
    expect(() => OnWebSocketMessage('say', { schema: {} as StandardSchema })).toThrow('a Standard Schema');
  });
});
