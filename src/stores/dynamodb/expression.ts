import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { toAttributes, type Fields } from './attribute.values.js';

/** What the placeholders of an expression stand for: `:now` for the value `now`, `#channel` for the name `channel`. */
export interface Placeholders {
  readonly values?: Fields;
  /** The names that are not what their placeholders say. `#expiresAt` is the attribute `expiresAt` without being listed. */
  readonly names?: Readonly<Record<string, string>>;
}

const NAME = /#(\w+)/g;
const VALUE = /:(\w+)/g;

/** The parameters that go with expressions. DynamoDB refuses those that no expression uses, so only what is used is among them. */
export function placeholdersOf(
  { values = {}, names = {} }: Placeholders,
  ...expressions: readonly (string | undefined)[]
): { ExpressionAttributeNames?: Record<string, string>; ExpressionAttributeValues?: Record<string, AttributeValue> } {
  const text = expressions.join(' ');
  const usedNames = [...text.matchAll(NAME)].map(
    ([placeholder, name = '']) => [placeholder, names[name] ?? name] as const,
  );
  const usedValues = [...text.matchAll(VALUE)].map(([placeholder, name = '']) => [placeholder, values[name]] as const);
  return {
    ...(usedNames.length > 0 && { ExpressionAttributeNames: Object.fromEntries(usedNames) }),
    ...(usedValues.length > 0 && { ExpressionAttributeValues: toAttributes(Object.fromEntries(usedValues)) }),
  };
}
