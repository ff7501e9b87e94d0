import { Logger as Powertools } from '@aws-lambda-powertools/logger';
import { Logger, Module } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { WebSocketModule } from '../../src/index.js';
import { createLambdaHandler, type LambdaHandlerOptions } from '../../src/lambda/index.js';
import { connect, message } from './events.js';

/*
 * A function whose listeners fail and log, with the console as Lambda's runtime has it: what is given to it in one call is one event of the log, which
 * has time, request id and level in front, and no end of line in it. What is written to stdout in any other way is one event for each line.
 */

let requestId = 'none';
const LEVELS = { debug: 'DEBUG', info: 'INFO', log: 'INFO', warn: 'WARN', error: 'ERROR' } as const;
if (process.env['PLAIN_CONSOLE'] === undefined) {
  for (const [method, level] of Object.entries(LEVELS) as [keyof typeof LEVELS, string][]) {
    console[method] = (text: unknown) =>
      process.stdout.write(
        `${[new Date().toISOString(), requestId, level, String(text)].join('\t').replaceAll('\n', '\r')}\n`,
      );
  }
}

@Module({ imports: [EventEmitterModule.forRoot(), WebSocketModule.forRoot()] })
class AppModule {}

let tellStarted: () => void;
const started = new Promise<void>((resolve) => (tellStarted = resolve));
const levels = process.env['LOGGED']?.split(',') as ('log' | 'warn')[] | undefined;
const options: LambdaHandlerOptions = {
  ...(levels !== undefined && { application: { logger: levels } }),
  ...(process.env['POWERTOOLS'] !== undefined && { logger: new Powertools({ serviceName: 'chat' }) }),
  onStart: (application) => {
    const emitter = application.get(EventEmitter2, { strict: false });
    emitter.on('websocket.connected', () => {
      new Logger('Chat').warn('Somebody came', { room: 'lobby', level: 'spoofed' });
      new Logger('Chat').log('Hello');
      new Logger('Chat').debug('Psst');
    });
    emitter.on('websocket.message', () => {
      throw Object.assign(new Error('The query failed\nfor good', { cause: new TypeError('No row') }), {
        request: { password: 'hunter2' },
      });
    });
    new Logger('Chat').warn('Ready');
    tellStarted();
  },
};
const handler = createLambdaHandler(AppModule, options);
await started;
const isHandled = async (event: unknown, awsRequestId: string): Promise<void> => {
  requestId = awsRequestId;
  await handler(event, { awsRequestId });
};
await isHandled(connect({ connectionId: 'BFHPhfCWIAMCKlQ=' }), 'request-1');
await isHandled(message('BFHPhfCWIAMCKlQ=', 'Hello'), 'request-2');
