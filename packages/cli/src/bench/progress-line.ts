import type { BenchProgress } from '@busbar/bench';
import { cutTo } from '../terminal/width.ts';
import { count, ms } from './figures.ts';

/** How far a run is, in one line: `measuring  3.5 s  received 812,345  402,113/s  p99 1.25 ms`. */
export function progressLine(progress: BenchProgress, columns: number): string {
  const { phase, elapsedSeconds, received, receiveRate, p99 } = progress;
  const parts = [phase, `${elapsedSeconds.toFixed(1)} s`, `received ${count(received)}`, `${count(receiveRate)}/s`];
  return cutTo([...parts, `p99 ${ms(p99)}`].join('  '), columns - 1);
}
