import { Histogram } from '../observe/histogram.ts';
import type { Metric, MetricValue } from './metric.ts';

/** The media type of {@link renderMetric}'s format. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** A metric with its values in Prometheus' text format, version 0.0.4; ends with a line feed. */
export function renderMetric({ name, type, help, label }: Metric, value: MetricValue): string {
  const head = [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`];
  return `${[...head, ...linesOf(name, label, value)].join('\n')}\n`;
}

function linesOf(name: string, label: string | undefined, value: MetricValue): string[] {
  if (typeof value === 'number') return [`${name} ${numberOf(value)}`];
  if (value instanceof Histogram) return linesOfHistogram(name, value);
  return Array.from(value, ([labelValue, each]) => `${name}{${label}="${escapeLabel(labelValue)}"} ${numberOf(each)}`);
}

function linesOfHistogram(name: string, { bounds, cumulated, sum }: Histogram): string[] {
  const counts = cumulated;
  const buckets = bounds.map((bound, at) => `${name}_bucket{le="${bound}"} ${counts[at]}`);
  const total = counts[bounds.length];
  return [...buckets, `${name}_bucket{le="+Inf"} ${total}`, `${name}_sum ${numberOf(sum)}`, `${name}_count ${total}`];
}

function numberOf(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
