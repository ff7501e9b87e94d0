import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { startApplication, stopApplications } from '../support/application.js';
import { message } from '../support/events.js';
import { goldenEvent, goldenEventNames } from '../support/gateway-events.js';

afterEach(stopApplications);

const LIFECYCLE = [
  'connected',
  'disconnected',
  'channel',
  'channel.joined',
  'channel.left',
  'delivery',
  'delivery.progress',
  'delivery.completed',
];

/** An application whose emitter takes `*` for any event, with a listener for each event there is. */
async function start() {
  const { app, manager } = await startApplication({
    importsBefore: [EventEmitterModule.forRoot({ wildcard: true, maxListeners: 0 })],
  });
  const raised: string[] = [];
  for (const name of LIFECYCLE) app.get(EventEmitter2).on(`websocket.${name}`, () => void raised.push(name));
  const heard: unknown[] = [];
  app
    .get(EventEmitter2)
    .on('websocket.message', ({ message: decoded }: { message: unknown }) => void heard.push(decoded));
  return { manager, raised, heard };
}

function expectLegal(response: { statusCode: number; body: string }): void {
  expect(Object.keys(response).sort()).toEqual(['body', 'statusCode']);
  expect([200, 400, 413]).toContain(response.statusCode);
  const body = JSON.parse(response.body) as { error?: unknown; message?: unknown };
  expect(typeof (response.statusCode === 200 ? body.message : body.error)).toBe('string');
}

/** Values that are not what a field should be. */
const hostileValue = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true }),
  fc.constantFrom('', '*', '**', '__proto__', 'constructor', '\ud800', '\0', '\r\n', '../..', 'x'.repeat(10_000)),
  fc.constantFrom(NaN, Infinity, -1, 0.5, 2 ** 60, -0),
  fc.string({ unit: 'binary' }),
);

/** One of API Gateway's events with a few fields replaced or taken away, at any depth. */
const mutatedEvent = fc
  .tuple(
    fc.constantFrom(...goldenEventNames),
    fc.array(fc.tuple(fc.nat(), fc.boolean(), hostileValue), { minLength: 1, maxLength: 4 }),
  )
  .map(([name, mutations]) => {
    const event = goldenEvent(name) as object;
    for (const [index, isRemoved, value] of mutations) {
      const fields = fieldsOf(event);
      const field = fields[index % fields.length];
      if (field === undefined) break;
      const [holder, key] = field;
      if (isRemoved) Reflect.deleteProperty(holder, key);
      else Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
    }
    return event;
  });

/** Every field of a JSON value, with the object that holds it. */
function fieldsOf(value: unknown): [object, string][] {
  const isPlain =
    typeof value === 'object' &&
    value !== null &&
    /^\[object (Object|Array)\]$/.test(Object.prototype.toString.call(value));
  if (!isPlain) return [];
  return Object.entries(value).flatMap(([key, item]): [object, string][] => [[value, key], ...fieldsOf(item)]);
}

const hostileRoute = fc.oneof(
  fc.constantFrom(...LIFECYCLE, '*', '**', 'chan*', '*.joined', 'channel.*', 'channel.**', '$connect', '$disconnect'),
  fc.tuple(fc.constantFrom(...LIFECYCLE), fc.string({ maxLength: 3 })).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 130 }),
);

const hostileBody = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc.nat(100_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.nat(100_000).map((depth) => '{"a":'.repeat(depth)),
  fc.constantFrom('', '{', '"', '\\', '{"__proto__":{"admin":true}}', '1e999', '[1,2', '\ufeff{}'),
);

describe('handle', () => {
  it('answers anything at all with a legal response', async () => {
    const { manager } = await start();
    await fc.assert(
      fc.asyncProperty(hostileValue, async (event) => {
        const response = await manager.handle(event);
        expectLegal(response);
        expect(response.statusCode).toBe(400);
      }),
      { numRuns: 2_000 },
    );
  });

  it('answers mutated events with a legal response', async () => {
    const { manager } = await start();
    await fc.assert(
      fc.asyncProperty(mutatedEvent, async (event) => expectLegal(await manager.handle(event))),
      { numRuns: 4_000 },
    );
  });

  it('raises no lifecycle event for a message, whatever its route is called', async () => {
    const { manager, raised } = await start();
    await fc.assert(
      fc.asyncProperty(hostileRoute, hostileBody, fc.boolean(), async (routeKey, body, isBase64Encoded) => {
        const response = await manager.handle({ ...message('AbCdEfGhIAMCJkL=', body, routeKey), isBase64Encoded });
        expectLegal(response);
        expect(raised).toEqual([]);
      }),
      { numRuns: 4_000 },
    );
  });

  it('hands listeners what the body decodes to, or null, and nothing else', async () => {
    const { manager, heard } = await start();
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.json({ maxDepth: 3 }),
        fc.boolean(),
        async (bytes, json, isJson) => {
          const body = Buffer.from(isJson ? Buffer.from(json) : bytes).toString('base64');
          await manager.handle({ ...message('AbCdEfGhIAMCJkL=', body), isBase64Encoded: true });
          const decoded = heard.pop();
          if (isJson) expect(decoded).toEqual(JSON.parse(json));
          else expect(JSON.stringify(decoded ?? null)).toBe(JSON.stringify(decodedOrNull(bytes)));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  const oversized: [description: string, body: string, isBase64Encoded: boolean, statusCode: number][] = [
    ['10 MB of text', 'x'.repeat(10_000_000), false, 413],
    ['10 MB of JSON', JSON.stringify({ text: 'x'.repeat(10_000_000) }), false, 413],
    ['10 MB in base64', Buffer.alloc(10_000_000).toString('base64'), true, 413],
    ['few characters of many bytes', '€'.repeat(500_000), false, 413],
    ['arrays in arrays', '['.repeat(500_000), false, 400],
    ['objects in objects', '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000), false, 400],
    ['arrays in arrays, in base64', Buffer.from('['.repeat(500_000)).toString('base64'), true, 400],
  ];
  it.each(oversized)('refuses %s, with the reason', async (_, body, isBase64Encoded, statusCode) => {
    const { manager, heard } = await start();
    const response = await manager.handle({ ...message('AbCdEfGhIAMCJkL=', body), isBase64Encoded });
    expect(response.statusCode).toBe(statusCode);
    expect((JSON.parse(response.body) as { error: string }).error).toMatch(/^Expected the body to /);
    expect(heard).toEqual([]);
  });

  const malformed: [description: string, event: unknown, field: string][] = [
    ['nothing', undefined, 'the event'],
    ['a text', 'event', 'the event'],
    ['an array', [], 'the event'],
    ['no request context', {}, 'requestContext'],
    ['a request context of null', { requestContext: null }, 'requestContext'],
    ['no connection id', { requestContext: { routeKey: '$connect' } }, 'requestContext.connectionId'],
    ['a numeric connection id', { requestContext: { routeKey: 'x', connectionId: 7 } }, 'requestContext.connectionId'],
    ['no route key', { requestContext: { connectionId: 'AbCdEfGhIAMCJkL=' } }, 'requestContext.routeKey'],
    ['a body that is an object', { ...message('AbCdEfGhIAMCJkL=', ''), body: {} }, 'body'],
  ];
  it.each(malformed)('names the field that is wrong: %s', async (_, event, field) => {
    const { manager } = await start();
    const response = await manager.handle(event);
    expect(response.statusCode).toBe(400);
    expect((JSON.parse(response.body) as { error: string }).error).toContain(`expected ${field} to be `);
  });
});

function decodedOrNull(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}
