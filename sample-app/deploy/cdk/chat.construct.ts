import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic, type ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { accessLogTo } from './chat.access-log.js';
import { addAlarms } from './chat.alarms.js';
import { ChatFunction } from './chat.function.js';
import { broadcasts, connections, sockets, work } from './chat.permissions.js';

export interface ChatProps {
  /** The stage of the API, e.g. `production`. It is in the names of the functions, too, so that stages can share an account. */
  readonly stage: string;
  /** The folder that `npm run bundle` fills, relative to where the CDK runs. */
  readonly bundlePath: string;
  /** Pages from elsewhere are refused, e.g. `['https://chat.example.com']`; without it none is. */
  readonly allowedOrigins?: readonly string[];
  /** What opens the page of live numbers; without it the page stays shut. */
  readonly operatorKey?: ISecret;
  /** The table is called this, `-` and the stage; without it CloudFormation makes up a name. */
  readonly tableNamePrefix?: string;
  /** Whether API Gateway logs each event; by default it does not, because the account needs a role for that first, in the settings of API Gateway. */
  readonly accessLogs?: boolean;
  /** How long logs are kept; a month by default. */
  readonly logRetention?: RetentionDays;
  /** Who is told of alarms; by default a topic of the chat's own. */
  readonly alarmTopic?: ITopic;
}

/** The chat on AWS: its API, four functions, table, queue and alarms, as `template.yaml` has them. */
export class Chat extends Construct {
  /** What clients connect to, e.g. `wss://abc.execute-api.eu-west-1.amazonaws.com/production`. */
  readonly connectionUrl: string;
  readonly alarmTopic: ITopic;
  readonly table: Table;
  readonly api: WebSocketApi;
  /** The function that answers events. */
  readonly websocket: ChatFunction;

  constructor(scope: Construct, id: string, props: ChatProps) {
    super(scope, id);
    const { stage, bundlePath, allowedOrigins = [], tableNamePrefix, logRetention = RetentionDays.ONE_MONTH } = props;

    this.table = new Table(this, 'WebSocketConnections', {
      ...(tableNamePrefix !== undefined && { tableName: `${tableNamePrefix}-${stage}` }),
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      timeToLiveAttribute: 'ttl',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      billingMode: BillingMode.PAY_PER_REQUEST,
      // A table that a stack no longer has keeps its items, so that nobody's channels go with a mistake.
      removalPolicy: RemovalPolicy.RETAIN,
    });

    // Broadcasts to more people than one function reaches in its time.
    const deadLetters = new Queue(this, 'BroadcastDeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      retentionPeriod: Duration.days(14),
    });
    const workerTimeout = Duration.seconds(30);
    const queue = new Queue(this, 'BroadcastQueue', {
      encryption: QueueEncryption.SQS_MANAGED,
      // Six times what a worker may take, as AWS recommends.
      visibilityTimeout: Duration.seconds(6 * workerTimeout.toSeconds()),
      // What came too late to be of interest is dropped.
      retentionPeriod: Duration.hours(1),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: 5 },
    });

    // What invitations to private rooms are signed with. AWS makes it up.
    const secret = new Secret(this, 'ChatSecret', {
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
    });

    this.api = new WebSocketApi(this, 'WebsocketsApi', {
      apiName: `chat-${stage}`,
      routeSelectionExpression: '$request.body.action',
    });
    const accessLog = new LogGroup(this, 'AccessLog', {
      logGroupName: `/aws/websocket/chat-${stage}`,
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const deployed = new WebSocketStage(this, 'WebsocketsDeploymentStage', {
      webSocketApi: this.api,
      stageName: stage,
      autoDeploy: true,
      throttle: { rateLimit: 1000, burstLimit: 500 },
      detailedMetricsEnabled: true,
      ...(props.accessLogs === true && { accessLogSettings: accessLogTo(accessLog) }),
    });
    this.connectionUrl = deployed.url;

    const ofStage = { stage, bundlePath, logRetention };
    const application = {
      ...ofStage,
      file: 'lambda',
      environment: {
        WEBSOCKET_DYNAMODB_TABLE: this.table.tableName,
        WEBSOCKET_FANOUT_QUEUE_URL: queue.queueUrl,
        // Half of the time between sweeps.
        STALE_AFTER_SECONDS: '900',
        // References that CloudFormation resolves; the secrets are not in the template.
        CHAT_SECRET: secret.secretValue.unsafeUnwrap(),
        ...(props.operatorKey !== undefined && { OPERATOR_KEY: props.operatorKey.secretValue.unsafeUnwrap() }),
      },
    };
    const shared = { connections: connections(this.table), broadcasts: broadcasts(queue) };

    // Answers events: sends, closes connections, and hands broadcasts over.
    this.websocket = new ChatFunction(this, 'Websocket', {
      ...application,
      // API Gateway waits for 29 seconds at most.
      timeout: Duration.seconds(29),
      permissions: { sockets: sockets(this.api, stage, ['POST', 'DELETE']), ...shared },
    });
    // Looks at what a handshake brings, and at nothing else.
    const authorizer = new ChatFunction(this, 'Authorizer', {
      ...ofStage,
      file: 'authorizer',
      environment: { ALLOWED_ORIGINS: allowedOrigins.join(',') },
      memorySize: 256,
      timeout: Duration.seconds(5),
    });
    // Works off broadcasts that were handed over: sends, and does what listeners do when it finds that a connection is gone.
    const worker = new ChatFunction(this, 'Worker', {
      ...application,
      timeout: workerTimeout,
      permissions: { sockets: sockets(this.api, stage, ['POST', 'DELETE']), ...shared, work: work(queue) },
    });
    // Ends connections whose end nobody was told of, and asks API Gateway which there are.
    const sweep = new ChatFunction(this, 'Sweep', {
      ...application,
      timeout: Duration.minutes(5),
      permissions: { sockets: sockets(this.api, stage, ['POST', 'GET', 'DELETE']), ...shared },
    });

    const integration = new WebSocketLambdaIntegration('WebsocketsIntegration', this.websocket.function);
    this.api.addRoute('$connect', {
      integration,
      authorizer: new WebSocketLambdaAuthorizer('WebsocketsAuthorizer', authorizer.function, {
        authorizerName: 'authorizer',
        // Who brings none is refused with 401, and the authorizer is not even called.
        identitySource: ['route.request.querystring.token'],
      }),
    });
    this.api.addRoute('$disconnect', { integration });
    // What listeners of these two return goes back to whoever asked.
    this.api.addRoute('$default', { integration, returnResponse: true });
    this.api.addRoute('message', { integration, returnResponse: true });
    // Actions with a route of their own have metrics and throttling of their own; all others come in by $default.
    this.api.addRoute('subscribe', { integration });
    this.api.addRoute('publish', { integration });

    // SqsEventSource would allow the worker more than it needs.
    new EventSourceMapping(this, 'Broadcasts', {
      target: worker.function,
      eventSourceArn: queue.queueArn,
      batchSize: 1,
      reportBatchItemFailures: true,
      maxConcurrency: 10,
    });
    new Rule(this, 'HalfHourly', {
      schedule: Schedule.rate(Duration.minutes(30)),
      targets: [new LambdaFunction(sweep.function, { event: RuleTargetInput.fromObject({ websocket: 'cleanup' }) })],
    });

    this.alarmTopic = props.alarmTopic ?? new Topic(this, 'Alarms');
    const functions = [this.websocket, authorizer, worker, sweep];
    addAlarms(this, this.alarmTopic, { functions, deployed, table: this.table, queue, deadLetters });
  }
}
