// For applications.
export { WebSocketModule } from './websocket.module.js';
export { WebSocketManager } from './websocket.manager.js';
export { WebSocketHandler } from './websocket.handler.js';
export { WebSocketSelection } from './websocket.selection.js';
export { WebSocket } from './websocket.facade.js';
export { ChannelAuthorizer, OnChannelMessage } from './channels/channel.decorators.js';
export { WebSocketEvents } from './events/websocket-events.js';
export { OnWebSocketConnect, OnWebSocketDisconnect, OnWebSocketMessage } from './events/websocket.decorators.js';
export { WebSocketHealthIndicator } from './health/websocket.health-indicator.js';
export { EmbeddedGateway } from './gateway/embedded.gateway.js';

export type { WebSocketStats } from './connections/connection.stats.js';
export type { AckReport } from './channels/question.service.js';
export type { ChannelPublishOptions, PublishedChannelMessage } from './channels/channel.publisher.js';
export type { WebSocketHealth } from './health/health.probe.js';
export type { CleanupOptions } from './sweep/stale.sweep.js';
export type { EventOrigin } from './websocket.handler.js';
export type { SendOptions } from './fanout/message.sender.js';
export type { DeliveryCounts, DeliveryProgress } from './fanout/fan-out.observer.js';
export type { UntilBroadcastOptions } from './fanout/offload/broadcast.reports.js';
export type { SqsBatchResponse, SqsEvent, SqsRecord } from './fanout/offload/sqs.event.js';
export type { FanOutOptions, OffloadOptions, SqsClient } from './options/fanout.options.js';
export type { WebSocketModuleOptions, WebSocketOptionsFactory } from './websocket.options.js';
export type { AdmissionOptions, AuthenticateOption } from './options/admission.options.js';
export type {
  Authenticate,
  Authentication,
  AuthenticationRequest,
  WebSocketAuthenticator,
} from './admission/admission.rules.js';
export type {
  AuthorizeChannel,
  ChannelAnswer,
  ChannelAuthorizerRule,
  ChannelHistoryOptions,
  ChannelPublishRequest,
  ChannelRequest,
  ChannelRule,
  ChannelsOptions,
  MayPublish,
  MemberInfo,
  WebSocketChannelAuthorizer,
} from './options/channels.options.js';
export type { ClusterOptions } from './options/cluster.options.js';
export type { CompressionOptions } from './options/compression.options.js';
export type { EmbeddedGatewayOptions, GatewayCredentials } from './options/gateway.options.js';
export type { GatewayDrainOptions, GatewayProbesOptions, GatewayTlsOptions } from './options/listening.options.js';
export type { LoggingOptions } from './options/logging.options.js';
export type { MetricsOptions, MetricsRegistry } from './options/metrics.options.js';
export type { DynamoDbStoreOptions, RedisStoreOptions } from './options/store.options.js';
export type { AwsCredentials, ManagementApiClient } from './transports/management-api/management-api.transport.js';
export type {
  ChannelMembershipEvent,
  ChannelMessageEvent,
  ConnectedEvent,
  DeliveryCompletedEvent,
  DeliveryProgressEvent,
  DisconnectedEvent,
  LatencyDistribution,
  MessageEvent,
  PresenceEvent,
  ReadyEvent,
  WebSocketEventMap,
} from './events/websocket-events.js';
export type { OnWebSocketMessageOptions } from './events/websocket.decorators.js';
export type { MessageSchema, StandardSchema, ValidatedClass } from './events/message.schema.js';
export type { UserId } from './protocol/name.js';

// API Gateway's contract.
export { ApiGatewayLimits } from './protocol/limits.js';

export type {
  WebSocketAuthorizer,
  WebSocketConnectEvent,
  WebSocketDisconnectEvent,
  WebSocketEvent,
  WebSocketIdentity,
  WebSocketMessageEvent,
  WebSocketRequestContext,
} from './protocol/events.js';
export type {
  InvokePolicyStatement,
  WebSocketAuthorizerEvent,
  WebSocketAuthorizerResult,
  WebSocketLambdaAuthorizer,
} from './protocol/authorizer.js';
export type { WebSocketResponse } from './protocol/response.js';

