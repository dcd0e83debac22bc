import { setImmediate } from 'node:timers/promises';
import type { Session } from '../session/session.ts';

/** Milliseconds of work before others in the process have their turn. */
const LONGEST_STRETCH_MS = 2;
/** Sessions between two looks at the clock. */
const SESSIONS_IN_A_ROW = 64;
/** Where there are many sessions, no more than one part in so many of the time goes into looking at them. */
const SHARE_OF_TIME = 50;
const MANY_SESSIONS = 10_000;

/** What all sessions have in hand together. */
export interface SessionSweep {
  /** Messages that wait in queues, and how many sessions have such. */
  readonly queued: number;
  readonly sessionsWaiting: number;
  /** Messages in the longest queue. */
  readonly longestQueue: number;
  /** Deliveries of QoS 1 and 2 whose flow is not complete. */
  readonly inFlight: number;
}

/**
 * Adds up what sessions have in hand. A session takes about a microsecond, so that a million of them are looked at in
 * stretches, between which others have their turn, and not more often than is good for what the broker is there for.
 */
export class SessionSweeper {
  readonly #sessions: Iterable<Session>;
  readonly #now: () => number;
  #last: SessionSweep | undefined = undefined;
  /** Until then the last result is good enough. */
  #isFreshUntil = Number.NEGATIVE_INFINITY;

  /** @param now Milliseconds, as they really pass. */
  constructor(sessions: Iterable<Session>, now: () => number = () => performance.now()) {
    this.#sessions = sessions;
    this.#now = now;
  }

  async sweep(): Promise<SessionSweep> {
    if (this.#last !== undefined && this.#now() < this.#isFreshUntil) return this.#last;
    const { sweep, workMs, seen } = await this.#look();
    this.#last = sweep;
    if (seen >= MANY_SESSIONS) this.#isFreshUntil = this.#now() + workMs * SHARE_OF_TIME;
    return sweep;
  }

  async #look(): Promise<{ sweep: SessionSweep; workMs: number; seen: number }> {
    const sweep = { queued: 0, sessionsWaiting: 0, longestQueue: 0, inFlight: 0 };
    let workMs = 0;
    let seen = 0;
    let begin = this.#now();
    for (const session of this.#sessions) {
      const { length } = session.record.queue;
      sweep.queued += length;
      if (length > 0) sweep.sessionsWaiting++;
      sweep.longestQueue = Math.max(sweep.longestQueue, length);
      sweep.inFlight += session.inFlight;
      if (++seen % SESSIONS_IN_A_ROW !== 0 || this.#now() - begin < LONGEST_STRETCH_MS) continue;
      workMs += this.#now() - begin;
      await setImmediate();
      begin = this.#now();
    }
    return { sweep, workMs: workMs + this.#now() - begin, seen };
  }
}
