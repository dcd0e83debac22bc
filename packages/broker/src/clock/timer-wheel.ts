import type { Clock } from './clock.ts';

const SLOTS = 512;
const TICK_MS = 100;

/** Something that is due at a time, on the {@link TimerWheel}. */
export class Alarm {
  /** When it rings, in milliseconds of the clock; Infinity while it is not set. */
  at = Number.POSITIVE_INFINITY;
  slot = -1;
  readonly ring: (now: number) => void;

  constructor(ring: (now: number) => void) {
    this.ring = ring;
  }
}

/**
 * One timer for all deadlines of a broker: keep alives, CONNECT timeouts, session expiry, will delays. Setting and
 * clearing cost no system timer and no closure; an alarm rings up to a tick (100 ms) late and never early.
 *
 * A wheel of 512 slots of one tick each. An alarm lies in the slot of its time; one that is further away than a turn of
 * the wheel is passed over until its turn comes. Nothing ticks while no alarm is set.
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #slots: Set<Alarm>[] = Array.from({ length: SLOTS }, () => new Set());
  #size = 0;
  /** Number of the last tick that was worked on. */
  #tick = 0;
  #cancel: (() => void) | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sets an alarm, anew if it was set before. A time that has passed rings with the next tick; Infinity never. */
  set(alarm: Alarm, at: number): void {
    if (this.#size === 0) this.#tick = Math.floor(this.#clock.now() / TICK_MS);
    this.clear(alarm);
    if (at === Number.POSITIVE_INFINITY) return;
    const tick = Math.max(Math.ceil(at / TICK_MS), this.#tick + 1);
    alarm.at = at;
    alarm.slot = tick % SLOTS;
    this.#slots[alarm.slot]?.add(alarm);
    this.#size++;
    this.#awaitTick();
  }

  clear(alarm: Alarm): void {
    if (alarm.slot < 0) return;
    this.#slots[alarm.slot]?.delete(alarm);
    alarm.slot = -1;
    alarm.at = Number.POSITIVE_INFINITY;
    this.#size--;
  }

  /** Lets go of the clock for good. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const slot of this.#slots) slot.clear();
    this.#size = 0;
  }

  readonly #onTick = (): void => {
    this.#cancel = undefined;
    const now = this.#clock.now();
    const tick = Math.floor(now / TICK_MS);
    // After a long stall one turn of the wheel visits every slot.
    this.#tick = Math.max(this.#tick, tick - SLOTS);
    while (this.#tick < tick) {
      this.#tick++;
      this.#ringSlot(this.#tick % SLOTS, now);
    }
    if (this.#size > 0) this.#awaitTick();
  };

  /** Ticks lie at whole multiples of their length, so that no alarm waits for one to end and another to pass. */
  #awaitTick(): void {
    const untilTick = TICK_MS - (this.#clock.now() % TICK_MS);
    this.#cancel ??= this.#clock.schedule(this.#onTick, Math.ceil(untilTick));
  }

  #ringSlot(slot: number, now: number): void {
    for (const alarm of this.#slots[slot] ?? []) {
      if (alarm.at > now) continue;
      this.clear(alarm);
      alarm.ring(now);
    }
  }
}
