import type { WebSocketRequestContext } from './events.js';

const EXECUTE_API_HOST = /^([a-z0-9-]+)\.execute-api\.([a-z0-9-]+)\.(amazonaws\.com(?:\.cn)?)$/i;

const API_ID = /^[a-z0-9]+$/i;
/** API Gateway's stage names have at most 128 characters. */
const STAGE = /^[\w-]{1,128}$/;

/**
 * A Management API endpoint as the SDK needs it: with a scheme, without a trailing slash and without the `/@connections` that
 * the console shows behind it. `wss://` and `ws://` addresses are turned into their HTTP forms. `null` when it is no URL.
 */
export function normalizeEndpoint(endpoint: string): string | null {
  const trimmed = endpoint.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(trimmed)?.[1]?.toLowerCase();
  const url =
    scheme === undefined ? `https://${trimmed}` : trimmed.replace(/^wss:/i, 'https:').replace(/^ws:/i, 'http:');
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return null;
  const { protocol, host, pathname, search, hash, username } = new URL(url);
  if (host === '' || search !== '' || hash !== '' || username !== '') return null;
  return `${protocol}//${host}${pathname.replace(/(?:\/|\/(?:@|%40)connections)+$/i, '')}`;
}

/** The region in an `execute-api` host, e.g. `eu-west-1`; `null` for custom domains. */
export function regionOfEndpoint(endpoint: string): string | null {
  if (!URL.canParse(endpoint)) return null;
  return EXECUTE_API_HOST.exec(new URL(endpoint).hostname)?.[2] ?? null;
}

/**
 * The Management API endpoint of the API and stage that an event came in by; `null` when the event does not say.
 *
 * With a custom domain, `domainName` is that domain and the stage is not part of its URL, so the endpoint is built from the API's
 * id and `region` instead, in the partition of that region.
 */
export function endpointOfEvent(context: WebSocketRequestContext, region: string): string | null {
  const { domainName, stage, apiId } = context;
  // Nothing but the characters that AWS allows: whoever can forge an event must not choose where messages go.
  if (!isText(stage) || !STAGE.test(stage)) return null;
  if (isText(domainName) && EXECUTE_API_HOST.test(domainName)) return `https://${domainName}/${stage}`;
  if (!isText(apiId) || !API_ID.test(apiId)) return null;
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `https://${apiId}.execute-api.${region}.${suffix}/${stage}`;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
