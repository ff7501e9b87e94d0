import { type IAccessLogSettings, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';

/** Who came when, and how it went. Tokens are in query strings and headers, of which none is here. */
const FIELDS = {
  time: '$context.requestTime',
  requestId: '$context.requestId',
  connectionId: '$context.connectionId',
  eventType: '$context.eventType',
  routeKey: '$context.routeKey',
  status: '$context.status',
  sourceIp: '$context.identity.sourceIp',
  authorizerStatus: '$context.authorizer.status',
  integrationStatus: '$context.integration.status',
  integrationLatencyMs: '$context.integrationLatency',
  error: '$context.error.responseType',
};

/** Has API Gateway write a line of JSON for each event. */
export const accessLogTo = (log: ILogGroup): IAccessLogSettings => ({
  destination: new LogGroupLogDestination(log),
  format: AccessLogFormat.custom(JSON.stringify(FIELDS)),
});
