import { expect } from '@jest/globals';
import { sha256Hex } from '../../src/signing/sigv4.js';
import { gatewayApp, type GatewayApp } from '../support/gateway-app.js';
import { close, text } from '../support/frames.js';
import { WireClient, type ServerClose } from '../support/wire-client.js';
import type { EmbeddedGatewayOptions } from '../../src/index.js';

/** One row of a table: what a client sends, and what it sees then. */
export interface Case {
  /** Goes on after "A client that sends …". */
  readonly name: string;
  readonly sends: readonly Uint8Array[];
  /** The messages that come back: a text as it is, bytes in base64. @default none */
  readonly echoes?: readonly string[];
  /** The payloads of the pongs, in Latin-1. @default none */
  readonly pongs?: readonly string[];
  /** How the server ends the connection. @default it goes on, until the client closes with 1000 */
  readonly closes?: ServerClose;
  /** RSV1 has a meaning where compression was agreed. */
  readonly isForPlainConnections?: boolean;
}

/** A client's messages come one after another, so that what comes back is in order. */
export async function echoApp(options: EmbeddedGatewayOptions = {}): Promise<GatewayApp> {
  const app: GatewayApp = await gatewayApp()
    .gateway({ maxInFlightMessages: 1, ...options })
    .on('websocket.message', ({ connectionId, eventData }) =>
      app.manager.sendToConnection(connectionId, Buffer.from(eventData.body ?? '')),
    )
    .start();
  return app;
}

const FENCE = 'the end of the case';

/** Holds a row, and that the connection is closed in the end, on both sides of the socket. */
export async function expectCase(client: WireClient, { sends, ...expected }: Case, pieceBytes?: number): Promise<void> {
  const { echoes = [], pongs = [], closes } = expected;
  await client.write(Buffer.concat(sends), pieceBytes);
  if (closes === undefined) {
    await client.write(text(FENCE));
    await Promise.race([client.closed, fenceOf(client)]);
    expect(client.texts.all.map(summary)).toEqual([...echoes, FENCE].map(summary));
    await client.write(close(1000));
    expect(await client.closed).toBe(1000);
  } else {
    expect(await client.closed).toBe(closes);
    // What is still being handled when a frame breaks the connection is answered to nobody.
    expect(client.texts.all.map(summary)).toEqual(echoes.slice(0, client.texts.all.length).map(summary));
  }
  expect(client.pongs.all).toEqual(pongs);
  expect(client.offences).toEqual([]);
}

async function fenceOf(client: WireClient): Promise<void> {
  while ((await client.texts.next()) !== FENCE);
}

/** What a failure prints of a long text. */
function summary(value: string): string {
  return value.length <= 100 ? value : `${value.length} characters, SHA-256 ${sha256Hex(value)}`;
}
