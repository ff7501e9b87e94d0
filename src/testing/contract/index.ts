export { connectionStoreContract } from './connection-store.contract.js';
export { Wire } from './races/wire.js';
export { ManualClock } from '../manual.clock.js';

export type { StoreSettings, StoreSetup, SuiteRunner } from './store.settings.js';
