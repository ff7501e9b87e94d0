import { InvalidMessageError, type MessageIssue } from '../errors/invalid-message.error.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';

/** A validator of the Standard Schema specification, version 1 (https://standardschema.dev): zod, valibot, ArkType and others. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What a Standard Schema answers. */
export type StandardResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A class whose properties class-validator's decorators describe. */
export type ValidatedClass<Output extends object = object> = new () => Output;

/** What a message is checked with. */
export type MessageSchema<Output = unknown> = StandardSchema<Output> | ValidatedClass<Output & object>;

/** Checks a message; resolves what the schema makes of it. @throws InvalidMessageError with what is wrong */
export type CheckMessage = (message: unknown) => unknown;

/** @throws InvalidOptionsError for what is no schema */
export function checkWith(schema: MessageSchema): CheckMessage {
  const { validate } = (schema as Partial<StandardSchema>)['~standard'] ?? {};
  if (typeof validate === 'function') return async (message) => valueOf(await validate(message));
  if (typeof schema === 'function') return checkWithClass(schema);
  throw new InvalidOptionsError(
    'schema',
    'Expected "schema" to be a Standard Schema (zod, valibot, ArkType …) or a class with decorators of class-validator.',
  );
}

function valueOf(result: StandardResult<unknown>): unknown {
  if (result.issues === undefined) return result.value;
  throw new InvalidMessageError(issuesOfSchema(result.issues));
}

function* issuesOfSchema(issues: readonly StandardIssue[]): Generator<MessageIssue> {
  for (const { path = [], message } of issues) yield { path: pathOf(path), message };
}

function pathOf(path: NonNullable<StandardIssue['path']>): string {
  // A list of its own: ArkType's paths are arrays of a class whose map() of nothing has an element.
  return Array.from(path, (part) => String(typeof part === 'object' ? part.key : part)).join('.');
}

/** An error of class-validator, as far as it is used. */
interface ValidationError {
  /** Absent where a whole object is refused, because nothing is known of its class. */
  readonly property?: string;
  readonly constraints?: Readonly<Record<string, string>>;
  readonly children?: readonly ValidationError[];
}

function checkWithClass(target: ValidatedClass): CheckMessage {
  let loading: Promise<CheckMessage> | undefined;
  return async (message) => (await (loading ??= loadClassValidator(target)))(message);
}

async function loadClassValidator(target: ValidatedClass): Promise<CheckMessage> {
  const [{ plainToInstance }, { validate }] = await Promise.all([
    import('class-transformer'),
    import('class-validator'),
  ]).catch((cause: unknown) => {
    throw new InvalidOptionsError(
      'schema',
      'A class as "schema" needs two packages: npm install class-validator class-transformer',
      { cause },
    );
  });
  return async (message) => {
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      throw new InvalidMessageError([{ path: '', message: 'Expected an object.' }]);
    }
    const instance = plainToInstance(target, message);
    const errors = await validate(instance, { whitelist: true, forbidUnknownValues: true });
    // Nothing is known of the class: no message would ever do.
    if (errors.some(({ property }) => property === undefined)) {
      throw new InvalidOptionsError(
        'schema',
        `Expected the class ${target.name} to have decorators of class-validator on its properties, such as @IsString().`,
      );
    }
    if (errors.length > 0) throw new InvalidMessageError(issuesOfClass(errors, ''));
    return instance;
  };
}

function* issuesOfClass(errors: readonly ValidationError[], parent: string): Generator<MessageIssue> {
  for (const { property, constraints = {}, children = [] } of errors) {
    const path = [parent, property].filter((name) => name !== undefined && name !== '').join('.');
    for (const message of Object.values(constraints)) yield { path, message };
    yield* issuesOfClass(children, path);
  }
}
