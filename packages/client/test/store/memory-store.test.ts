import { describe, test } from 'vitest';
import { MemoryStore } from '../../src/index.ts';
import { STORE_CASES } from './store-contract.ts';

describe('the memory store keeps the contract', () => {
  test.each(STORE_CASES)('$name', async ({ run }) => {
    const store = new MemoryStore();
    await run(() => store);
  });
});
