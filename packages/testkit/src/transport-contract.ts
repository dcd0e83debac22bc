import type { ContractCase } from './transport-case.ts';
import { transportClosingCases } from './transport-closing-cases.ts';
import { transportFlowCases } from './transport-flow-cases.ts';

export type { ConnectedPair, ConnectPair, ContractCase } from './transport-case.ts';

/**
 * What every {@link ByteTransport} promises, as cases for any test runner. No case sleeps; what must not happen is
 * awaited through turns of the event loop, so that a transport that keeps its promises cannot fail by bad timing.
 *
 *     for (const { name, run } of transportContract) test(name, () => run(connectTcpPair));
 */
export const transportContract: readonly ContractCase[] = [...transportFlowCases, ...transportClosingCases];
