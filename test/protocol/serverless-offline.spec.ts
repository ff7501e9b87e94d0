import { describeWithRedis } from '../support/redis.server.js';
import { serverlessOffline } from './homes.js';
import { protocolSuite } from './protocol.suite.js';

describeWithRedis('On Redis', () =>
  protocolSuite('the Lambda entry under serverless-offline', serverlessOffline, { mayForget: true }),
);
