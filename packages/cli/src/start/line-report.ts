import type { Writable } from 'node:stream';
import type { DashboardView } from './dashboard.ts';
import type { DemoEvent } from './event-list.ts';
import { formatClock } from './numbers.ts';
import { formatTotals } from './totals.ts';

const LINE_MS = 1000;
/** Events told in one line at the most. */
const MOST_EVENTS = 4;

/** Tells the same as the dashboard where there is no terminal: one line a second. */
export class LineReport {
  readonly #stdout: Writable;
  readonly #view: () => DashboardView;
  readonly #takeEvents: () => readonly DemoEvent[];
  #timer: NodeJS.Timeout | undefined;

  constructor(stdout: Writable, view: () => DashboardView, takeEvents: () => readonly DemoEvent[]) {
    this.#stdout = stdout;
    this.#view = view;
    this.#takeEvents = takeEvents;
  }

  open(): void {
    const { hints } = this.#view();
    for (const hint of hints) this.#stdout.write(`${hint}\n`);
    this.#timer = setInterval(() => this.#stdout.write(`${formatLine(this.#view(), this.#takeEvents())}\n`), LINE_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** One second in one line. */
export function formatLine({ elapsedMs, plant, totals }: DashboardView, events: readonly DemoEvent[]): string {
  const told = events.slice(-MOST_EVENTS).map(({ text }) => text);
  const untold = events.length - told.length;
  const more = untold > 0 ? [`and ${untold} more events before`] : [];
  return [formatClock(elapsedMs), `${plant.state || 'waiting'} · ${formatTotals(totals)}`, ...told, ...more].join(
    ' | ',
  );
}
