import { type StoreKind, storeContract } from '@busbar/testkit';
import { describe, test } from 'vitest';
import { MemoryStore } from '../../src/index.ts';

describe('keeps what every store promises, as long as the process lives', () => {
  const kind = (): StoreKind => {
    const store = new MemoryStore();
    return { open: async () => store, settle: async () => {} };
  };
  for (const { name, run } of storeContract) test(name, () => run(kind()));
});
