import { describe, expect, it } from '@jest/globals';
import { blocksOf } from '../docs/documents.js';
import { typeCheck } from '../docs/block-checker.js';

const HEAD = `
import { WebSocketClient, type WebSocketContract } from 'nestjs-apigateway-websocket/client';
interface Chat extends WebSocketContract {
  channels: { 'room.{id}': { text: string }; 'presence-room.{id}': { text: string }; news: string };
  events: { rooms: { request: { page: number }; reply: string[] } };
}
declare const client: WebSocketClient<Chat>;
`;

/** What the compiler says of each of these lines, below a client with a contract. */
function problemsOf(...lines: readonly string[]): string[] {
  const blocks = lines.flatMap((line, index) =>
    blocksOf(`made-up-${index}.md`, `\`\`\`ts\n${HEAD}${line}\nexport {};\n\`\`\``),
  );
  const problems = typeCheck(blocks);
  return lines.map((_, index) => problems.find((problem) => problem.startsWith(`made-up-${index}.md:`)) ?? 'fine');
}

describe('the types of the client', () => {
  it('take what the contract promises, and refuse what it does not', () => {
    const problems = problemsOf(
      `client.subscribe('room.1').onMessage(({ data }) => data.text.length);`,
      `client.join('presence-room.1').on('said', (data, message) => [data.text, message.timestamp]);`,
      `await client.subscribe('news').publish('fine', { event: 'e' });`,
      `const names: string[] = await client.request('rooms', { page: 1 }); names.at(0);`,
      `await new WebSocketClient({ urls: 'ws://a' }).subscribe('anything').publish(1);`,
      `import { WebSocket } from 'ws'; new WebSocketClient({ urls: ['ws://a'], WebSocket });`,
      `client.subscribe('rooms.1');`,
      `client.subscribe('room.1').onMessage(({ data }) => data.words);`,
      `await client.subscribe('news').publish({ text: 'x' });`,
      `await client.request('unknown');`,
      `await client.request('rooms', { page: 'one' });`,
    );
    expect(problems.slice(0, 6)).toEqual(Array<string>(6).fill('fine'));
    expect(problems.slice(6)).toEqual([
      expect.stringContaining(`"rooms.1"' is not assignable`),
      expect.stringContaining(`'words' does not exist`),
      expect.stringContaining('is not assignable'),
      expect.stringContaining(`"unknown"' is not assignable`),
      expect.stringContaining(`'string' is not assignable to type 'number'`),
    ]);
  }, 180_000);
});
