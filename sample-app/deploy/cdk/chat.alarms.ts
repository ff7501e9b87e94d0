import { Duration } from 'aws-cdk-lib';
import type { WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { Alarm, ComparisonOperator, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { ChatFunction } from './chat.function.js';

interface Watched {
  readonly functions: readonly ChatFunction[];
  readonly deployed: WebSocketStage;
  readonly table: Table;
  readonly queue: Queue;
  readonly deadLetters: Queue;
}

interface When {
  readonly isAbove: number;
  readonly forMinutes: number;
}

const AT_ONCE: When = { isAbove: 0, forMinutes: 1 };
const LASTING: When = { isAbove: 0, forMinutes: 3 };

const SUM = { statistic: 'Sum', period: Duration.minutes(1) };
const MAXIMUM = { statistic: 'Maximum', period: Duration.minutes(1) };

/** Tells a topic of errors and throttling of each function, of lost and late broadcasts, of errors between API Gateway and the function, and of throttling of the table. */
export function addAlarms(scope: Construct, topic: ITopic, watched: Watched): void {
  const { functions, deployed, table, queue, deadLetters } = watched;
  const tell = new SnsAction(topic);
  const add = (of: Construct, id: string, metric: Metric, alarmDescription: string, when = AT_ONCE): void => {
    const alarm = new Alarm(of, id, {
      metric,
      alarmDescription,
      threshold: when.isAbove,
      evaluationPeriods: when.forMinutes,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(tell);
    alarm.addOkAction(tell);
  };

  for (const each of functions) {
    const name = each.purpose;
    const capitalized = name.charAt(0).toUpperCase() + name.slice(1);
    add(each, 'Errors', each.function.metricErrors(SUM), `Invocations of ${name} fail; its log says why.`);
    add(
      each,
      'Throttles',
      each.function.metricThrottles(SUM),
      `${capitalized} has no concurrency left; raise the quota of the account.`,
    );
  }
  add(
    scope,
    'BroadcastsLost',
    deadLetters.metricApproximateNumberOfMessagesVisible(MAXIMUM),
    'Parts of broadcasts were given up; they are in the queue of dead letters.',
  );
  add(
    scope,
    'BroadcastsLate',
    queue.metricApproximateAgeOfOldestMessage(MAXIMUM),
    'Broadcasts wait for more than a minute; let more workers run at once.',
    { isAbove: 60, forMinutes: 3 },
  );
  add(
    scope,
    'ExecutionErrors',
    deployed.metric('ExecutionError', SUM),
    'API Gateway fails to call the function; look at its permission, its timeout and its log.',
  );
  // Counts what the function answers 4xx to, too, which any client can bring about: so a few of them are no alarm.
  add(
    scope,
    'IntegrationErrors',
    deployed.metric('IntegrationError', SUM),
    'The function answers more than ten events a minute with an error; its log says why.',
    { isAbove: 10, forMinutes: 3 },
  );
  for (const [verb, metric] of Object.entries({ Read: 'ReadThrottleEvents', Write: 'WriteThrottleEvents' })) {
    add(
      scope,
      `Table${verb}Throttles`,
      table.metric(metric, SUM),
      `DynamoDB refuses ${verb.toLowerCase()}s for there being too many.`,
      LASTING,
    );
  }
}