// The wire protocol.
export type { ChannelMessage, WireMember } from './protocol/wire/server.messages.js';
export type { WirePosition } from './protocol/wire/stream.position.js';
export type { WireErrorCode } from './protocol/wire/wire.error.codes.js';
export type { AnyContract, WebSocketContract } from './protocol/wire/contract.js';

// For authors of stores, and tests.
export { AdmissionLedger } from './contracts/admission.ledger.js';
export { AnswerBox } from './contracts/answer.box.js';
export { BroadcastLedger } from './contracts/broadcast.ledger.js';
export { ChannelHistory } from './contracts/channel.history.js';
export { Clock } from './contracts/clock.js';
export { ConnectionStore } from './contracts/connection.store.js';
export { NodeBus } from './contracts/node.bus.js';
export { NodeRegistry } from './contracts/node.registry.js';
export { PresenceLedger } from './contracts/presence.ledger.js';
export { RateBuckets } from './contracts/rate.buckets.js';
export { RequestClaims } from './contracts/request.claims.js';
export { RequestQuota } from './contracts/request.budget.js';
export { CacheConnectionStore } from './stores/cache/cache-connection.store.js';
export { DynamoDbConnectionStore } from './stores/dynamodb/dynamodb-connection.store.js';
export { createConnectionsTable } from './stores/dynamodb/connections.table.js';
export { RedisConnectionStore } from './stores/redis/redis-connection.store.js';

export type {
  AdmissionEntry,
  AdmissionGroup,
  AdmissionRequest,
  AdmissionResult,
} from './contracts/admission.ledger.js';
export type { AnswerResult, ClientAnswer } from './contracts/answer.box.js';
export type { HistoryBounds, HistoryMessage, HistoryPage, StreamPosition } from './contracts/channel.history.js';
export type { EnteringMember, EnterResult, ExitResult, PresenceEntry } from './contracts/presence.ledger.js';
export type { BucketAnswer, BucketSize } from './contracts/rate.buckets.js';
export type { CancelTask } from './contracts/clock.js';
export type { Connection, DisconnectCause } from './contracts/connection.js';
export type {
  ChannelOccupancy,
  EnsureResult,
  JoinLimits,
  JoinResult,
  LeaveResult,
  Recipient,
} from './contracts/connection.store.js';
export type { CloseOptions, DeliveryOutcome, DeliveryStatus } from './contracts/connection.transport.js';
export type { DeliveryReport, HandedOver } from './contracts/delivery-report.js';
export type { BusListener as NodeBusListener, Posting as NodePosting, StoreCluster } from './contracts/node.bus.js';
export type { Lease as NodeLease, Renewal as NodeRenewal } from './contracts/node.registry.js';
export type { BroadcastReport, ClaimResult, ShardClaim, ShardCounts } from './contracts/broadcast.ledger.js';
export type { Reservation } from './contracts/request.budget.js';
export type { CacheConnectionStoreOptions } from './stores/cache/cache-connection.store.js';
export type { DynamoDbClient, DynamoDbClientSource } from './stores/dynamodb/dynamodb.client.js';
export type { DynamoDbConnectionStoreOptions } from './stores/dynamodb/dynamodb-connection.store.js';
export type { RedisStoreClient } from './stores/redis/redis.client.js';
export type { RedisClientSource } from './stores/redis/redis.link.js';
export type { ConnectionStoreOptions } from './stores/store.options.js';

// Errors.
export { ChannelLimitError } from './errors/channel-limit.error.js';
export { ConnectionRefusedError } from './errors/connection-refused.error.js';
export { InvalidMessageError } from './errors/invalid-message.error.js';
export { InvalidNameError } from './errors/invalid-name.error.js';
export { InvalidOptionsError } from './errors/invalid-options.error.js';
export { InvalidPayloadError } from './errors/invalid-payload.error.js';
export { MalformedEventError } from './errors/malformed-event.error.js';
export { NotRunningError } from './errors/not-running.error.js';
export { PayloadTooLargeError } from './errors/payload-too-large.error.js';
export { StoreUnavailableError } from './errors/store-unavailable.error.js';
export { UnknownInvocationError } from './errors/unknown-invocation.error.js';
export { WebSocketModuleError } from './errors/websocket-module.error.js';

export type { RefusalStatus } from './errors/connection-refused.error.js';
export type { MessageIssue } from './errors/invalid-message.error.js';
export type { WebSocketErrorCode } from './errors/websocket-module.error.js';
