import type { WebSocketConnectEvent, WebSocketRequestContext } from './events.js';

/** What API Gateway invokes a Lambda REQUEST authorizer with (AWS: "Control access to WebSocket APIs with AWS Lambda REQUEST authorizers"). */
export interface WebSocketAuthorizerEvent {
  readonly type: 'REQUEST';
  /** `arn:aws:execute-api:{region}:{account}:{apiId}/{stage}/$connect` */
  readonly methodArn: string;
  readonly headers: NonNullable<WebSocketConnectEvent['headers']>;
  readonly multiValueHeaders: NonNullable<WebSocketConnectEvent['multiValueHeaders']>;
  /** Absent when the URL had no query. */
  readonly queryStringParameters?: Readonly<Record<string, string>>;
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[]>>;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly requestContext: WebSocketRequestContext;
}

/** One statement of the policy that an authorizer answers with. */
export interface InvokePolicyStatement {
  readonly Sid?: string;
  readonly Effect: string;
  /** `execute-api:Invoke`, with `*` and `?` as wildcards. */
  readonly Action: string | readonly string[];
  /** The `methodArn` of the event, with `*` and `?` as wildcards. */
  readonly Resource: string | readonly string[];
}

/** What a Lambda REQUEST authorizer answers, at most 8 KB of JSON. */
export interface WebSocketAuthorizerResult {
  readonly principalId: string;
  readonly policyDocument: {
    readonly Version?: string;
    readonly Statement: InvokePolicyStatement | readonly InvokePolicyStatement[];
  };
  /** Becomes `requestContext.authorizer` of every event of the connection, each value as a string. Objects and arrays are refused. */
  readonly context?: Readonly<Record<string, string | number | boolean>> | null | undefined;
}

/** A Lambda REQUEST authorizer. Throw `new Error('Unauthorized')` to answer 401. */
export type WebSocketLambdaAuthorizer = (
  event: WebSocketAuthorizerEvent,
) => WebSocketAuthorizerResult | Promise<WebSocketAuthorizerResult>;
