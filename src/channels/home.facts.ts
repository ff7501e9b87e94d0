import type { WelcomeMessage } from '../protocol/wire/server.messages.js';
import { ApiGatewayLimits } from '../protocol/limits.js';
import type { ResolvedWebSocketOptions } from '../websocket.options-resolver.js';

/** What a client has to know of the place where its connection lives. */
export interface HomeFact {
  readonly pingSeconds: number;
  /** How old a connection may get; `null` for as old as it likes. */
  readonly maxConnectionSeconds: number | null;
  /** The largest message from a client. */
  readonly maxMessageBytes: number;
}

/** The places where a connection may live: the embedded gateway of this process, `null` where there is none, and API Gateway. */
export interface HomeFacts {
  readonly embedded: HomeFact | null;
  readonly apiGateway: HomeFact;
}

/** Well below the 30 to 60 seconds after which proxies end connections that carry nothing. */
const PING_SECONDS = 25;

/** Well below the 10 minutes after which API Gateway does, two lost pings included. */
const API_GATEWAY_PING_SECONDS = 240;

/** The part of the time that a connection may be silent after which a client pings. */
const PINGS_AFTER = API_GATEWAY_PING_SECONDS / ApiGatewayLimits.idleSeconds;

export function homeFactsOf({
  gateway,
  maxBodyBytes,
  admission,
}: Pick<ResolvedWebSocketOptions, 'gateway' | 'maxBodyBytes' | 'admission'>): HomeFacts {
  const admitted = Math.min(maxBodyBytes, admission?.maxMessageBytes ?? Infinity);
  const { frameBytes, connectionSeconds } = ApiGatewayLimits;
  const apiGateway: HomeFact = {
    pingSeconds: API_GATEWAY_PING_SECONDS,
    maxConnectionSeconds: connectionSeconds,
    // Browsers send a message as one frame.
    maxMessageBytes: Math.min(frameBytes, admitted),
  };
  if (gateway === null) return { embedded: null, apiGateway };
  const { limits, idleTimeoutSeconds, maxConnectionSeconds, maxMessageBytes } = gateway;
  const isStrict = limits === 'api-gateway';
  const wanted = isStrict ? API_GATEWAY_PING_SECONDS : PING_SECONDS;
  const embedded: HomeFact = {
    pingSeconds: Math.max(1, Math.floor(Math.min(wanted, (idleTimeoutSeconds ?? Infinity) * PINGS_AFTER))),
    maxConnectionSeconds,
    maxMessageBytes: Math.min(maxMessageBytes, admitted, isStrict ? frameBytes : Infinity),
  };
  return { embedded, apiGateway };
}

/** What `welcome` tells a client of the place where its connection lives. */
export function factsOf(
  { embedded, apiGateway }: HomeFacts,
  isHeld: boolean,
  connectedAt: number,
  now: number,
): Pick<WelcomeMessage, 'pingSeconds' | 'lifetimeSeconds' | 'maxMessageBytes'> {
  const { pingSeconds, maxConnectionSeconds, maxMessageBytes } = (isHeld ? embedded : null) ?? apiGateway;
  if (maxConnectionSeconds === null) return { pingSeconds, maxMessageBytes };
  // A clock that was set back makes nobody live longer.
  const ageSeconds = Math.max(0, (now - connectedAt) / 1_000);
  const lifetimeSeconds = Math.max(0, Math.floor(maxConnectionSeconds - ageSeconds));
  return { pingSeconds, lifetimeSeconds, maxMessageBytes };
}
