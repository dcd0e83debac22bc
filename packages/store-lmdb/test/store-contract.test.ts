import assert from 'node:assert/strict';
import { type StoreKind, storeContract } from '@busbar/testkit';
import { describe, test, vi } from 'vitest';
import { checkStore, openLmdbStore } from '../src/index.ts';
import { LmdbStore } from '../src/lmdb-store.ts';
import { checkDisk } from '../src/tools/check.ts';
import { temporaryDirectory, turn } from './data-directory.ts';
import { MemoryDisk } from './memory-disk.ts';

vi.setConfig({ testTimeout: 60_000 });

describe('on LMDB', () => {
  for (const { name, run } of storeContract) {
    test(name, async () => {
      const directory = temporaryDirectory();
      const kind: StoreKind = { open: () => openLmdbStore({ directory }), settle: turn };
      await run(kind);
      assert.deepEqual((await checkStore(directory)).problems, []);
    });
  }
});

describe('with next to nothing on the heap', () => {
  for (const { name, run } of storeContract) {
    test(name, async () => {
      const disk = new MemoryDisk();
      const kind: StoreKind = {
        async open() {
          // A store that is closed waits for its last write.
          const store = new LmdbStore(disk, { heapBudget: 0 });
          const close = store.close.bind(store);
          store.close = async () => {
            const closing = close();
            while (disk.complete()) await turn();
            await closing;
          };
          return store;
        },
        async settle() {
          await turn();
          disk.complete();
        },
      };
      await run(kind);
      assert.deepEqual(checkDisk(disk).problems, []);
    });
  }
});
