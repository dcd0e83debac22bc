import { formatCount, formatRate } from './numbers.ts';

/** How much goes through the broker. */
export interface Totals {
  readonly receivedPerSecond: number;
  readonly deliveredPerSecond: number;
  readonly connections: number;
  /** Of these, other people's. */
  readonly guests: number;
  readonly topics: number;
  /** Messages that were not delivered. */
  readonly dropped: number;
  /** Of one processor core, 0 to 100 and above. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
}

/** The totals in one line. */
export function formatTotals(totals: Totals): string {
  const { receivedPerSecond, deliveredPerSecond, connections, guests, topics, dropped, cpuPercent, memoryBytes } =
    totals;
  return [
    `${formatRate(receivedPerSecond)} msg/s in`,
    `${formatRate(deliveredPerSecond)} out`,
    `${formatCount(connections)} connections${guests > 0 ? ` (${guests} of yours)` : ''}`,
    `${formatCount(topics)} topics`,
    `${formatCount(dropped)} dropped`,
    `CPU ${cpuPercent.toFixed(0)} %`,
    `${Math.round(memoryBytes / 1e6)} MB`,
  ].join(' · ');
}
