const WIDTH = 760;
const HEIGHT = 96;
const LEFT = 90;
const GAP = 34;

const LINES = [
  { name: 'heap', title: 'heap, MiB', scale: 1048576, color: '#1a7f64' },
  { name: 'resident', title: 'resident, MiB', scale: 1048576, color: '#6639ba' },
  { name: 'store', title: 'store, MiB', scale: 1048576, color: '#b08800' },
  { name: 'descriptors', title: 'descriptors', scale: 1, color: '#8c959f' },
  { name: 'sessions', title: 'sessions', scale: 1, color: '#0969da' },
  { name: 'retained', title: 'retained', scale: 1, color: '#cf222e' },
];

/** The samples of a soak as a chart: a line for each figure over the same time. @param {readonly any[]} samples @returns {string} SVG. */
export function renderSoak(samples) {
  const end = samples.at(-1)?.at ?? 1;
  const charts = LINES.map(({ name, title, scale, color }, row) => {
    const top = 20 + row * (HEIGHT + GAP);
    const values = samples.map((each) => each[name] / scale);
    const most = Math.max(...values, 1);
    const points = samples.map(({ at }, index) => {
      const x = LEFT + (at / end) * (WIDTH - LEFT);
      return `${x.toFixed(1)},${(top + HEIGHT - (values[index] / most) * HEIGHT).toFixed(1)}`;
    });
    return `<text x="0" y="${top + 12}">${title}</text><text x="0" y="${top + 28}" class="dim">at most ${most.toFixed(0)}</text>
<path d="M${LEFT},${top + HEIGHT}H${WIDTH}" stroke="#8c959f" stroke-width="0.5"/><polyline fill="none" stroke="${color}" stroke-width="1.5" points="${points.join(' ')}"/>`;
  });
  const height = 20 + LINES.length * (HEIGHT + GAP) + 10;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="A broker over a soak">
<style>text { fill: #24292f } .dim { fill: #57606a } @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .dim { fill: #8d96a0 } }</style>
${charts.join('\n')}
<text x="${WIDTH}" y="${height - 4}" text-anchor="end" class="dim">${end.toFixed(0)} seconds</text>
</svg>
`;
}
