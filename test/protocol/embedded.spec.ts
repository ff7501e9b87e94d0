import { embeddedGateway } from './homes.js';
import { protocolSuite } from './protocol.suite.js';

protocolSuite('one embedded gateway', embeddedGateway, { mayForget: false });
