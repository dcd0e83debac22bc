import { CommitTimes } from './commit-times.ts';
import { Counters } from './counters.ts';
import { DeliveryTimes, type DeliveryTimesRooms } from './delivery-times.ts';
import { LimitWatch } from './limit-watch.ts';
import type { BrokerLog } from './log.ts';
import { LossLedger, type LossListener } from './loss-ledger.ts';
import type { Later } from './quiet-line.ts';
import { Readiness } from './readiness.ts';
import { Tallies } from './tallies.ts';

/** Where the rooms of one broker write down what happens. */
export interface Observation {
  readonly counters: Counters;
  readonly tallies: Tallies;
  readonly ledger: LossLedger;
  readonly limitWatch: LimitWatch;
  readonly readiness: Readiness;
  readonly deliveryTimes: DeliveryTimes;
  readonly commitTimes: CommitTimes;
}

/** What an {@link Observation} needs of the rooms around it. */
export interface ObservationRooms extends Pick<DeliveryTimesRooms, 'now' | 'awaitFlush'> {
  readonly log: BrokerLog;
  readonly later: Later;
  /** Told of every loss; undefined where nobody wants to be. */
  readonly handleLoss: LossListener | undefined;
}

/** @param measuresTimes Whether the times of deliveries are measured. */
export function observe(measuresTimes: boolean, rooms: ObservationRooms): Observation {
  const { now, awaitFlush, log, later, handleLoss } = rooms;
  return {
    counters: new Counters(),
    tallies: new Tallies(),
    ledger: new LossLedger(handleLoss),
    limitWatch: new LimitWatch(log, now, later),
    readiness: new Readiness(),
    deliveryTimes: new DeliveryTimes(measuresTimes, { now, awaitFlush, random: Math.random }),
    commitTimes: new CommitTimes(),
  };
}
