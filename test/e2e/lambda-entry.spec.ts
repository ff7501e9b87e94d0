import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { goldenEvent } from '../support/gateway-events.js';
import { ManagementApiServer } from '../support/management-api-server.js';
import { SECRETS } from './homes.js';
import { startLambda, type LambdaProcess } from './lambda-process.js';

const ROOM = 'presence-room.lobby';

let api: ManagementApiServer;
let lambda: LambdaProcess;

beforeEach(async () => {
  api = await ManagementApiServer.start();
  lambda = await startLambda({ ...SECRETS, WEBSOCKET_API_GATEWAY_ENDPOINT: api.endpoint() });
});

afterEach(async () => {
  await lambda.stop();
  await api.stop();
});

async function raise(golden: string, context: object, fields: object): Promise<void> {
  const event = goldenEvent(golden);
  const { statusCode, body } = await lambda.invoke({
    ...event,
    ...fields,
    requestContext: { ...event.requestContext, ...context },
  });
  if (statusCode !== 200) throw new Error(`The Lambda answered ${statusCode}: ${body}\n${lambda.log}`);
}

/** Somebody with an id that has to be encoded in a URL. */
async function enter(name: string): Promise<{ connectionId: string; ask: (request: object) => Promise<void> }> {
  const connectionId = `Chat+/${name}=`;
  await raise('connect', { connectionId }, { queryStringParameters: { token: `${name}:${'a'.repeat(32)}` } });
  const ask = (request: object): Promise<void> =>
    raise('message', { connectionId, routeKey: '$default' }, { body: JSON.stringify(request) });
  await ask({ action: 'hello', protocol: 1 });
  await ask({ action: 'subscribe', id: '1', channel: ROOM, presence: true });
  return { connectionId, ask };
}

describe('The Lambda entry of the sample chat', () => {
  it('lets someone disappear whose connection API Gateway calls gone, although no $disconnect came', async () => {
    const [alice, bob] = [await enter('Alice'), await enter('Bob')];
    api.answerWith(({ connectionId }) => (connectionId === bob.connectionId ? 410 : 200));
    await alice.ask({ action: 'publish', id: '2', channel: ROOM, event: 'said', data: { text: 'Bob?' } });
    const heard = api.inboxes[alice.connectionId]!;
    const bobsId = expect.stringMatching(/^Bob~/);
    expect(heard).toContainEqual(expect.objectContaining({ type: 'message', data: { text: 'Bob?' } }));
    expect(heard).toContainEqual({ type: 'leaving', channel: ROOM, member: { id: bobsId } });
  });

  it('starts anew at the next event after a start that failed', async () => {
    const event = {
      ...goldenEvent('connect'),
      queryStringParameters: { token: `Late:${'b'.repeat(32)}` },
    };
    const fresh = await startLambda({ WEBSOCKET_API_GATEWAY_ENDPOINT: api.endpoint() });
    try {
      await expect(fresh.invoke(event)).rejects.toThrow('CHAT_SECRET');
      expect(await fresh.invoke(event, SECRETS)).toEqual({ statusCode: 200, body: '{"message":"Connected"}' });
    } finally {
      await fresh.stop();
    }
  });
});
