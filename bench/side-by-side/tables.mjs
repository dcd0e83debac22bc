/** A summary as tables for the terminal, the ratios first. */
export function renderTables(summary) {
  return `${[ratioTable(summary), figureTable(summary), failures(summary)].filter(Boolean).join('\n\n')}\n`;
}

function ratioTable({ brokers: [ours, ...others], rows }) {
  if (others.length === 0) return '';
  const header = ['CPU time per delivery', ...others.map(({ name }) => `${ours.name} / ${name}`)];
  const lines = rows.map(({ label, ratios }) => [label, ...ratios.map(ratioCell)]);
  return align([header, ...lines]);
}

/** `0.17 (at most 0.40)`, or what is missed. */
export function ratioCell({ ratio, target, isMet }) {
  if (ratio === undefined) return '-';
  const aim = target === undefined ? '' : ` (${isMet ? 'at most' : 'MISSES'} ${target.toFixed(2)})`;
  return `${ratio.toFixed(2)}${aim}`;
}

const FIGURES = ['broker', 'µs/msg', 'msg/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'MiB', 'lost'];

/** The columns of {@link figureCells}. */
export function figureHeader() {
  return ['workload', ...FIGURES];
}

/** One line for each workload and broker. */
export function figureCells({ rows }) {
  return rows.flatMap(({ label, brokers }) =>
    brokers.map((broker, place) => [
      place === 0 ? label : '',
      broker.name,
      fixed(broker.cpuMicrosecondsPerDelivery, 2),
      broker.receiveRate === undefined ? '-' : Math.round(broker.receiveRate).toLocaleString('en-US'),
      fixed(broker.p50Ms, 2),
      fixed(broker.p99Ms, 2),
      fixed(broker['p99.9Ms'], 2),
      fixed(broker.peakResidentMiB, 0),
      broker.rounds === 0 ? '-' : String(broker.lost),
    ]),
  );
}

function figureTable(summary) {
  return align([figureHeader(), ...figureCells(summary)]);
}

/** Runs that came to nothing, each reason once. */
export function failureLines({ rows }) {
  const labelsOf = new Map();
  for (const { label, brokers } of rows) {
    for (const { name, failure } of brokers) {
      if (failure === undefined) continue;
      const line = `${name}: ${failure}`;
      labelsOf.set(line, [...(labelsOf.get(line) ?? []), label]);
    }
  }
  return [...labelsOf].map(([line, labels]) => `${line} (${labels.join(', ')})`);
}

function failures(summary) {
  return failureLines(summary).join('\n');
}

function fixed(value, digits) {
  return value === undefined ? '-' : value.toFixed(digits);
}

/** Columns of equal width: words to the left, figures to the right. */
function align(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
