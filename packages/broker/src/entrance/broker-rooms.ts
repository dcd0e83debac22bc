import type { BlockPool, ServerConnectionLimits } from '@busbar/protocol';
import type { Authorization } from '../authorization/authorization.ts';
import type { Clock } from '../clock/clock.ts';
import type { TimerWheel } from '../clock/timer-wheel.ts';
import type { Capabilities } from '../config/capabilities.ts';
import type { BrokerLimits } from '../config/limits.ts';
import type { Hooks } from '../hook/hooks.ts';
import type { Counters } from '../observe/counters.ts';
import type { DeliveryTimes } from '../observe/delivery-times.ts';
import type { LimitWatch } from '../observe/limit-watch.ts';
import type { BrokerLog } from '../observe/log.ts';
import type { LossLedger } from '../observe/loss-ledger.ts';
import type { Later } from '../observe/quiet-line.ts';
import type { Readiness } from '../observe/readiness.ts';
import type { Tallies } from '../observe/tallies.ts';
import type { Overload } from '../overload/overload.ts';
import type { Router } from '../router/router.ts';
import type { SessionTable } from '../session/session-table.ts';
import type { Store } from '../store/store.ts';
import type { Traces } from '../trace/traces.ts';
import type { Wills } from '../will/wills.ts';
import type { AuthenticationRooms } from './authentication.ts';
import type { ConnectRates } from './connect-rates.ts';
import type { ConnectionCensus } from './connection-census.ts';
import type { EntranceLines } from './lines.ts';
import type { LoginGuard } from './login-guard.ts';
import type { Turn } from './turn.ts';

/** The rooms that an entrance opens to, wired in `assembly/`. */
export interface BrokerRooms extends AuthenticationRooms {
  readonly limits: BrokerLimits;
  readonly capabilities: Capabilities;
  /** Of the connections to come. */
  connectionLimits: ServerConnectionLimits;
  /** Bytes that may wait in a socket before messages wait in its session; fewer while memory is short. */
  readonly bufferedBytes: { maximum: number };
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly turn: Turn;
  readonly pool: BlockPool;
  readonly log: BrokerLog;
  /** For what is said a while later. */
  readonly later: Later;
  readonly hooks: Hooks;
  readonly counters: Counters;
  readonly tallies: Tallies;
  readonly deliveryTimes: DeliveryTimes;
  readonly readiness: Readiness;
  readonly ledger: LossLedger;
  /** Who traces which client. */
  readonly traces: Traces;
  readonly router: Router;
  readonly sessions: SessionTable;
  readonly store: Store;
  readonly wills: Wills;
  readonly authorization: Authorization;
  readonly loginGuard: LoginGuard;
  readonly census: ConnectionCensus;
  readonly connectRates: ConnectRates;
  readonly overload: Overload;
  readonly limitWatch: LimitWatch;
  /** Lines of the log that peers can bring about. */
  readonly lines: EntranceLines;
  /** Whether a session is its user's: nobody else may take its Client Identifier. */
  readonly protectsSessions: boolean;
}
