import { describeWithRedis } from '../support/redis.server.js';
import { embeddedCluster } from './homes.js';
import { protocolSuite } from './protocol.suite.js';

describeWithRedis('On Redis', () =>
  protocolSuite('three embedded gateways on one Redis', embeddedCluster, { mayForget: true }),
);
