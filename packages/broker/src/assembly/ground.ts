import { type Clock, systemClock } from '../clock/clock.ts';
import { Alarm, TimerWheel } from '../clock/timer-wheel.ts';
import { type Capabilities, resolveCapabilities } from '../config/capabilities.ts';
import { type BrokerLimits, resolveLimits } from '../config/limits.ts';
import { Turn } from '../entrance/turn.ts';
import { type Hooks, wireHooks } from '../hook/hooks.ts';
import { type BrokerLog, silentLog } from '../observe/log.ts';
import { type Observation, observe } from '../observe/observation.ts';
import type { Later } from '../observe/quiet-line.ts';
import type { Store } from '../store/store.ts';
import { VolatileStore } from '../store/volatile-store.ts';
import type { BrokerOptions } from './broker-options.ts';

/** What all rooms of a broker stand on: its settings, its time, its store, and what is written down of it. */
export interface Ground extends Observation {
  readonly limits: BrokerLimits;
  readonly capabilities: Capabilities;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly turn: Turn;
  readonly later: Later;
  readonly log: BrokerLog;
  readonly hooks: Hooks;
  readonly store: Store;
}

/** @throws {UsageError} Limits or capabilities that do not exist or are out of range. */
export function layGround(options: BrokerOptions): Ground {
  const limits = resolveLimits(options.limits);
  const capabilities = resolveCapabilities(options.capabilities);
  const { clock = systemClock, store = new VolatileStore(), log = silentLog } = options;
  const wheel = new TimerWheel(clock);
  const turn = new Turn(clock);
  const later: Later = (callback, delayMs) => wheel.set(new Alarm(callback), clock.now() + delayMs);
  const hooks = wireHooks(options.hooks ?? [], log, clock);
  const observation = observe(options.measuresTimes ?? false, {
    now: () => clock.now(),
    awaitFlush: (times) => turn.mark(times),
    log,
    later,
    handleLoss: hooks.drop,
  });
  return { limits, capabilities, clock, wheel, turn, later, log, hooks, store, ...observation };
}
