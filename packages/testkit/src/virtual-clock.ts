interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Ends a test that would go round for ever: more tasks than any test has at one instant. */
const MOST_TASKS = 5_000_000;

/**
 * Time that passes only when a test says so, with an event loop of its own: tasks, then the ends of turns, then timers in
 * their order. It fits wherever a `Clock` with `now`, `schedule` and `endOfTurn` is wanted, and {@link task} fits
 * `createMemoryPair({ schedule })`.
 *
 *     const clock = new VirtualClock();
 *     const broker = await createBroker({ clock, listeners: [] });
 *     clock.advance(90_000);
 */
export class VirtualClock {
  #now: number;
  #tasks: (() => void)[] = [];
  #ends: (() => void)[] = [];
  readonly #timers = new Set<Timer>();
  #isRunning = false;

  /** @param now Milliseconds at the beginning; default 1,000,000, so that zero is never right by chance. */
  constructor(now = 1_000_000) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;

  /** Calls back once when so many milliseconds have passed, unless the answer is called before. */
  readonly schedule = (callback: () => void, delayMs: number): (() => void) => {
    const timer = { at: this.#now + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** Calls back when no task is left. */
  readonly endOfTurn = (callback: () => void): void => {
    this.#ends.push(callback);
  };

  /** Runs a task in this turn or the next, never at once. */
  readonly task = (task: () => void): void => {
    this.#tasks.push(task);
  };

  /** Timers that are set. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Turns the event loop until it has nothing left to do at this instant. From within a task it does nothing. */
  run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      this.#turn();
    } finally {
      this.#isRunning = false;
    }
  }

  #turn(): void {
    for (let count = 0; this.#tasks.length > 0 || this.#ends.length > 0; count++) {
      if (count > MOST_TASKS) throw new Error('the event loop does not come to rest');
      const tasks = this.#tasks;
      this.#tasks = [];
      for (const task of tasks) task();
      if (this.#tasks.length > 0) continue;
      const ends = this.#ends;
      this.#ends = [];
      for (const end of ends) end();
    }
  }

  /** Lets time pass, and rings every timer on its way at its own instant. */
  advance(milliseconds: number): void {
    this.run();
    const until = this.#now + milliseconds;
    for (let next = this.#nextTimer(until); next !== undefined; next = this.#nextTimer(until)) {
      this.#timers.delete(next);
      this.#now = next.at;
      next.callback();
      this.run();
    }
    this.#now = until;
  }

  /** Lets time pass as on a machine that was busy meanwhile: all timers that are due ring at the end of it, before any task. */
  leap(milliseconds: number): void {
    this.#now += milliseconds;
    for (let next = this.#nextTimer(this.#now); next !== undefined; next = this.#nextTimer(this.#now)) {
      this.#timers.delete(next);
      next.callback();
    }
    this.run();
  }

  #nextTimer(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= until && (first === undefined || timer.at < first.at)) first = timer;
    }
    return first;
  }
}
