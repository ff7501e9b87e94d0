import { Logger, Module } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocketModule } from '../../src/index.js';
import { createLambdaHandler, type LambdaHandler, type LambdaHandlerOptions } from '../../src/lambda/index.js';
import { connect, message } from '../support/events.js';
import { LogCapture } from '../support/log.capture.js';
import { RecordedPowertools } from '../support/recorded.powertools.js';

const opened: { close(): Promise<void> }[] = [];
let powertools: RecordedPowertools;

beforeEach(() => {
  powertools = new RecordedPowertools();
});

afterEach(async () => {
  for (const application of opened.splice(0)) await application.close();
  Logger.overrideLogger(new LogCapture());
});

class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly request = { password: 'hunter2' };
}

class Listener {
  @OnEvent('websocket.connected', { suppressErrors: false })
  connected(): void {
    const logger = new Logger('Chat');
    logger.log('Somebody came', { room: 'lobby' });
    logger.warn({ message: 'Full', room: 'lobby', timestamp: 1 });
    logger.error('The bot failed', new QueryError('No row'));
    logger.error('The cache failed', new Error('x').stack);
    logger.debug(() => 'Psst');
    logger.verbose(['a', 1n, null]);
    logger.fatal(Object.create(null));
  }

  @OnEvent('websocket.message', { suppressErrors: false })
  message(): void {
    throw new QueryError('The query failed', { cause: new TypeError('No row') });
  }
}

@Module({ imports: [EventEmitterModule.forRoot(), WebSocketModule.forRoot()], providers: [Listener] })
class AppModule {}

function handlerOf(options: LambdaHandlerOptions = {}): LambdaHandler {
  return createLambdaHandler(AppModule, {
    logger: powertools,
    ...options,
    onStart: (application) => void opened.push(application),
  });
}

describe('the logger of Powertools', () => {
  it("gets the lines of this package in parts, with the request's id", async () => {
    await handlerOf()(message('BFHPhfCWIAMCKlQ=', 'Hello'), { awsRequestId: 'r-1' });
    expect(powertools.items).toHaveLength(1);
    expect(powertools.items[0]).toEqual({
      level: 'ERROR',
      message: 'An event could not be handled.',
      function_request_id: 'r-1',
      code: 'event.failed',
      connectionId: 'BFHPhfCWIAMCKlQ=',
      context: 'WebSocket',
      error: expect.any(Error),
    });
  });

  it('gets what was thrown as an error with its causes, and without the fields that it carries', async () => {
    await handlerOf()(message('BFHPhfCWIAMCKlQ=', 'Hello'));
    const error = powertools.items[0]!['error'] as Error;
    expect(error).toMatchObject({ name: 'QueryError', message: 'The query failed' });
    expect(error.stack).toMatch(/^QueryError: The query failed\n\s+at /);
    expect(error.cause).toMatchObject({ name: 'TypeError', message: 'No row' });
    expect(Object.keys(error)).toEqual(['cause']);
    expect(powertools.printed).not.toContain('hunter2');
  });

  it('gets what listeners log with Nest, at its level and with what they log beside it', async () => {
    await handlerOf()(connect());
    expect(powertools.items.filter(({ context }) => context === 'Chat')).toEqual([
      { level: 'INFO', message: 'Somebody came', context: 'Chat', room: 'lobby' },
      { level: 'WARN', message: 'Full', context: 'Chat', room: 'lobby' },
      { level: 'ERROR', message: 'The bot failed', context: 'Chat', error: expect.any(QueryError) },
      {
        level: 'ERROR',
        message: 'The cache failed',
        context: 'Chat',
        stack: expect.stringMatching(/^Error: x\n\s+at/),
      },
      { level: 'DEBUG', message: 'Psst', context: 'Chat' },
      { level: 'TRACE', message: '["a","1",null]', context: 'Chat' },
      { level: 'CRITICAL', message: '', context: 'Chat' },
    ]);
  });

  it('gets no line for each module that Nest starts', async () => {
    await handlerOf()({ warmup: true });
    expect(powertools.items).toEqual([]);
  });

  it('is told of each invocation before anything is written about it', async () => {
    const handler = handlerOf();
    await handler(message('BFHPhfCWIAMCKlQ=', 'Hello'), { awsRequestId: 'r-1' });
    await handler(message('BFHPhfCWIAMCKlQ=', 'Hello'), { awsRequestId: 'r-2' });
    expect(powertools.contexts).toEqual([{ awsRequestId: 'r-1' }, { awsRequestId: 'r-2' }]);
    expect(powertools.items.map((item) => item['function_request_id'])).toEqual(['r-1', 'r-2']);
  });

  it('fails no event, whatever it throws', async () => {
    powertools.isBroken = true;
    const handler = handlerOf();
    expect(await handler(connect(), { awsRequestId: 'r-1' })).toMatchObject({ statusCode: 200 });
    expect(await handler(message('BFHPhfCWIAMCKlQ=', 'Hello'))).toMatchObject({ statusCode: 500 });
    expect(powertools.refused).toBeGreaterThan(2);
  });

  it('gets lines of the levels that the application names', async () => {
    await handlerOf({ application: { logger: ['error'] } })(connect());
    expect(powertools.items.map(({ level }) => level)).toEqual(['ERROR', 'ERROR', 'CRITICAL']);
  });

  it('gives way to a logger of the application', async () => {
    const capture = new LogCapture();
    await handlerOf({ application: { logger: capture } })(message('BFHPhfCWIAMCKlQ=', 'Hello'));
    expect(powertools.items).toEqual([]);
    expect(capture.codes()).toEqual(['event.failed']);
  });
});

describe('another logger', () => {
  it('that logs while it is given a line does not take the parts of that for its own', async () => {
    const inner = new Logger('Mirror');
    const mirrored = powertools.error.bind(powertools);
    powertools.error = (text, attributes) => {
      mirrored(text, attributes);
      if (attributes['context'] === 'WebSocket') inner.error('Mirrored');
    };
    await handlerOf()(message('BFHPhfCWIAMCKlQ=', 'Hello'));
    expect(powertools.items).toEqual([
      expect.objectContaining({ code: 'event.failed' }),
      { level: 'ERROR', message: 'Mirrored', context: 'Mirror' },
    ]);
  });
});
