import type { AuthenticationMethod } from '../auth/enhanced-authentication.ts';
import type { AuthorizationOptions } from '../authorization/authorization.ts';
import type { Clock } from '../clock/clock.ts';
import type { Capabilities } from '../config/capabilities.ts';
import type { DurabilityRule } from '../config/durability.ts';
import type { BrokerLimits } from '../config/limits.ts';
import type { AuthenticationOptions } from '../entrance/chain-of.ts';
import type { ListenerOptions } from '../entrance/listener-options.ts';
import type { LoginGuardOptions } from '../entrance/login-guard.ts';
import type { BrokerHooks } from '../hook/broker-hooks.ts';
import type { BrokerLog } from '../observe/log.ts';
import type { Store } from '../store/store.ts';

/** How a broker is made; everything has a default. */
export interface BrokerOptions extends AuthenticationOptions {
  /** Default: `localhost:1883`. An empty list listens nowhere; see {@link Broker.accept}. */
  readonly listeners?: readonly ListenerOptions[];
  /** Bounds on what peers can grow; see {@link BrokerLimits}. */
  readonly limits?: Partial<BrokerLimits>;
  /** What of MQTT is offered; see {@link Capabilities}. Default: everything. */
  readonly capabilities?: Partial<Capabilities>;
  /** Default: says nothing. */
  readonly log?: BrokerLog;
  /** How failed logins are slowed down, and clients that flap kept out. */
  readonly login?: LoginGuardOptions;
  /** What clients may publish, subscribe to and receive. Default: everything. */
  readonly authorization?: AuthorizationOptions | undefined;
  /**
   * Whose a session is: its `user`'s, so that nobody with another user name can connect with its Client Identifier, or
   * `anyone`'s who knows the identifier. Default: its user's, where clients are asked who they are or there are rules.
   */
  readonly sessionOwnership?: 'user' | 'anyone';
  /** Methods of enhanced authentication that clients may choose, such as {@link scramSha256}. Default: none. */
  readonly authenticationMethods?: readonly AuthenticationMethod[];
  /** What a program adds: see {@link BrokerHooks}. Asked in this order. Default: nothing. */
  readonly hooks?: readonly BrokerHooks[];
  /** Default: sessions and retained messages end with the broker; {@link MemoryStore} hands them to the next. */
  readonly store?: Store;
  /**
   * What an acknowledgement is worth by topic, the first rule that matches: with `memory` nobody waits for the store. Default:
   * as much as the store promises. See {@link DurabilityRule}.
   */
  readonly durability?: readonly DurabilityRule[];
  /** Seconds between two publications of the `$SYS` topics; 0 turns them off. Default: 10. */
  readonly systemTopicsInterval?: number;
  /**
   * Whether times are measured for {@link Broker.metrics}: of a sample of messages, and of the event loop. Default: false; what is
   * counted is there in any case.
   */
  readonly measuresTimes?: boolean;
  /**
   * Whether event loop and memory are watched, and clients that connect slowed or refused when there is too much to do. Default: true,
   * but with a `clock` of your own.
   */
  readonly watchesLoad?: boolean;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** Whether a session is its user's; see {@link BrokerOptions.sessionOwnership}. */
export function protectsSessions(options: BrokerOptions): boolean {
  const { sessionOwnership, authenticators = [], authenticate, authorization, hooks = [] } = options;
  if (sessionOwnership !== undefined) return sessionOwnership === 'user';
  const asksHooks = hooks.some((each) => each.authenticate !== undefined || each.authorize !== undefined);
  return authenticators.length > 0 || authenticate !== undefined || authorization !== undefined || asksHooks;
}
