import {
  ApiGatewayManagementApiClient,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { Buffer } from 'node:buffer';
import { forEachIndex } from '../../state/population.js';
import { idOf } from './ids.js';
import { credentials, REGION } from './credentials.js';

function createClient(endpoint, requestHandler) {
  return new ApiGatewayManagementApiClient({
    endpoint,
    region: REGION,
    credentials,
    ...(requestHandler && { requestHandler }),
  });
}

function post(client, payload) {
  const Data = Buffer.from(JSON.stringify(payload));
  return async (index) => {
    try {
      await client.send(new PostToConnectionCommand({ ConnectionId: idOf(index), Data }));
      return true;
    } catch (error) {
      if (error instanceof GoneException) return false;
      throw error;
    }
  };
}

/** What most sample code does: one message after the other. */
export async function sdkSequential({ endpoint, payload }) {
  const deliver = post(createClient(endpoint), payload);
  return {
    send: async (count) => {
      let delivered = 0;
      for (let index = 0; index < count; index++) if (await deliver(index)) delivered++;
      return delivered;
    },
  };
}

/** What the rest does: all at once, with the client's own sockets. */
export async function sdkPromiseAll({ endpoint, payload }) {
  const deliver = post(createClient(endpoint), payload);
  return {
    send: async (count) => {
      const results = await Promise.all(Array.from({ length: count }, (_, index) => deliver(index)));
      return results.filter(Boolean).length;
    },
  };
}

/** The best that can be done with options: keep-alive, and so many requests and sockets at once. */
export async function sdkBounded({ endpoint, payload, concurrency }) {
  const agent = { keepAlive: true, maxSockets: concurrency };
  const deliver = post(createClient(endpoint, { httpAgent: agent, httpsAgent: agent }), payload);
  return {
    send: async (count) => {
      let delivered = 0;
      await forEachIndex(count, concurrency, async (index) => {
        if (await deliver(index)) delivered++;
      });
      return delivered;
    },
  };
}
