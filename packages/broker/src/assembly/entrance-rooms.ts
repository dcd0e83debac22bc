import { BlockPool } from '@busbar/protocol';
import { AuthenticatorChain } from '../auth/authenticator-chain.ts';
import { connectionLimitsOf } from '../config/connection-limits.ts';
import type { BrokerRooms } from '../entrance/broker-rooms.ts';
import { chainOptionsOf } from '../entrance/chain-of.ts';
import { ConnectRates } from '../entrance/connect-rates.ts';
import { ConnectionCensus } from '../entrance/connection-census.ts';
import { Entrance } from '../entrance/entrance.ts';
import { linesOf } from '../entrance/lines.ts';
import type { ListenerOptions } from '../entrance/listener-options.ts';
import { LoginGuard } from '../entrance/login-guard.ts';
import { askingFirst, withFirst } from '../hook/asked-first.ts';
import { Traces } from '../trace/traces.ts';
import { type BrokerOptions, protectsSessions } from './broker-options.ts';
import type { Ground } from './ground.ts';
import type { LoadRooms } from './load-rooms.ts';
import type { MessageRooms } from './message-rooms.ts';

/** Where clients come in, and who is asked about them. */
export interface EntranceRooms {
  readonly entrance: Entrance;
  readonly chain: AuthenticatorChain;
  /** As they are to be opened. */
  readonly listeners: readonly ListenerOptions[];
}

/** Nobody comes in before {@link Entrance.listen}. */
export function wireEntrance(
  ground: Ground,
  messages: MessageRooms,
  load: LoadRooms,
  options: BrokerOptions,
): EntranceRooms {
  const { limits, capabilities, clock, log, later, hooks, tallies } = ground;
  const listeners = askingFirst(hooks.authenticators, options.listeners ?? [{}]);
  const chain = new AuthenticatorChain(chainOptionsOf(withFirst(hooks.authenticators, options), listeners));
  const rooms: BrokerRooms = {
    ...ground,
    ...messages,
    ...load,
    chain,
    authenticationMethods: new Map(options.authenticationMethods?.map((method) => [method.name, method])),
    connectionLimits: connectionLimitsOf(limits, capabilities),
    pool: new BlockPool((byteLength) => Buffer.allocUnsafeSlow(byteLength)),
    traces: new Traces(),
    census: new ConnectionCensus(),
    connectRates: new ConnectRates(limits, clock.now()),
    loginGuard: new LoginGuard(options.login ?? {}, clock, log, later, tallies.loginFailures),
    lines: linesOf(log, later),
    protectsSessions: protectsSessions(options),
  };
  return { entrance: new Entrance(rooms), chain, listeners };
}
