import type { BlockPool, ServerConnectionLimits } from '@busbar/protocol';
import type { Clock } from '../clock/clock.ts';
import type { TimerWheel } from '../clock/timer-wheel.ts';
import type { Capabilities } from '../config/capabilities.ts';
import type { BrokerLimits } from '../config/limits.ts';
import type { Counters } from '../observe/counters.ts';
import type { BrokerLog } from '../observe/log.ts';
import type { Router } from '../router/router.ts';
import type { SessionTable } from '../session/session-table.ts';
import type { Store } from '../store/store.ts';
import type { Wills } from '../will/wills.ts';
import type { AuthenticationRooms } from './authentication.ts';
import type { Turn } from './turn.ts';

/** The rooms that an entrance opens to, wired in `broker.ts`. */
export interface BrokerRooms extends AuthenticationRooms {
  readonly limits: BrokerLimits;
  readonly capabilities: Capabilities;
  readonly connectionLimits: ServerConnectionLimits;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly turn: Turn;
  readonly pool: BlockPool;
  readonly log: BrokerLog;
  readonly counters: Counters;
  readonly router: Router;
  readonly sessions: SessionTable;
  readonly store: Store;
  readonly wills: Wills;
  /** A Client Identifier for a client that brings none. */
  makeClientIdentifier(): string;
}
