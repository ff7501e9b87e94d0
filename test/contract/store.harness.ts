export { collect, EXPIRE_AFTER_MS, EXPIRE_AFTER_SECONDS } from '../../src/testing/contract/store.harness.js';
