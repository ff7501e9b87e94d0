import { InvalidPayloadError } from '../errors/invalid-payload.error.js';
import { NameLimits } from '../protocol/limits.js';
import type { ChannelMessage } from '../protocol/wire/server.messages.js';
import type { WirePosition } from '../protocol/wire/stream.position.js';
import { WireLimits } from '../protocol/wire/wire.limits.js';

/**
 * How many bytes a message of a channel may grow by on its way to a client: a number, `,"epoch":"…","offset":9007199254740991`, and the part that it comes
 * in when it is recovered, `{"type":"part","id":"…","channel":"…","messages":[…]}`. Six bytes are the most that JSON makes of one character.
 */
const NUMBER_BYTES = 40 + 6 * WireLimits.epochChars;
const PART_BYTES = 60 + 2 * WireLimits.requestIdChars + 6 * NameLimits.channelChars;

/** @throws InvalidPayloadError when the value has no JSON form */
export function jsonOf(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new InvalidPayloadError({ cause });
  }
  if (text === undefined) throw new InvalidPayloadError();
  return text;
}

/** The JSON of a message, without a number. @throws InvalidPayloadError when its data has no JSON form */
export function messageText({ data, ...message }: Omit<ChannelMessage, 'epoch' | 'offset'>): string {
  // First what is small, so that the log of a network tells what it is about; the data last.
  return `${JSON.stringify(message).slice(0, -1)},"data":${jsonOf(data)}}`;
}

/** The same with its number. */
export function numbered(text: string, { epoch, offset }: WirePosition): string {
  return `${text.slice(0, -1)},"epoch":${JSON.stringify(epoch)},"offset":${offset}}`;
}

/** How many bytes a message may take at most on its way to any client. */
export function sizeOfMessage(text: string, isNumbered: boolean): number {
  return Buffer.byteLength(text) + (isNumbered ? NUMBER_BYTES + PART_BYTES : 0);
}
