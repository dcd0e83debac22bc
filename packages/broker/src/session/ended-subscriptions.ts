import type { Clock } from '../clock/clock.ts';
import type { SubscriptionTable } from '../subscription/subscription-table.ts';
import type { Session } from './session.ts';

/** Milliseconds of a turn of the event loop that go into it. */
const SHARE_MS = 4;
/** Topic Filters between two looks at the clock. */
const STRETCH = 64;

interface Ended {
  readonly session: Session;
  readonly topicFilters: Iterator<string>;
}

/**
 * Takes the subscriptions of sessions that have ended out of the table: those of most at once, of one with many a part in each turn
 * of the event loop, while everybody else goes on. What still matches meanwhile is nothing to a session that has ended.
 */
export class EndedSubscriptions {
  readonly #table: SubscriptionTable;
  readonly #clock: Clock;
  /** The first one is being worked on. */
  #ended: Ended[] = [];
  #isResting = false;

  constructor(table: SubscriptionTable, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  remove(session: Session): void {
    const topicFilters = session.record.subscriptions.keys();
    this.#ended.push({ session, topicFilters });
    if (!this.#isResting) this.#work();
  }

  readonly #work = (): void => {
    const until = this.#clock.now() + SHARE_MS;
    let done = 0;
    for (const [at, { session, topicFilters }] of this.#ended.entries()) {
      for (let next = topicFilters.next(); next.done !== true; next = topicFilters.next()) {
        this.#table.delete(session, next.value);
        if (++done % STRETCH !== 0 || this.#clock.now() < until) continue;
        this.#ended = this.#ended.slice(at);
        this.#isResting = true;
        this.#clock.endOfTurn(this.#work);
        return;
      }
    }
    this.#ended = [];
    this.#isResting = false;
  };
}
