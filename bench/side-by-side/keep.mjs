import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../scripts/run.mjs';
import { renderChart } from './chart.mjs';
import { failureLines, figureCells, figureHeader, ratioCell } from './tables.mjs';

/** Writes a summary into bench/results/, as JSON, as a page, and as the chart. @returns {string[]} The files. */
export function keepResults(summary) {
  const name = `${summary.date.slice(0, 10)}-${summary.commit.replace('+', '-changed')}`;
  const files = {
    [`bench/results/${name}.json`]: `${JSON.stringify(summary, undefined, 2)}\n`,
    [`bench/results/${name}.md`]: renderPage(summary),
    'bench/results/chart.svg': renderChart(summary),
  };
  mkdirSync(path.join(ROOT, 'bench/results'), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(ROOT, file), text);
  return Object.keys(files);
}

/** @param {any} summary */
export function renderPage(summary) {
  const { date, commit, machine, settings, brokers, rows } = summary;
  const [ours, ...others] = brokers;
  const ratios = rows.map(({ label, what, ratios }) => [label, what, ...ratios.map(ratioCell)]);
  const { processor, processors, memoryGiB, system, node } = machine;
  const versions = brokers.map(({ name, version }) => `${name} ${version}`.trim()).join(', ');
  return `${[
    `# Brokers side by side, ${date.slice(0, 10)}, commit ${commit}`,
    `${processor}, ${processors} processors, ${memoryGiB} GiB, ${system}, Node ${node.slice(1)}; ${versions}. Medians of ${settings.rounds} rounds of ${settings.seconds} s each; every broker alone on one processor, the load on another. Made by \`npm run bench\`.`,
    '## CPU time of the broker per delivered message, as a ratio',
    table(['workload', 'load', ...others.map(({ name }) => `${ours.name} / ${name}`)], ratios),
    'Workloads with v5 have clients of MQTT 5.0 and two User Properties in each message, the others clients of 3.1.1. Payloads have 64 bytes.',
    '## Figures',
    table(figureHeader(), figureCells(summary)),
    ...failureLines(summary).map((line) => `- ${line}`),
  ].join('\n\n')}\n`;
}

function table(header, lines) {
  return [header, header.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
