import { describe, expect, it } from '@jest/globals';
import { actionOf, parseClientMessage } from '../../src/channels/wire.parser.js';
import { CLIENT_ACTIONS } from '../../src/protocol/wire/client.messages.js';
import { RETRYABLE_WIRE_ERRORS, WireErrorCodes } from '../../src/protocol/wire/wire.error.codes.js';
import { blocks, documentedCodes, documentExamples } from './document.js';
import { serverMessageTypes, shapeProblem } from './server.message.shape.js';

const examples = documentExamples();
const ofClients = examples.filter(({ isOfClient }) => isOfClient);
const ofServer = examples.filter(({ isOfClient }) => !isOfClient);

describe('The document of the wire protocol', () => {
  it('has nothing but lines of JSON in its blocks', () => {
    expect(new Set(blocks)).toEqual(new Set(['jsonl']));
    expect(examples.length).toBeGreaterThan(25);
  });

  it.each(ofClients.map(({ line, message }) => [line, message]))(
    'shows what the server reads as it is: %s',
    (_line, message) => {
      const action = actionOf(message);
      expect(action).toBe((message as { action: string }).action);
      expect(parseClientMessage(message, action!)).toEqual(message);
    },
  );

  it.each(ofServer.map(({ line, message }) => [line, message]))(
    'shows a message of the server as its types have it: %s',
    (_line, message) => {
      expect(shapeProblem(message)).toBeNull();
    },
  );

  it('has an example of every action, and of every type of message', () => {
    expect(new Set(ofClients.map(({ message }) => message['action']))).toEqual(CLIENT_ACTIONS);
    expect(new Set(ofServer.map(({ message }) => message['type']))).toEqual(new Set(serverMessageTypes));
  });

  it('lists the codes of all errors, each once', () => {
    expect(documentedCodes().map(({ code }) => code)).toEqual([...WireErrorCodes]);
  });

  it('says of each code whether to try again, as the server does', () => {
    const retried = documentedCodes().flatMap(({ code, mayRetry }) => (mayRetry ? [code] : []));
    expect(new Set(retried)).toEqual(RETRYABLE_WIRE_ERRORS);
  });

  it.each([
    [{ type: 'pong' }],
    [{ type: 'pong', timestamp: 'now' }],
    [{ type: 'pong', timestamp: 1_795_291_200_000, extra: 1 }],
    [{ type: 'message', channel: 'room.1', id: 'a', timestamp: 1_795_291_200_000 }],
    [{ type: 'toString' }],
    [{ action: 'ping' }],
    [null],
  ])('would be found out if it showed %j', (message) => {
    expect(shapeProblem(message)).not.toBeNull();
  });
});
