import type { BenchResult } from '@busbar/bench';
import { count, mebibytes, ms } from './figures.ts';

const VERSIONS: Readonly<Record<number, string>> = { 3: '3.1', 4: '3.1.1', 5: '5.0' };

/** A result as people read it. */
export function renderResult(result: BenchResult): string {
  const rows = [...amounts(result), ...proof(result), latency(result), ...cost(result)];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  return `${headline(result)}\n\n${lines.join('\n')}\n`;
}

type Row = readonly [name: string, value: string];

function headline({ run, measuredSeconds }: BenchResult): string {
  const { workload, url, version, publishers, subscribers, connections, qos, size, rate } = run;
  const what =
    workload === 'connect'
      ? `${count(connections)} connections`
      : `${count(publishers)} to ${count(subscribers)}, QoS ${qos}, ${count(size)} bytes`;
  const pace = rate > 0 ? `, ${count(rate)}/s` : '';
  return `${workload} at ${url}: ${what}${pace}, MQTT ${VERSIONS[version]}, ${measuredSeconds} s measured`;
}

function amounts({ run, sendRate, receiveRate, sent, received }: BenchResult): Row[] {
  if (run.workload === 'connect') return [['connected', `${count(received)}  (${count(receiveRate)}/s)`]];
  const isRetained = run.workload === 'retained';
  return [
    ['sent', `${count(sent)}  (${count(sendRate)}/s)`],
    ['received', `${count(received)}  (${count(receiveRate)}/s${isRetained ? ' from the SUBSCRIBE on' : ''})`],
  ];
}

function proof({ run, lost, duplicates, reordered, refused, foreign, unsent }: BenchResult): Row[] {
  if (run.workload === 'connect') return [['failed', count(lost)]];
  const more: readonly Row[] = [
    ['refused', count(refused)],
    ['foreign', count(foreign)],
    ['never sent', count(unsent)],
  ];
  return [
    ['lost', verdict(lost, run.qos >= 1 ? `QoS ${run.qos} promises that none is` : '')],
    ['duplicates', verdict(duplicates, run.qos !== 1 ? `QoS ${run.qos} promises that there is none` : '')],
    ['out of order', verdict(reordered, 'the standard promises that none is')],
    ...more.filter(([, value]) => value !== '0'),
  ];
}

function verdict(value: number, promise: string): string {
  return value > 0 && promise !== '' ? `${count(value)}  (${promise})` : count(value);
}

function latency({ latencyMs }: BenchResult): Row {
  const { p50, p90, p99, 'p99.9': p999, max } = latencyMs;
  return ['latency', `p50 ${ms(p50)}  p90 ${ms(p90)}  p99 ${ms(p99)}  p99.9 ${ms(p999)}  max ${ms(max)}`];
}

function cost({ broker, run }: BenchResult): Row[] {
  if (broker === undefined) return [];
  const each = run.workload === 'connect' ? 'connection' : 'delivery';
  const { cpuSeconds, cpuMicrosecondsPerDelivery, peakResidentBytes } = broker;
  return [
    ['broker CPU', `${cpuSeconds.toFixed(2)} s, ${cpuMicrosecondsPerDelivery.toFixed(2)} µs per ${each}`],
    ['broker memory', `${mebibytes(peakResidentBytes)} at the most`],
  ];
}
