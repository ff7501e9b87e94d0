import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyDocument, type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ApplicationLogLevel, Architecture, Code, Function, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { logs } from './chat.permissions.js';

export interface ChatFunctionProps {
  readonly stage: string;
  readonly bundlePath: string;
  /** The file of the bundle, without `.mjs`; the function has no other. */
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  /** In MB; 1,024 by default. */
  readonly memorySize?: number;
  readonly logRetention: RetentionDays;
  /** What it may do by the name of the policy, besides writing its log. */
  readonly permissions?: Readonly<Record<string, PolicyStatement>>;
}

/** A function of the chat with its log, and a role that allows nothing but what is given. */
export class ChatFunction extends Construct {
  readonly function: Function;
  /** What alarms call it, e.g. `websocket`. */
  readonly purpose: string;

  constructor(scope: Construct, id: string, props: ChatFunctionProps) {
    super(scope, id);
    const { stage, bundlePath, file, environment, timeout, memorySize = 1024, permissions = {} } = props;
    this.purpose = id.toLowerCase();
    const functionName = `chat-${stage}-${this.purpose}`;

    const log = new LogGroup(this, 'LogGroup', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Without a role of its own a function gets AWS's policy for logs, which is for all logs of the account.
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: Object.fromEntries(
        Object.entries({ logs: logs(log), ...permissions }).map(([name, statement]) => [
          name,
          new PolicyDocument({ statements: [statement] }),
        ]),
      ),
    });
    this.function = new Function(this, 'LambdaFunction', {
      functionName,
      runtime: Runtime.NODEJS_22_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(bundlePath, { exclude: ['*', `!${file}.mjs`] }),
      handler: `${file}.handler`,
      role,
      environment,
      memorySize,
      timeout,
      // A line of the log is an object then, by whose members it is found.
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.WARN,
    });
    // Else Lambda makes the log itself, and keeps it for ever.
    this.function.node.addDependency(log);
  }
}
