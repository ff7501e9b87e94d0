// A process that answers POSTs on keep-alive connections: it looks for nothing but where each ends, so that it is not what is measured.
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout } from 'node:timers';
import { createServer as createTlsServer } from 'node:tls';

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = Buffer.from('ontent-length: ');
const CAPITAL_LENGTH = Buffer.from('ontent-Length: ');

const answer = (status, fields) =>
  Buffer.from(
    [
      `HTTP/1.1 ${status}`,
      `Date: ${new Date().toUTCString()}`,
      'Content-Length: 0',
      'Connection: keep-alive',
      'x-amzn-RequestId: 5a1f0e4b-8a3c-4b52-9a52-2d4c6b1a7e10',
      ...fields,
      '\r\n',
    ].join('\r\n'),
  );
const answers = {
  200: answer('200 OK', ['x-amz-apigw-id: BFHPhfCWIAMCKlQ=']),
  410: answer('410 Gone', ['x-amzn-ErrorType: GoneException']),
};

let delayMs = 0;
let reply = answers[200];
/** Sockets whose answer is due, the earliest first: all wait for the same time. */
const waiting = [];
let isTimed = false;

function respond(socket) {
  if (delayMs === 0) return void socket.write(reply);
  waiting.push({ socket, dueAt: performance.now() + delayMs });
  if (isTimed) return;
  isTimed = true;
  setTimeout(respondToDue, delayMs);
}

function respondToDue() {
  const now = performance.now();
  let due = 0;
  while (due < waiting.length && waiting[due].dueAt <= now) due++;
  for (const { socket } of waiting.splice(0, due)) socket.write(reply);
  isTimed = waiting.length > 0;
  if (isTimed) setTimeout(respondToDue, Math.max(1, waiting[0].dueAt - performance.now()));
}

/** How many bytes of body a head announces; what has no length has no body. */
function lengthIn(head) {
  let at = head.indexOf(LENGTH);
  if (at < 0) at = head.indexOf(CAPITAL_LENGTH);
  if (at < 0) return 0;
  let length = 0;
  for (let index = at + LENGTH.length; head[index] >= 48 && head[index] <= 57; index++) {
    length = length * 10 + head[index] - 48;
  }
  return length;
}

function serve(socket) {
  let head = null;
  let missing = 0;
  socket.setNoDelay();
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    for (let rest = chunk; rest.length > 0;) {
      if (missing > 0) {
        const taken = Math.min(missing, rest.length);
        missing -= taken;
        rest = rest.subarray(taken);
      } else {
        if (head !== null) rest = Buffer.concat([head, rest]);
        const end = rest.indexOf(HEAD_END);
        head = end < 0 ? rest : null;
        if (head !== null) return;
        missing = lengthIn(rest.subarray(0, end));
        rest = rest.subarray(end + HEAD_END.length);
        if (missing === 0) respond(socket);
        continue;
      }
      if (missing === 0) respond(socket);
    }
  });
}

const [key, cert] = process.argv.slice(2);
const server =
  key === undefined
    ? createPlainServer(serve)
    : createTlsServer({ key: readFileSync(key), cert: readFileSync(cert), ALPNProtocols: ['http/1.1'] }, serve);
server.on('tlsClientError', () => {});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => process.send({ port: server.address().port }));

process.on('message', ({ configure }) => {
  if (configure !== undefined) {
    delayMs = configure.delayMs;
    reply = answers[configure.status];
  }
  process.send({ cpu: process.cpuUsage() });
});
process.on('disconnect', () => process.exit());
