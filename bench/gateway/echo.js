import * as names from './arms/arms.js';
import { Stand } from './stand.js';

/** One message of each is under way at a time. */
const CONNECTIONS = 50;

export const ECHO = '200 B';

/** `share` is how much of the messages a slow server gets. */
const ARMS = [
  { name: names.ROUTE_RESPONSE, arm: names.OURS, setup: { answersBy: 'response' } },
  { name: names.SEND_BACK, arm: names.OURS, setup: { answersBy: 'send' } },
  { name: names.WS_JSON, arm: names.WS, setup: {} },
  { name: names.IO_EVENT, arm: names.IO, setup: {} },
  { name: names.OFFLINE_RESPONSE, arm: names.OFFLINE, setup: { answersBy: 'response' }, share: 0.1 },
  { name: names.OFFLINE_SEND_BACK, arm: names.OFFLINE, setup: { answersBy: 'send' }, share: 0.1 },
];

/** What a message and its answer take of the server. */
export async function measureEcho({ messages }, { rounds, arms, samples, profile }) {
  const stands = [];
  try {
    for (const { name, arm, setup, share = 1 } of ARMS.filter(({ arm }) => names.chosen([arm], arms).length > 0)) {
      const stand = await Stand.start(arm, setup);
      stands.push({ name, stand, share: messages * share });
      await stand.open(CONNECTIONS);
      await echo(stand, messages * share);
    }
    for (let round = 0; round < rounds; round++) {
      for (let index = 0; index < stands.length; index++) {
        const { name, stand, share } = stands[(round + index) % stands.length];
        if (profile !== undefined) await stand.server.ask({ ask: 'profile' });
        samples.add(name, ECHO, round, await echo(stand, share));
        if (profile !== undefined) await stand.server.ask({ ask: 'profile', file: `${profile}-${index}.cpuprofile` });
      }
    }
  } finally {
    for (const { stand } of stands) await stand.stop();
  }
}

async function echo(stand, messages) {
  const { cpuUs: before } = await stand.server.ask({ ask: 'cpu' });
  await stand.clients.ask({ ask: 'echo', text: stand.server.greeting.echo, connections: CONNECTIONS, messages });
  const { cpuUs } = await stand.server.ask({ ask: 'cpu' });
  return { cpuUs: (cpuUs - before) / messages };
}
