import type { CommitTimes } from '../observe/commit-times.ts';
import type { Counters } from '../observe/counters.ts';
import type { DeliveryTimes } from '../observe/delivery-times.ts';
import type { Histogram } from '../observe/histogram.ts';
import type { LimitWatch } from '../observe/limit-watch.ts';
import type { LoopLag } from '../observe/loop-lag.ts';
import type { LossLedger } from '../observe/loss-ledger.ts';
import type { ProcessMemory } from '../observe/process-memory.ts';
import type { Readiness } from '../observe/readiness.ts';
import type { Tallies } from '../observe/tallies.ts';
import type { Overload } from '../overload/overload.ts';
import type { RetainedMessages } from '../retained/retained-messages.ts';
import type { SessionTable } from '../session/session-table.ts';
import type { QueueAccount } from '../session/waiting-messages.ts';
import type { Store } from '../store/store.ts';
import type { SubscriptionTable } from '../subscription/subscription-table.ts';
import type { SessionSweep } from './session-sweep.ts';

/** What metrics are read from. */
export interface MetricRooms {
  readonly version: string;
  readonly counters: Counters;
  readonly tallies: Tallies;
  readonly ledger: LossLedger;
  readonly sessions: SessionTable;
  readonly subscriptions: SubscriptionTable;
  readonly retained: RetainedMessages;
  readonly queued: QueueAccount;
  readonly store: Store;
  readonly readiness: Readiness;
  readonly deliveryTimes: DeliveryTimes;
  readonly loopLag: LoopLag;
  readonly commitTimes: CommitTimes;
  readonly limitWatch: LimitWatch;
  readonly overload: Overload;
}

/** What one scrape reads once for several metrics. */
export interface ScrapeReading {
  readonly sweep: SessionSweep;
  readonly memory: ProcessMemory;
}

/** A value, values by the label of the metric, or a distribution. */
export type MetricValue = number | Iterable<readonly [labelValue: string, value: number]> | Histogram;

/**
 * What a metric is, as data: from it come the exposition and the reference page (docs/reference/metrics.md). A label's values
 * are known beforehand, whatever peers do: nothing that a peer chooses is ever one.
 */
export interface Metric {
  /** By the conventions of Prometheus: unit in the name, `_total` for counters. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly label?: string;
  /** The values that the label may have, for the reference. */
  readonly labelValues?: readonly string[];
  /** Undefined where there is nothing of it in this broker. */
  read(rooms: MetricRooms, reading: ScrapeReading): MetricValue | undefined;
}
