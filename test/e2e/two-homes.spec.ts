import { afterEach, describe, expect, it } from '@jest/globals';
import { describeWith, nginx, openssl, redisServer } from '../support/program.js';
import { EmbeddedHome, LambdaHome, type Frame, type Home, type Participant } from './homes.js';

const homes: Home[] = [];

async function opened<Kind extends Home>(starting: Promise<Kind>): Promise<Kind> {
  const home = await starting;
  homes.push(home);
  return home;
}

afterEach(async () => {
  for (const home of homes.splice(0)) await home.stop();
});

/** An evening in the chat, and what each of the three was sent during it. */
async function chat(home: Home): Promise<Record<'alice' | 'bob' | 'chidi', Frame[]>> {
  const [alice, bob, chidi] = await Promise.all([home.enter(), home.enter(), home.enter()]);

  await alice.ask({ action: 'join', room: 'lobby' }, 'error');
  await alice.ask({ action: 'name', name: 'Alice' }, 'welcome');
  await bob.ask({ action: 'name', name: '  Bob ' }, 'welcome');
  await chidi.ask({ action: 'name', name: 'ALICE' }, 'error');
  await chidi.ask({ action: 'name', name: 'Chidi' }, 'welcome');

  await alice.ask({ action: 'join', room: 'lobby' }, 'room');
  await bob.ask({ action: 'join', room: 'Lobby' }, 'room');
  await alice.ask({ action: 'say', room: 'lobby', text: 'Hello, Bob 👋' }, 'message');
  await chidi.ask({ action: 'say', room: 'lobby', text: 'And me?' }, 'error');
  await chidi.ask({ action: 'who', room: 'lobby' }, 'room');

  await alice.ask({ action: 'whisper', to: 'bob', text: 'just us two' }, 'whisper');
  await chidi.ask({ action: 'whisper', to: 'Dora', text: 'anyone?' }, 'error');
  await chidi.ask({ action: 'say', room: { length: 5 }, text: ['x'] }, 'error');

  await alice.ask({ action: 'leave', room: 'lobby' }, 'left');
  await alice.ask({ action: 'join', room: 'lobby' }, 'room');
  await bob.vanish();
  await alice.ask({ action: 'whisper', to: 'Bob', text: 'still there?' }, 'error');

  return { alice: frames(alice), bob: frames(bob), chidi: frames(chidi) };
}

/** What somebody was sent, with every instant of the last minute as `now`. */
function frames({ frames }: { readonly frames: readonly Frame[] }): Frame[] {
  const isNow = (at: unknown): boolean => typeof at === 'number' && Math.abs(Date.now() - at) < 60_000;
  return frames.map((frame) => ('at' in frame && isNow(frame['at']) ? { ...frame, at: 'now' } : frame));
}

const rooms = [
  { room: 'kitchen', members: 0 },
  { room: 'lobby', members: 0 },
  { room: 'workshop', members: 0 },
];
const count = (members: number): Frame => ({ type: 'count', room: 'lobby', members });
const hello = { type: 'message', room: 'lobby', from: 'Alice', text: 'Hello, Bob 👋', at: 'now' };
const whisper = { type: 'whisper', from: 'Alice', to: 'Bob', text: 'just us two', at: 'now' };

const expected = {
  alice: [
    { type: 'error', action: 'join', code: 'no-name', message: 'Choose a name first.' },
    { type: 'welcome', name: 'Alice', rooms, joined: [] },
    count(1),
    { type: 'room', room: 'lobby', members: ['Alice'] },
    { type: 'joined', room: 'lobby', name: 'Bob' },
    count(2),
    hello,
    whisper,
    count(1),
    { type: 'left', room: 'lobby', name: 'Alice' },
    count(2),
    { type: 'room', room: 'lobby', members: ['Alice', 'Bob'] },
    { type: 'left', room: 'lobby', name: 'Bob' },
    count(1),
    { type: 'error', action: 'whisper', code: 'not-here', message: 'Bob is not here.' },
  ],
  bob: [
    { type: 'welcome', name: 'Bob', rooms, joined: [] },
    count(1),
    count(2),
    { type: 'room', room: 'lobby', members: ['Alice', 'Bob'] },
    hello,
    whisper,
    { type: 'left', room: 'lobby', name: 'Alice' },
    count(1),
    { type: 'joined', room: 'lobby', name: 'Alice' },
    count(2),
  ],
  chidi: [
    { type: 'error', action: 'name', code: 'name-taken', message: 'ALICE is here already.' },
    { type: 'welcome', name: 'Chidi', rooms, joined: [] },
    count(1),
    count(2),
    { type: 'error', action: 'say', code: 'not-in-room', message: 'Join #lobby to talk there.' },
    { type: 'room', room: 'lobby', members: ['Alice', 'Bob'] },
    { type: 'error', action: 'whisper', code: 'not-here', message: 'Dora is not here.' },
    {
      type: 'error',
      action: 'say',
      code: 'bad-request',
      message: "A room has 1 to 32 letters, digits, spaces and . _ ' - and starts with a letter or digit.",
    },
    count(1),
    count(2),
    count(1),
  ],
};

