import { InvalidOptionsError } from '../errors/invalid-options.error.js';

/** The route keys that API Gateway reserves. */
export const ReservedRoutes = Object.freeze({
  connect: '$connect',
  disconnect: '$disconnect',
  default: '$default',
} as const);

/** Finds the route of a message: the route key that its body selects, `null` when it selects none. */
export type RouteSelector = (body: unknown) => string | null;

const BODY_PATH = /^\$request\.body\.([\w-]+(?:\.[\w-]+)*)$/;
const WRAPPED = /(?<!\\)\$\{([^}]*)\}/g;

/**
 * Compiles a route selection expression in any of the forms that AWS documents
 * ("Working with routes for WebSocket APIs": route selection expressions):
 *
 * - `$request.body.action`, `$request.body.a.b`: the value at a path of the JSON body
 * - `${request.body.service}/${request.body.action}`: paths in a text; one that is not found is the empty string
 * - `\$default`: everything goes to `$default`
 * - any other text: that route key for every message
 *
 * The result is compared for equality with the route keys; nothing is interpreted twice.
 *
 * @throws InvalidOptionsError for an expression in none of these forms
 */
export function compileRouteSelection(expression: string): RouteSelector {
  const path = BODY_PATH.exec(expression)?.[1];
  if (path !== undefined) {
    const keys = path.split('.');
    return (body) => stringify(valueAt(body, keys));
  }
  if (expression.includes('${')) return compileWrapped(expression);
  const text = expression.replaceAll('\\$', '$');
  if (expression === '' || /(?<!\\)\$/.test(expression)) throw invalid(expression);
  return () => text;
}

function compileWrapped(expression: string): RouteSelector {
  const paths: string[][] = [];
  const texts: string[] = [];
  let end = 0;
  for (const match of expression.matchAll(WRAPPED)) {
    const path = BODY_PATH.exec(`$${match[1] ?? ''}`)?.[1];
    if (path === undefined) throw invalid(expression);
    texts.push(expression.slice(end, match.index).replaceAll('\\$', '$'));
    paths.push(path.split('.'));
    end = match.index + match[0].length;
  }
  const rest = expression.slice(end);
  if (/(?<!\\)\$\{/.test(rest)) throw invalid(expression);
  texts.push(rest.replaceAll('\\$', '$'));
  return (body) => {
    let key = texts[0] ?? '';
    paths.forEach((keys, index) => (key += (stringify(valueAt(body, keys)) ?? '') + (texts[index + 1] ?? '')));
    return key;
  };
}

function valueAt(body: unknown, keys: readonly string[]): unknown {
  let value = body;
  for (const key of keys) {
    // Own properties only: `{"action":"x"}` must not answer for `constructor` or `__proto__`.
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** API Gateway turns the selected value into a string, an array into `[item1, item2]`. */
function stringify(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  try {
    return Array.isArray(value) ? `[${value.map((item) => text(item)).join(', ')}]` : text(value);
  } catch {
    // JSON.parse takes any depth, JSON.stringify runs out of stack: a value that deep names no route.
    return null;
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function invalid(expression: string): InvalidOptionsError {
  return new InvalidOptionsError(
    'gateway.routeSelectionExpression',
    `Expected "gateway.routeSelectionExpression" to be like "$request.body.action", "\${request.body.a}/\${request.body.b}", ` +
      `"\\$default" or a plain text, got ${JSON.stringify(expression)} (string).`,
  );
}
