import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** What the store keeps in an attribute. */
export type Value = string | number | readonly string[] | ReadonlySet<string> | ReadonlyMap<string, string>;

/** The attributes of an item; those that are `undefined` are left out of it. */
export type Fields = Readonly<Record<string, Value | undefined>>;

/**
 * What the keys of maps start with. The SDK copies maps into plain objects and loses the key `__proto__` on the way, which is the name of
 * somebody's channel.
 */
const KEY_MARK = ':';

/** The key, within a map, of what `name` names. */
export function mapKey(name: string): string {
  return `${KEY_MARK}${name}`;
}

/** Attribute values are built by hand, because a document client converts them in whatever way its owner has configured. */
export function toAttribute(value: Value): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (Array.isArray(value)) return { L: (value as readonly string[]).map((text) => ({ S: text })) };
  if (value instanceof Set) return { SS: [...(value as ReadonlySet<string>)] };
  const entries = [...(value as ReadonlyMap<string, string>)];
  return { M: Object.fromEntries(entries.map(([name, text]) => [mapKey(name), { S: text }])) };
}

export function toAttributes(fields: Fields): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) attributes[name] = toAttribute(value);
  }
  return attributes;
}

export function toFields(attributes: Readonly<Record<string, AttributeValue>>): Fields {
  const fields: Record<string, Value | undefined> = {};
  for (const [name, attribute] of Object.entries(attributes)) fields[name] = toValue(attribute);
  return fields;
}

function toValue({ S, N, L, SS, M }: AttributeValue): Value | undefined {
  if (S !== undefined) return S;
  if (N !== undefined) return Number(N);
  if (L !== undefined) return L.map(({ S: text = '' }) => text);
  if (SS !== undefined) return new Set(SS);
  if (M === undefined) return undefined;
  return new Map(Object.entries(M).map(([key, { S: text = '' }]) => [key.slice(KEY_MARK.length), text]));
}
