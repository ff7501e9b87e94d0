// npm run bundle, then here: npx aws-cdk@2 deploy -c stage=production -c origins=https://chat.example.com
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Chat } from './chat.construct.js';

const app = new App();
const contextOf = (name: string): string | undefined => app.node.tryGetContext(name) as string | undefined;
const stage = contextOf('stage') ?? 'production';
const operatorKeySecret = contextOf('operatorKeySecret');

const stack = new Stack(app, `chat-${stage}`);
const chat = new Chat(stack, 'Chat', {
  stage,
  bundlePath: '../dist',
  allowedOrigins: contextOf('origins')?.split(',') ?? [],
  ...(operatorKeySecret !== undefined && {
    operatorKey: Secret.fromSecretNameV2(stack, 'OperatorKey', operatorKeySecret),
  }),
  accessLogs: contextOf('accessLogs') === 'yes',
});
new CfnOutput(stack, 'ConnectionUrl', { value: chat.connectionUrl });
new CfnOutput(stack, 'AlarmsTopic', { value: chat.alarmTopic.topicArn });
