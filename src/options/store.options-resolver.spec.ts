import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { EnvironmentReader } from './environment.reader.js';
import { OptionsReader } from './options.reader.js';
import { resolveStoreOptions } from './store.options-resolver.js';

const resolve = (options: object, env: Readonly<Record<string, string>> = {}) =>
  resolveStoreOptions(new OptionsReader(options as Record<string, unknown>), new EnvironmentReader(env));

const method = () => undefined;
const redisClient = { withCommandOptions: method, connect: method, on: method, off: method };
const dynamoDbClient = { send: method };
const store = Object.fromEntries(
  [
    ...['add', 'ensure', 'remove', 'findMany', 'join', 'leave', 'touch', 'connections', 'members', 'connectionsOfUser'],
    ...['staleBefore', 'channels', 'countConnections', 'ping'],
  ].map((name) => [name, method]),
);
const URL_EXPECTED = 'Expected "redis.url" to be a URL like "redis://localhost:6379", got';

describe('the store of the options', () => {
  it('is none unless one is asked for', () => {
    expect(resolve({})).toEqual({ store: null, redis: null, dynamodb: null });
    expect(resolve({ redis: false, dynamodb: false })).toEqual({ store: null, redis: null, dynamodb: null });
    expect(resolve({}, { WEBSOCKET_REDIS_URL: '', WEBSOCKET_DYNAMODB_TABLE: '' })).toMatchObject({
      redis: null,
      dynamodb: null,
    });
  });

  it.each([
    'redis://localhost:6379',
    'redis://localhost',
    'redis://localhost:6379/',
    'redis://localhost:6379/15',
    'rediss://user:p%40ss%2Fword@host.example:6380',
    'redis://:secret@[::1]:6379',
  ])('is Redis at %s', (url) => {
    expect(resolve({ redis: { url } })).toEqual({ store: null, redis: { url }, dynamodb: null });
    expect(resolve({}, { WEBSOCKET_REDIS_URL: url }).redis).toEqual({ url });
    expect(resolve({ redis: {} }, { WEBSOCKET_REDIS_URL: url }).redis).toEqual({ url });
  });

  it('is Redis by a client, whatever the environment says', () => {
    const options = { redis: { client: redisClient } };
    const expected = { client: redisClient };
    expect(resolve(options).redis).toBeInstanceOf(Object);
    expect(resolve(options, { WEBSOCKET_REDIS_URL: 'redis://a.example' }).redis).toEqual(expected);
    expect(resolve(options, { WEBSOCKET_DYNAMODB_TABLE: 'Table' })).toMatchObject({ redis: expected, dynamodb: null });
  });

  it('is the one that the options name, and not the one of the environment', () => {
    const env = { WEBSOCKET_REDIS_URL: 'redis://a.example', WEBSOCKET_DYNAMODB_TABLE: 'Table' };
    expect(resolve({ redis: { url: 'redis://b.example' } }, env)).toMatchObject({
      redis: { url: 'redis://b.example' },
      dynamodb: null,
    });
    expect(resolve({ dynamodb: {} }, env)).toMatchObject({ redis: null, dynamodb: { tableName: 'Table' } });
    expect(resolve({ store }, env)).toEqual({ store, redis: null, dynamodb: null });
  });

  it('is a table of DynamoDB with the defaults that are not given', () => {
    expect(resolve({ dynamodb: {} }).dynamodb).toEqual({
      tableName: 'WebSocketConnections',
      region: null,
      endpoint: null,
      client: null,
      partitions: 8,
    });
    expect(resolve({}, { WEBSOCKET_DYNAMODB_TABLE: 'Table' }).dynamodb).toMatchObject({ tableName: 'Table' });
    const given = { tableName: 'Mine', endpoint: 'http://localhost:8000', client: dynamoDbClient, partitions: 1 };
    expect(resolve({ dynamodb: given }, { WEBSOCKET_DYNAMODB_TABLE: 'Table' }).dynamodb).toMatchObject(given);
  });

  it.each<[object, string]>([
    [{ redis: {} }, `${URL_EXPECTED} undefined.`],
    [{ redis: { url: 'localhost:6379' } }, `${URL_EXPECTED} string.`],
    [{ redis: { url: 'http://localhost:6379' } }, `${URL_EXPECTED} string.`],
    [{ redis: { url: 'redis://' } }, URL_EXPECTED],
    [{ redis: { url: 'redis://localhost:99999' } }, URL_EXPECTED],
    [{ redis: { url: 'redis://localhost/news' } }, URL_EXPECTED],
    [{ redis: { url: 'redis://:%zz@localhost' } }, URL_EXPECTED],
    [{ redis: { url: 'redis://:%ff@localhost' } }, URL_EXPECTED],
    [{ redis: { url: 6379 } }, 'Expected "redis.url" to be a non-empty string, got 6379 (number).'],
    [{ redis: { client: {} } }, 'Expected "redis.client" to be a client of @redis/client 5, got object.'],
    [
      { redis: { client: redisClient, url: 'redis://a.example' } },
      'Expected "redis.url" to be left out where "redis.client" is given',
    ],
    [{ redis: { host: 'localhost' } }, 'Unknown option "redis.host"; the options are client, url.'],
    [{ redis: 'redis://localhost' }, 'Expected "redis" to be an object, got string.'],
    [{ redis: true }, 'Expected "redis" to be an object, got boolean.'],
    [
      { redis: { url: 'redis://a.example' }, dynamodb: {} },
      'Expected "dynamodb" to be left out where "redis" is given',
    ],
    [{ store, redis: { url: 'redis://a.example' } }, 'Expected "redis" to be left out where "store" is given'],
    [{ store, dynamodb: {} }, 'Expected "dynamodb" to be left out where "store" is given'],
    [
      { dynamodb: { partitions: 0 } },
      'Expected "dynamodb.partitions" to be a whole number from 1 to 256, got 0 (number).',
    ],
    [
      { dynamodb: { endpoint: 'localhost:8000' } },
      'Expected "dynamodb.endpoint" to be a URL like "http://localhost:8000"',
    ],
    [
      { dynamodb: { client: {} } },
      'Expected "dynamodb.client" to be a client of @aws-sdk/client-dynamodb, got object.',
    ],
    [{ dynamodb: { table: 'T' } }, 'Unknown option "dynamodb.table"; the options are '],
  ])('is refused with what was expected and what was got: %j', (options, message) => {
    expect(() => resolve(options)).toThrow(InvalidOptionsError);
    expect(() => resolve(options)).toThrow(message);
  });

  it('is refused when the environment asks for two', () => {
    const env = { WEBSOCKET_REDIS_URL: 'redis://:hunter2@a.example', WEBSOCKET_DYNAMODB_TABLE: 'Table' };
    expect(() => resolve({}, env)).toThrow(
      'Expected one of WEBSOCKET_REDIS_URL and WEBSOCKET_DYNAMODB_TABLE to be set, got both.',
    );
    expect(() => resolve({}, env)).not.toThrow(/hunter2/);
  });

  it('is refused without a word of the password in its URL', () => {
    for (const url of [
      'http://:hunter2@localhost',
      'redis://:hunter2@',
      'redis://:hunter2@localhost/news',
      'redis://:hunter2%zz@localhost',
      ':hunter2@localhost',
    ]) {
      for (const run of [
        () => resolve({ redis: { url } }),
        () => resolve({}, { WEBSOCKET_REDIS_URL: url }),
        () => resolve({ redis: url }),
        () => resolve({ redis: { client: redisClient, url } }),
        () => resolve({ redis: { url }, dynamodb: {} }),
      ]) {
        expect(run).toThrow(InvalidOptionsError);
        expect(run).not.toThrow(/hunter2/);
      }
    }
  });
});
