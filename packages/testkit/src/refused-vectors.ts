import { refusedConnacks, refusedConnects } from './vectors/refused-connect-vectors.ts';
import { refusedOthers } from './vectors/refused-disconnect-vectors.ts';
import { refusedAcknowledgements, refusedPublishes } from './vectors/refused-publish-vectors.ts';
import { refusedAnswers, refusedRequests } from './vectors/refused-subscribe-vectors.ts';
import type { RefusedVector } from './vectors/refused-vector.ts';

/**
 * Packets that must be refused, each named by the normative statement or section that it breaks, with the code of the
 * refusal: whole in their Remaining Length, wrong in what it holds.
 */
export const refusedVectors: readonly RefusedVector[] = [
  ...refusedConnects,
  ...refusedConnacks,
  ...refusedPublishes,
  ...refusedAcknowledgements,
  ...refusedRequests,
  ...refusedAnswers,
  ...refusedOthers,
];
