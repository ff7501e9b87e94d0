import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { LambdaHandlerOptions } from './lambda.options.js';

/** What `NestFactory` takes: a module's class, or a dynamic module. */
export type ApplicationModule = Parameters<typeof NestFactory.createApplicationContext>[0];

/** One application for all the events of a Lambda instance. */
export class LambdaApplication {
  private started: Promise<INestApplicationContext> | null = null;

  constructor(
    private readonly module: ApplicationModule,
    private readonly options: LambdaHandlerOptions,
    private readonly logger: LoggerService | false,
  ) {}

  /** Resolves when the application is up. After a start that failed the next call starts anew. */
  start(): Promise<INestApplicationContext> {
    const starting = (this.started ??= this.create());
    starting.catch(() => {
      if (this.started === starting) this.started = null;
    });
    return starting;
  }

  private async create(): Promise<INestApplicationContext> {
    const { application, onStart } = this.options;
    const context = await NestFactory.createApplicationContext(this.module, {
      ...application,
      logger: this.logger,
      // Nest would exit the process, and with it the reason would be gone.
      abortOnError: false,
    });
    try {
      await onStart?.(context);
    } catch (error) {
      await context.close().catch(() => undefined);
      throw error;
    }
    return context;
  }
}
