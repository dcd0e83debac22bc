/** @busbar/store-lmdb: the durable store of the Busbar MQTT broker. */
export { LmdbStore, type LmdbStoreOptions } from './lmdb-store.ts';
export { type OpenOptions, openLmdbStore } from './open-lmdb-store.ts';
export { StoreError, type StoreErrorCode } from './store-error.ts';
export type { CheckResult } from './tools/check.ts';
export { checkStore } from './tools/check-store.ts';
export { type Compaction, compactStore } from './tools/compact-store.ts';
export { dumpStore } from './tools/dump-store.ts';
export { restoreStore } from './tools/restore-store.ts';
export { type LargeQueue, readStoreStats, type StoreStats } from './tools/store-stats.ts';
