import type { StoreCase } from './store-case.ts';
import { storeFlowCases } from './store-flow-cases.ts';
import { storeKeepingCases } from './store-keeping-cases.ts';
import { storeQueueCases } from './store-queue-cases.ts';
import { storeSessionCases } from './store-session-cases.ts';

export type { StoreCase, StoreKind } from './store-case.ts';

/**
 * What every store of the broker promises, as cases for any test runner.
 *
 *     for (const { name, run } of storeContract) test(name, () => run(kind()));
 */
export const storeContract: readonly StoreCase[] = [
  ...storeSessionCases,
  ...storeQueueCases,
  ...storeFlowCases,
  ...storeKeepingCases,
];
