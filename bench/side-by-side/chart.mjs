const WIDTH = 760;
const LABEL_WIDTH = 240;
const BAR_WIDTH = 400;
const BAR_HEIGHT = 12;
const BAR_GAP = 3;
const GROUP_GAP = 14;
const TOP = 58;
const COLORS = ['#1a7f64', '#8c959f', '#c9ced4', '#b08800', '#6639ba'];

/**
 * The CPU time per delivery of all brokers as a chart: a group of bars for each workload of 3.1.1 clients, the longest bar of each
 * group as long as any other group's, the figures beside them.
 *
 * @param {any} summary @returns {string} SVG that suits a bright and a dark page.
 */
export function renderChart({ rows, brokers, machine, date, commit }) {
  const shown =
    rows.filter(({ version }) => version === 4).length > 0 ? rows.filter(({ version }) => version === 4) : rows;
  const groupHeight = brokers.length * (BAR_HEIGHT + BAR_GAP) + GROUP_GAP;
  const height = TOP + shown.length * groupHeight + 30;
  const groups = shown.map((row, at) => renderGroup(row, TOP + at * groupHeight));
  const legend = brokers.map(({ name, version }, at) => renderKey(`${name} ${version}`.trim(), at));
  const note = `${machine.processor}, Node ${machine.node.slice(1)}, ${date.slice(0, 10)}, commit ${commit}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="CPU time of brokers per delivered message">
<style>text { fill: #24292f } .dim { fill: #57606a } @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .dim { fill: #8d96a0 } }</style>
<text x="0" y="16" font-size="15" font-weight="600">CPU time of the broker per delivered message (shorter is better)</text>
${legend.join('\n')}
${groups.join('\n')}
<text class="dim" x="0" y="${height - 8}" font-size="11">${escapeXml(note)}</text>
</svg>
`;
}

function renderKey(text, at) {
  const x = LABEL_WIDTH + at * 150;
  return `<rect x="${x}" y="30" width="12" height="12" fill="${COLORS[at % COLORS.length]}"/><text x="${x + 18}" y="40">${escapeXml(text)}</text>`;
}

function renderGroup({ what, brokers }, top) {
  const costs = brokers.map(({ cpuMicrosecondsPerDelivery }) => cpuMicrosecondsPerDelivery);
  const longest = Math.max(...costs.filter((cost) => cost !== undefined));
  const middle = top + (brokers.length * (BAR_HEIGHT + BAR_GAP)) / 2;
  const [load, ...more] = what.split(', ');
  const label = `<text x="0" y="${middle}">${escapeXml(load)}</text><text class="dim" x="0" y="${middle + 14}">${escapeXml(more.join(', '))}</text>`;
  const bars = costs.map((cost, at) => {
    const y = top + at * (BAR_HEIGHT + BAR_GAP);
    const width = cost === undefined ? 0 : Math.max(1, (cost / longest) * BAR_WIDTH);
    const figure =
      cost === undefined ? 'no result' : `${cost >= 10 ? cost.toFixed(0) : cost.toFixed(cost >= 1 ? 1 : 2)} µs`;
    const bar = `<rect x="${LABEL_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" fill="${COLORS[at % COLORS.length]}"/>`;
    return `${bar}<text x="${(LABEL_WIDTH + width + 6).toFixed(1)}" y="${y + 10}" font-size="11">${figure}</text>`;
  });
  return [label, ...bars].join('\n');
}

function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
