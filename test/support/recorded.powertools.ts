import type { LambdaContext, PowertoolsLogger } from '../../src/lambda/index.js';

type Attributes = Readonly<Record<string, unknown>>;

/** What `@aws-lambda-powertools/logger` (2.36) drops of attributes, with a warning. */
const RESERVED = ['level', 'message', 'sampling_rate', 'service', 'timestamp'];

/** A logger that keeps each item as Powertools would print it, without time and service. */
export class RecordedPowertools implements PowertoolsLogger {
  readonly items: Record<string, unknown>[] = [];
  readonly contexts: LambdaContext[] = [];
  /** How often it threw. */
  refused = 0;
  isBroken = false;

  addContext(context: LambdaContext): void {
    this.refuseIfBroken();
    this.contexts.push(context);
  }

  trace(input: string, attributes: Attributes): void {
    this.keep('TRACE', input, attributes);
  }

  debug(input: string, attributes: Attributes): void {
    this.keep('DEBUG', input, attributes);
  }

  info(input: string, attributes: Attributes): void {
    this.keep('INFO', input, attributes);
  }

  warn(input: string, attributes: Attributes): void {
    this.keep('WARN', input, attributes);
  }

  error(input: string, attributes: Attributes): void {
    this.keep('ERROR', input, attributes);
  }

  critical(input: string, attributes: Attributes): void {
    this.keep('CRITICAL', input, attributes);
  }

  /** All items as text; errors with every field, as Powertools prints them. */
  get printed(): string {
    return JSON.stringify(this.items, (_key, value: unknown) =>
      value instanceof Error
        ? Object.assign({ name: value.name, message: value.message, stack: value.stack }, value)
        : value,
    );
  }

  private keep(level: string, message: string, attributes: Attributes): void {
    this.refuseIfBroken();
    const reserved = Object.keys(attributes).find((name) => RESERVED.includes(name));
    if (reserved !== undefined) this.keep('WARN', `The key "${reserved}" is a reserved key and will be dropped.`, {});
    const requestId = this.contexts.at(-1)?.awsRequestId;
    this.items.push({
      ...(requestId !== undefined && { function_request_id: requestId }),
      ...attributes,
      level,
      message,
    });
  }

  private refuseIfBroken(): void {
    if (!this.isBroken) return;
    this.refused++;
    throw new Error('The formatter failed.');
  }
}
