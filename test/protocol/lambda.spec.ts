import { describeWithRedis } from '../support/redis.server.js';
import { lambda } from './homes.js';
import { protocolSuite } from './protocol.suite.js';

describeWithRedis('On Redis', () => protocolSuite('the Lambda entry behind API Gateway', lambda, { mayForget: true }));
