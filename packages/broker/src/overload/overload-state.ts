/**
 * How much a broker has to do.
 *
 * - `none`: everybody comes in at once.
 * - `slowed`: clients that connect wait for their turn, those with a session first.
 * - `refusing`: new clients are refused, those with a session come in one after the other.
 */
export const OVERLOAD_LEVELS = ['none', 'slowed', 'refusing'] as const;
export type OverloadLevel = (typeof OVERLOAD_LEVELS)[number];

/** What was measured at one moment. */
export interface LoadSample {
  /** Milliseconds that the event loop was late. */
  readonly lagMs: number;
  /** Memory in use, as a part of what may be used; 1 is all of it. */
  readonly memoryShare: number;
}

/** How much of a new measurement counts: at ten a second, what was half a second ago counts for a third. */
const SMOOTHING = 0.2;
/** The broker refuses when it is so many times later than it is slowed at. One long stall is no overload: it counts as twice that. */
const REFUSING = 5;
/** A level ends when it is measured to be at this part of where it began, and not before it has held for so long. */
const RELIEF = 0.5;
const SHORTEST_MS = 1_000;
/** Parts of the memory: from here clients are slowed, here nothing more is taken, and below this it is over. */
const SCARCE = 0.95;
const OUT = 1;
const ENOUGH = 0.9;

const SEVERITY = { none: 0, slowed: 1, refusing: 2 } as const;

/**
 * Judges by what is measured whether the broker is overloaded, slowly and with a memory, so that it does not change its mind with
 * every measurement.
 *
 *     none --late, memory scarce--> slowed --much later, memory out--> refusing
 *         <--half as late, enough memory, 1 s--   <--half as late, enough memory, 1 s--
 *
 * Reads nothing and waits for nothing: whoever measures, tells.
 */
export class OverloadState {
  #lagMs = 0;
  #byLag: OverloadLevel = 'none';
  #byLagSince = Number.NEGATIVE_INFINITY;
  #isScarce = false;
  #isOutOfMemory = false;

  get level(): OverloadLevel {
    if (this.#isOutOfMemory) return 'refusing';
    return this.#isScarce && this.#byLag === 'none' ? 'slowed' : this.#byLag;
  }

  /** Milliseconds that the event loop is late, smoothed. */
  get lagMs(): number {
    return this.#lagMs;
  }

  /** What would take more memory is to be refused. */
  get isOutOfMemory(): boolean {
    return this.#isOutOfMemory;
  }

  /** @param overloadLagMs From where on the event loop is late; 0: it never is. */
  handleSample({ lagMs, memoryShare }: LoadSample, overloadLagMs: number, now: number): void {
    this.#judgeLag(lagMs, overloadLagMs, now);
    if (memoryShare >= SCARCE) this.#isScarce = true;
    if (memoryShare >= OUT) this.#isOutOfMemory = true;
    if (memoryShare >= ENOUGH) return;
    this.#isScarce = false;
    this.#isOutOfMemory = false;
  }

  #judgeLag(lagMs: number, overloadLagMs: number, now: number): void {
    if (overloadLagMs === 0) {
      this.#lagMs = lagMs;
      this.#byLag = 'none';
      return;
    }
    const counted = Math.min(lagMs, 2 * REFUSING * overloadLagMs);
    this.#lagMs += (counted - this.#lagMs) * SMOOTHING;
    const worse =
      this.#lagMs >= REFUSING * overloadLagMs ? 'refusing' : this.#lagMs >= overloadLagMs ? 'slowed' : 'none';
    if (SEVERITY[worse] > SEVERITY[this.#byLag]) this.#set(worse, now);
    else if (now - this.#byLagSince >= SHORTEST_MS) this.#relieve(overloadLagMs, now);
  }

  #relieve(overloadLagMs: number, now: number): void {
    if (this.#byLag === 'refusing' && this.#lagMs < REFUSING * overloadLagMs * RELIEF) this.#set('slowed', now);
    else if (this.#byLag === 'slowed' && this.#lagMs < overloadLagMs * RELIEF) this.#set('none', now);
  }

  #set(level: OverloadLevel, now: number): void {
    this.#byLag = level;
    this.#byLagSince = now;
  }
}
