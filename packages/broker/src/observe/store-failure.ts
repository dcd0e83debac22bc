import type { BrokerLog } from './log.ts';
import type { Readiness } from './readiness.ts';
import type { Tallies } from './tallies.ts';

/** Where it is seen that the store fails. */
export interface StoreFailureRooms {
  readonly log: BrokerLog;
  readonly tallies: Tallies;
  readonly readiness: Readiness;
}

/** @param failure Why the store cannot keep anything; undefined when it can again. */
export function reportStoreFailure({ log, tallies, readiness }: StoreFailureRooms, failure: string | undefined): void {
  readiness.report('store', failure);
  if (failure === undefined) {
    log.info({}, 'the store keeps messages again');
    return;
  }
  tallies.storeFailures++;
  log.error({ error: failure }, 'the store cannot keep messages: what would have to be kept is refused with 0x97');
}
