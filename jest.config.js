import { SWC_OPTIONS } from './test/support/swc.options.js';

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', SWC_OPTIONS],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testTimeout: 20_000,
  // Modules of a test stay in memory for as long as its worker lives, and a full heap slows down everything.
  maxWorkers: 2,
  workerIdleMemoryLimit: '1GB',
};
