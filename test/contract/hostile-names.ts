export * from '../../src/testing/contract/hostile.names.js';
