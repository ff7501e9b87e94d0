import { expect, it } from '@jest/globals';
import { typeCheck } from '../docs/block-checker.js';

const GIVEN = [
  "import { OnWebSocketConnect, OnWebSocketDisconnect, OnWebSocketMessage } from 'nestjs-apigateway-websocket';",
  "import type { ConnectedEvent, DisconnectedEvent, MessageEvent } from 'nestjs-apigateway-websocket';",
  "import { IsString } from 'class-validator';",
  "import * as v from 'valibot';",
  "import { z } from 'zod';",
  'const zod = z.object({ n: z.string().transform(Number) });',
  'const valibot = v.object({ text: v.string() });',
  'class Said { @IsString() text!: string; }',
];

const FITTING = [
  '@OnWebSocketConnect() on(event: ConnectedEvent) {}',
  '@OnWebSocketConnect() on() {}',
  '@OnWebSocketConnect() async on({ connection }: ConnectedEvent): Promise<void> { await connection; }',
  '@OnWebSocketDisconnect() on(event: DisconnectedEvent) {}',
  '@OnWebSocketDisconnect() on({ connectionId }: { connectionId: string }) { return connectionId; }',
  '@OnWebSocketMessage() on() {}',
  "@OnWebSocketMessage('a') on({ message }: MessageEvent) { return message; }",
  "@OnWebSocketMessage('a') on(event: MessageEvent<{ room: string }>) {}",
  "@OnWebSocketMessage<{ room: string }>('a') on(event: MessageEvent<{ room: string }>) {}",
  "@OnWebSocketMessage('a', { schema: zod }) on(event: MessageEvent<{ n: number }>) {}",
  "@OnWebSocketMessage('a', { schema: zod }) on(event: MessageEvent<z.infer<typeof zod>>) {}",
  "@OnWebSocketMessage('a', { schema: valibot }) on(event: MessageEvent<{ text: string }>) {}",
  "@OnWebSocketMessage('a', { schema: Said }) on(event: MessageEvent<Said>) {}",
];

const WRONG = [
  '@OnWebSocketConnect() on(event: DisconnectedEvent) {}',
  '@OnWebSocketConnect() on(event: string) {}',
  '@OnWebSocketDisconnect() on(event: ConnectedEvent & { more: number }) {}',
  '@OnWebSocketDisconnect() on(event: DisconnectedEvent, more: number) {}',
  "@OnWebSocketMessage('a') on(event: ConnectedEvent) {}",
  "@OnWebSocketMessage('a') on(event: string) {}",
  "@OnWebSocketMessage<{ room: string }>('a') on(event: MessageEvent<{ room: number }>) {}",
  "@OnWebSocketMessage('a', { schema: zod }) on(event: MessageEvent<{ n: string }>) {}",
  "@OnWebSocketMessage('a', { schema: zod }) on(event: { n: number }) {}",
  "@OnWebSocketMessage('a', { schema: valibot }) on(event: MessageEvent<{ text: number }>) {}",
  "@OnWebSocketMessage('a', { schema: Said }) on(event: MessageEvent<{ text: number }>) {}",
  "@OnWebSocketMessage('a', { schema: 5 }) on(event: MessageEvent) {}",
  '@OnWebSocketConnect() on = 1;',
];

it('a listener takes what its decorator gives, and one that takes something else does not compile', () => {
  const members = [...FITTING, ...WRONG];
  const classes = members.map((member, index) => `export class Listener${index} { ${member} }`);
  const block = { document: 'listeners', line: 1, language: 'ts', fileName: null };
  const problems = typeCheck([{ ...block, text: [...GIVEN, ...classes].join('\n') }]);
  const wrong = problems.map((problem) => Number(problem.split(':')[1]) - GIVEN.length - 1);
  const refused = [...new Set(wrong)].map((index) => members[index]);
  expect(refused.sort()).toEqual(WRONG.toSorted());
}, 120_000);
