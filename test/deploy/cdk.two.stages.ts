// An app of the CDK for the tests: two stages in one stack, with all that the construct takes.
import { App, Stack } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Chat } from '../../sample-app/deploy/cdk/chat.construct.js';

const stack = new Stack(new App(), 'both');
const alarmTopic = Topic.fromTopicArn(stack, 'Everybody', 'arn:aws:sns:eu-west-1:123456789012:everybody');
for (const stage of ['staging', 'production']) {
  new Chat(stack, stage, {
    stage,
    bundlePath: '../dist',
    allowedOrigins: [`https://${stage}.example.com`, 'https://example.com'],
    tableNamePrefix: 'people',
    logRetention: RetentionDays.ONE_WEEK,
    alarmTopic,
  });
}
