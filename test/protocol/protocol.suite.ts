import { afterAll, afterEach, beforeAll, describe, expect } from '@jest/globals';
import { Visit, type ProtocolHome } from './protocol.home.js';
import { alive } from './sections/alive.js';
import { channels } from './sections/channels.js';
import { envelope } from './sections/envelope.js';
import { errors } from './sections/errors.js';
import { events } from './sections/events.js';
import { examples } from './sections/examples.js';
import { history } from './sections/history.js';
import { messages } from './sections/messages.js';
import { opening } from './sections/opening.js';
import { outage } from './sections/outage.js';
import { presence } from './sections/presence.js';
import { questions } from './sections/questions.js';
import { restored } from './sections/restored.js';
import { security } from './sections/security.js';

const START_MS = 90_000;

/** What is true of a home from the start. */
export interface HomeTraits {
  /** Whether its store can lose what it knows, as one in another process can. */
  readonly mayForget: boolean;
}

/** What docs/protocol.md says, asked of a home by sockets that know nothing but that document, in its order. */
export function protocolSuite(name: string, start: () => Promise<ProtocolHome>, { mayForget }: HomeTraits): void {
  describe(`The wire protocol: ${name}`, () => {
    let home: ProtocolHome | undefined;
    const visit = new Visit(() => home!);

    beforeAll(async () => {
      home = await start();
    }, START_MS);

    afterEach(async () => {
      // Every message of every test is what the document says a message is.
      expect(await visit.end()).toEqual([]);
    });

    afterAll(() => home?.stop(), START_MS);

    describe('messages and ids', () => envelope(visit));
    describe('hello', () => opening(visit));
    describe('subscribe and unsubscribe', () => channels(visit));
    describe('publish', () => messages(visit));
    describe('event', () => events(visit));
    describe('reply', () => questions(visit));
    describe('presence', () => presence(visit));
    describe('history and recovery', () => history(visit));
    describe('ping', () => alive(visit));
    describe('errors', () => errors(visit));
    describe('what a hostile client tries', () => security(visit));
    describe('the examples of the document', () => examples(visit));
    // Last: nodes take a moment to find each other again afterwards.
    if (!mayForget) return;
    describe('restored', () => restored(visit));
    describe('an outage of the store', () => outage(visit));
  });
}
