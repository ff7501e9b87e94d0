import { InvalidPayloadError } from '../errors/invalid-payload.error.js';
import { PayloadTooLargeError } from '../errors/payload-too-large.error.js';

const encoder = new TextEncoder();

/**
 * The bytes of one message: bytes as they are, anything else as JSON in UTF-8. The limit counts bytes, not characters.
 *
 * @throws InvalidPayloadError when `data` has no JSON form
 * @throws PayloadTooLargeError when the bytes are more than `maxBytes`
 */
export function encodePayload(data: unknown, maxBytes: number): Uint8Array {
  const bytes = data instanceof Uint8Array ? data : encoder.encode(toJson(data));
  if (bytes.byteLength > maxBytes) throw new PayloadTooLargeError(bytes.byteLength, maxBytes);
  return bytes;
}

function toJson(data: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(data);
  } catch (cause) {
    throw new InvalidPayloadError({ cause });
  }
  if (text === undefined) throw new InvalidPayloadError();
  return text;
}
