import type { ParsedEvent } from '../protocol/event.parser.js';
import { ReservedRoutes } from '../protocol/route-selection.js';
import type { AdmissionState } from './admission.state.js';

export const AUTHENTICATE_ROUTE = 'authenticate';

/** The event with what authentication made of its connection; as it is where that was not asked. */
export function withAuthorizer<Parsed extends ParsedEvent>(
  parsed: Parsed,
  { authorizer, userId }: AdmissionState,
): Parsed {
  if (authorizer === null) return parsed;
  const requestContext = { ...parsed.context, authorizer };
  return { ...parsed, userId, context: requestContext, event: { ...parsed.event, requestContext } };
}

/** Whether an authorizer of API Gateway said who this is. */
export function isIdentified({ userId, context: { authorizer } }: ParsedEvent): boolean {
  if (userId !== null) return true;
  const { principalId } = (typeof authorizer === 'object' && authorizer !== null ? authorizer : {}) as {
    readonly principalId?: unknown;
  };
  return typeof principalId === 'string' && principalId !== '';
}

/** The client's address as the event has it; empty where it has none. */
export function sourceIpOf({ context: { identity } }: ParsedEvent): string {
  const { sourceIp } = (identity ?? {}) as { readonly sourceIp?: unknown };
  return typeof sourceIp === 'string' ? sourceIp : '';
}

/** A message of the route `authenticate`, or with that action on `$default`, for an API that has no such route. */
export function isAuthentication({ routeKey, message }: Extract<ParsedEvent, { type: 'MESSAGE' }>): boolean {
  if (routeKey === AUTHENTICATE_ROUTE) return true;
  if (routeKey !== ReservedRoutes.default || typeof message !== 'object' || message === null) return false;
  return (message as { readonly action?: unknown }).action === AUTHENTICATE_ROUTE;
}
