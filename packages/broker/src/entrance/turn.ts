import type { Clock } from '../clock/clock.ts';

/** Something that has output to send at the end of the turn. */
export interface Flushable {
  flush(): void;
}

/** Milliseconds that a turn reads on: whoever has more to say then says it in the next one, after everybody else. */
const LONGEST_READING_MS = 8;

/**
 * One turn of the event loop: whoever was written to is flushed once at its end, so that everything for a connection leaves
 * in one write, publishes and acknowledgements alike, however many publishers it came from.
 *
 * It also sees to it that a turn ends in time: the system hands out megabytes of one connection at a stretch, if they are there,
 * and nothing else happens meanwhile.
 */
export class Turn {
  readonly #clock: Clock;
  #marked: Flushable[] = [];
  #isAwaitingEnd = false;
  /** When the first bytes of this turn were worked on; undefined before. */
  #readingSince: number | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whoever marks itself is flushed once; it must not mark itself again before that. */
  mark(flushable: Flushable): void {
    this.#awaitEnd();
    this.#marked.push(flushable);
  }

  /** Bytes of a connection are about to be worked on. */
  handleReading(now: number): void {
    if (this.#readingSince !== undefined) return;
    this.#readingSince = now;
    this.#awaitEnd();
  }

  /** Whether so much time has gone into what came in this turn that the rest should wait for the next one. */
  get isOver(): boolean {
    return this.#readingSince !== undefined && this.#clock.now() - this.#readingSince > LONGEST_READING_MS;
  }

  #awaitEnd(): void {
    if (this.#isAwaitingEnd) return;
    this.#isAwaitingEnd = true;
    this.#clock.endOfTurn(this.#end);
  }

  readonly #end = (): void => {
    const marked = this.#marked;
    this.#marked = [];
    this.#isAwaitingEnd = false;
    this.#readingSince = undefined;
    for (const flushable of marked) flushable.flush();
  };
}
