import { formatCount, formatRate } from './numbers.ts';

/** What a demonstration has done, at its end. */
export interface DemoSummary {
  readonly name: string;
  readonly elapsedMs: number;
  readonly received: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly devices: number;
  readonly topics: number;
  readonly retained: number;
  readonly mostConnections: number;
  readonly outages: number;
  /** Readings that waited in a device while it was away, and were delivered later. */
  readonly caughtUp: number;
  /** Readings with a number, and how many of them never came. */
  readonly numbered: number;
  readonly missing: number;
  readonly cpuMs: number;
  readonly memoryBytes: number;
}

/** The closing words, a few lines. */
export function formatSummary(summary: DemoSummary): string {
  const { name, elapsedMs, received, delivered, dropped, outages, caughtUp, numbered, missing, cpuMs } = summary;
  const seconds = elapsedMs / 1000;
  const perSecond = (count: number) => `${formatCount(count)} (${formatRate(count / seconds)}/s)`;
  const times = outages === 1 ? 'once' : `${formatCount(outages)} times`;
  return [
    `${name}, ${seconds.toFixed(1)} s`,
    `  messages     ${perSecond(received)} received, ${perSecond(delivered)} delivered, ${formatCount(dropped)} dropped`,
    `  plant        ${summary.devices} devices, ${formatCount(summary.topics)} topics, ${formatCount(summary.retained)} retained, ${formatCount(summary.mostConnections)} connections at most`,
    `  lost network ${outages === 0 ? 'never' : `${times}; ${formatCount(caughtUp)} queued readings delivered afterwards`}`,
    `  readings     ${formatCount(numbered)} numbered ones received, ${missing === 0 ? 'none' : formatCount(missing)} missing`,
    `  cost         ${(cpuMs / 1000).toFixed(1)} s of CPU (${((100 * cpuMs) / elapsedMs).toFixed(0)} %), ${Math.round(summary.memoryBytes / 1e6)} MB, for broker, devices and view together`,
  ].join('\n');
}
