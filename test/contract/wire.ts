export * from '../../src/testing/contract/races/wire.js';
