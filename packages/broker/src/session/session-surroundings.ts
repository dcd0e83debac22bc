import type { ByteSlab } from '@busbar/protocol';
import type { Authorization } from '../authorization/authorization.ts';
import type { Capabilities } from '../config/capabilities.ts';
import type { BrokerLimits } from '../config/limits.ts';
import type { Hooks } from '../hook/hooks.ts';
import type { Counters } from '../observe/counters.ts';
import type { DeliveryTimes } from '../observe/delivery-times.ts';
import type { LimitWatch } from '../observe/limit-watch.ts';
import type { LossLedger } from '../observe/loss-ledger.ts';
import type { QueueAccount } from './waiting-messages.ts';

/** What sessions of one broker have in common. */
export interface SessionSurroundings {
  readonly limits: BrokerLimits;
  readonly capabilities: Capabilities;
  readonly counters: Counters;
  readonly ledger: LossLedger;
  readonly slab: ByteSlab;
  /** What waits in all of them together. */
  readonly queued: QueueAccount;
  readonly limitWatch: LimitWatch;
  readonly authorization: Authorization;
  /** Sees what each session is given; undefined where nobody wants to. */
  readonly deliver?: Hooks['deliver'];
  readonly deliveryTimes: DeliveryTimes;
}
