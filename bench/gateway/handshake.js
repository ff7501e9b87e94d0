import { Buffer } from 'node:buffer';

let handshakes = 0;

/**
 * What a client says first. With a key of its own, as clients have it: serverless-offline tells them apart by it.
 *
 * @param offer whether it offers to compress
 */
export function handshake(path, offer = false) {
  const key = Buffer.alloc(16);
  key.writeUInt32BE(++handshakes);
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Key: ${key.toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    ...(offer ? ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'] : []),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** How many short frames have come after the answer to a handshake; -1 before the end of that. */
export function framesAfterHead(head) {
  const end = head.indexOf('\r\n\r\n');
  if (end < 0) return -1;
  let frames = 0;
  for (let at = end + 4; at + 1 < head.length; frames++) {
    at += 2 + (head.charCodeAt(at + 1) & 0x7f);
    if (at > head.length) break;
  }
  return frames;
}
