/** @busbar/store-lmdb: the durable store of the Busbar MQTT broker. */
export { LmdbStore, type LmdbStoreOptions } from './lmdb-store.ts';
export { type OpenOptions, openLmdbStore } from './open-lmdb-store.ts';
export { StoreError, type StoreErrorCode } from './store-error.ts';
export type { CheckResult } from './tools/check.ts';
export { checkStore } from './tools/check-store.ts';
