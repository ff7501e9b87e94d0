import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Wire } from '../contract/wire.js';

/**
 * The same client, whose calls of `methods` go over the wire: `['get', 'set', 'delete']` of a Keyv adapter, `['evalSha', 'eval']` of a
 * client of Redis.
 */
export function overWire<Client extends object>(client: Client, wire: Wire, methods: readonly string[]): Client {
  return new Proxy(client, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function' || property === 'constructor') return value;
      const method = value.bind(target) as (...parameters: unknown[]) => unknown;
      if (property === 'withCommandOptions')
        return (options: unknown) => overWire(method(options) as Client, wire, methods);
      if (!methods.includes(String(property))) return method;
      return (...parameters: unknown[]) =>
        wire.carry(`${String(property)} ${describe(parameters[0])}`, async () => method(...parameters));
    },
    // A setter may touch what is private to the client itself.
    set: (target, property, value) => Reflect.set(target, property, value, target),
  });
}

/**
 * Puts a client of DynamoDB on the wire, below its retries: what is lost there the client sends again by itself.
 */
export function putOnWire(client: DynamoDBClient, wire: Wire): DynamoDBClient {
  client.middlewareStack.add(
    (next, { commandName }) =>
      (request) =>
        wire.carry(`${commandName}`, () => next(request)),
    { step: 'deserialize', priority: 'high', name: 'wire' },
  );
  return client;
}

function describe(parameter: unknown): string {
  return typeof parameter === 'string' ? parameter : JSON.stringify(parameter);
}
