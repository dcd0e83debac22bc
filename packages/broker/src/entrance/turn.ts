import type { Clock } from '../clock/clock.ts';

/** Something that has output to send at the end of the turn. */
export interface Flushable {
  flush(): void;
}

/**
 * One turn of the event loop: whoever was written to is flushed once at its end, so that everything for a connection leaves
 * in one write, publishes and acknowledgements alike, however many publishers it came from.
 */
export class Turn {
  readonly #clock: Clock;
  #marked: Flushable[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whoever marks itself is flushed once; it must not mark itself again before that. */
  mark(flushable: Flushable): void {
    if (this.#marked.length === 0) this.#clock.endOfTurn(this.#flush);
    this.#marked.push(flushable);
  }

  readonly #flush = (): void => {
    const marked = this.#marked;
    this.#marked = [];
    for (const flushable of marked) flushable.flush();
  };
}
