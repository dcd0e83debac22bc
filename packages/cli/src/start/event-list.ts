/** Something worth telling, beside the values. */
export interface DemoEvent {
  /** Milliseconds since the start. */
  readonly atMs: number;
  readonly kind: 'bad' | 'good' | 'note' | 'warning';
  readonly text: string;
}

const KEPT = 100;

/** What has happened lately: the newest last, old ones forgotten. */
export class EventList {
  readonly #startedAt: number;
  #events: DemoEvent[] = [];
  #untold = 0;

  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  add(kind: DemoEvent['kind'], text: string, now: number): void {
    this.#events = [...this.#events.slice(1 - KEPT), { atMs: now - this.#startedAt, kind, text }];
    this.#untold = Math.min(this.#untold + 1, KEPT);
  }

  latest(count: number): readonly DemoEvent[] {
    return count > 0 ? this.#events.slice(-count) : [];
  }

  /** The events since the last call. */
  takeNew(): readonly DemoEvent[] {
    const events = this.latest(this.#untold);
    this.#untold = 0;
    return events;
  }
}
