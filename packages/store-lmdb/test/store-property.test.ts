import fc from 'fast-check';
import { test, vi } from 'vitest';
import { CLIENTS, type Operation, operation } from './store-operations.ts';
import { StoreRun } from './store-run.ts';

vi.setConfig({ testTimeout: 120_000 });

/** More of them: `STORE_RUNS=10000 npx vitest run packages/store-lmdb`. */
const { STORE_RUNS: runs = '300' } = process.env;

test('after a crash at any point the store has exactly what was kept, whatever was done before', async () => {
  const first = CLIENTS.map((_, index): Operation => ({ kind: 'connect', client: index, will: false }));
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 120, size: 'max' }), async (operations) => {
      const run = new StoreRun();
      for (const each of [...first, ...operations]) {
        await run.apply(each);
        run.compare();
      }
      await run.finish();
    }),
    { numRuns: Number(runs) },
  );
});