describe('The sample chat', () => {
  it('tells everyone the same through the embedded gateway and through API Gateway', async () => {
    const embedded = await chat(await opened(EmbeddedHome.start()));
    const lambda = await chat(await opened(LambdaHome.start()));
    expect(lambda).toEqual(embedded);
    expect(embedded).toEqual(expected);
  });

  it('gives a name back to whoever shows its key, and ends the connection that had it', async () => {
    const embedded = await opened(EmbeddedHome.start());
    const [lost, ...others] = await Promise.all([embedded.enter(), embedded.enter(), embedded.enter()]);
    await takeNameBack(lost, ...others);
    expect(await lost.closeCode).toBe(4000);

    const lambda = await opened(LambdaHome.start());
    const [gone, ...rest] = await Promise.all([lambda.enter(), lambda.enter(), lambda.enter()]);
    await takeNameBack(gone, ...rest);
    expect(lambda.api.requests.all.filter(({ method }) => method === 'DELETE')).toEqual([
      expect.objectContaining({ connectionId: gone.connectionId }),
    ]);
  });
});

describeWith([redisServer, nginx, openssl], 'The sample chat on two nodes behind nginx', () => {
  it('tells everyone what it tells them on one', async () => {
    expect(await chat(await opened(EmbeddedHome.startBehindNginx()))).toEqual(expected);
  });

  it('gives a name back to whoever shows its key, on whichever node they come in', async () => {
    const home = await opened(EmbeddedHome.startBehindNginx());
    // One after another, so that the one who comes back is on another node than the one who was lost.
    const lost = await home.enter();
    const back = await home.enter();
    const thief = await home.enter();
    await takeNameBack(lost, back, thief);
    expect(await lost.closeCode).toBe(4000);
  });
});

async function takeNameBack(lost: Participant, back: Participant, thief: Participant): Promise<void> {
  const key = 'a-secret-of-this-tab';
  await lost.ask({ action: 'name', name: 'Alice', key }, 'welcome');
  await lost.ask({ action: 'join', room: 'lobby' }, 'room');
  await thief.ask({ action: 'name', name: 'Alice', key: 'a-guess-of-the-thief' }, 'error');
  await thief.ask({ action: 'name', name: 'Alice' }, 'error');
  await thief.ask({ action: 'name', name: 'Thief' }, 'welcome');
  await back.ask({ action: 'name', name: 'Alice', key }, 'welcome');
  await back.ask({ action: 'join', room: 'lobby' }, 'room');
  expect(frames(back).at(-1)).toEqual({ type: 'room', room: 'lobby', members: ['Alice'] });
  await thief.ask({ action: 'whisper', to: 'Alice', text: 'who are you now?' }, 'whisper');
  expect(frames(back).at(-1)).toMatchObject({ type: 'whisper', from: 'Thief' });
  expect(frames(lost).filter(({ type }) => type === 'whisper')).toEqual([]);
}

describe('The Lambda entry', () => {
  it('lets someone disappear whose connection API Gateway calls gone, although no $disconnect came', async () => {
    const home = await opened(LambdaHome.start());
    const [alice, bob] = await Promise.all([home.enter(), home.enter()]);
    for (const [person, name] of [
      [alice, 'Alice'],
      [bob, 'Bob'],
    ] as const) {
      await person.ask({ action: 'name', name }, 'welcome');
      await person.ask({ action: 'join', room: 'lobby' }, 'room');
    }
    home.api.answerWith(({ connectionId }) => (connectionId === bob.connectionId ? 410 : 200));
    await alice.ask({ action: 'say', room: 'lobby', text: 'Bob?' }, 'message');
    expect(frames(alice).slice(-3)).toEqual([
      { type: 'message', room: 'lobby', from: 'Alice', text: 'Bob?', at: 'now' },
      { type: 'left', room: 'lobby', name: 'Bob' },
      count(1),
    ]);
  });

  it('starts anew at the next event after a start that failed', async () => {
    const { lambda, api } = await opened(LambdaHome.start());
    const event = { requestContext: { eventType: 'CONNECT', routeKey: '$connect', connectionId: 'Late=' } };
    await expect(lambda.invoke(event, { WEBSOCKET_API_GATEWAY_ENDPOINT: 'not a url' })).rejects.toThrow(
      'apiGatewayEndpoint',
    );
    const repaired = { WEBSOCKET_API_GATEWAY_ENDPOINT: api.endpoint() };
    expect(await lambda.invoke(event, repaired)).toEqual({ statusCode: 200, body: '{"message":"Connected"}' });
  });
});
