import { table } from './table.mjs';

/**
 * The reference page of metrics, docs/reference/metrics.md.
 * @param {readonly { name: string, type: string, help: string, label?: string, labelValues?: readonly string[] }[]} metrics What
 *   `packages/broker/src/metrics` lists.
 */
export function renderMetrics(metrics) {
  const rows = metrics.map((metric) => [`\`${metric.name}\``, metric.type, labelOf(metric), metric.help]);
  return `${[
    '# Metrics',
    '<!-- Made from packages/broker/src/metrics by scripts/generate-reference.mjs: change that, not this page. -->',
    'What `/metrics` answers, in the text format of Prometheus. How to turn it on, and what to look at: [Watch the broker](../how-to/watch-the-broker.md).',
    'A metric has at most one label, and all its values are listed here: nothing that clients choose - identifiers, user names, topics, addresses - ever is one, so the number of series does not grow. What concerns single clients and topics is told by [`busbar inspect`](../how-to/look-into-a-running-broker.md). Counters begin with 0 when the broker starts.',
    table(['metric', 'type', 'label', 'meaning'], rows),
    'A histogram is three series: `_bucket` with the upper bound of each bucket in the label `le`, `_sum` and `_count`. Several brokers in one process have the metrics in common whose names begin with `process_` and `nodejs_`.',
  ].join('\n\n')}\n`;
}

/** @param {{ label?: string, labelValues?: readonly string[] }} metric */
function labelOf({ label, labelValues = [] }) {
  if (label === undefined) return '';
  if (labelValues.length === 0) return `\`${label}\``;
  return `\`${label}\`: ${labelValues.map((value) => (/ /.test(value) ? value : `\`${value}\``)).join(', ')}`;
}
