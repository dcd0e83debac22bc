import { expect, test } from 'vitest';
import { type DashboardView, renderDashboard } from '../../src/start/dashboard.ts';
import type { TopicRow } from '../../src/start/telemetry.ts';
import { createStyle } from '../../src/terminal/style.ts';
import { widthOf } from '../../src/terminal/width.ts';

function row(topicName: string, value: string, more: Partial<TopicRow> = {}): TopicRow {
  return { topicName, value, qos: 1, retain: false, messagesPerSecond: 2, ageMs: 300, history: [1, 2, 3], ...more };
}

const plantRows = ['capper', 'control', 'drive', 'filler', 'tank'].flatMap((name) => [
  row(`plant/line1/${name}/status`, 'online', { retain: true, history: [] }),
  row(`plant/line1/${name}/reading`, '7.25 bar'),
]);

function view(more: Partial<DashboardView> = {}): DashboardView {
  return {
    program: 'Busbar 0.1.0',
    url: 'mqtt://localhost:1883',
    plant: { name: 'Bottling line 1', topicRoot: 'plant/line1', state: 'producing' },
    elapsedMs: 17_000,
    lastsMs: 20_000,
    rows: plantRows,
    events: [{ atMs: 6000, kind: 'bad', text: 'drive fell off the network' }],
    totals: {
      receivedPerSecond: 58.2,
      deliveredPerSecond: 61,
      connections: 14,
      guests: 1,
      topics: 34,
      dropped: 0,
      cpuPercent: 4.2,
      memoryBytes: 92_000_000,
    },
    hints: ["Look in:  busbar sub -t 'plant/#' -v", 'Any MQTT client will do'],
    ...more,
  };
}

const plain = createStyle(false);

test('shows program, address, state, time, values, events, totals and how to join in', () => {
  const text = renderDashboard(view(), { columns: 120, rows: 40 }, plain).join('\n');

  expect(text).toMatch(/^ Busbar 0\.1\.0 {2}mqtt:\/\/localhost:1883 {3}Bottling line 1: ● producing +00:17 of 00:20\n/);
  expect(text).toMatch(/plant\/line1\/filler\/reading +7\.25 bar +▁▅█ +2\.0 +0\.3s +1/);
  expect(text).toMatch(/plant\/line1\/filler\/status +online .* retained/);
  expect(text).toContain('00:06 ✖ drive fell off the network');
  expect(text).toContain('58 msg/s in · 61 out · 14 connections (1 of yours) · 34 topics · 0 dropped · CPU 4 %');
  expect(text).toContain("busbar sub -t 'plant/#' -v");
});

test.each([
  [200, 60],
  [120, 40],
  [100, 30],
  [80, 24],
  [60, 15],
  [40, 10],
  [20, 6],
  [5, 2],
  [1, 1],
])('fits into %i columns and %i rows', (columns, rows) => {
  const long = view({ rows: [...plantRows, row('x/'.repeat(80), '漢字'.repeat(90)), row('😀', '😀'.repeat(50))] });
  for (const lines of [
    renderDashboard(long, { columns, rows }, plain),
    renderDashboard(view({ rows: [], events: [] }), { columns, rows }, plain),
  ]) {
    expect(lines.length).toBeLessThanOrEqual(rows);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(Math.max(20, columns));
  }
});

test('where rows are few, the topics of guests stay, and devices that are there go first', () => {
  const rows = [
    ...plantRows.map((each) => (each.topicName.includes('drive/status') ? { ...each, value: 'offline' } : each)),
    row('hello', 'world'),
  ];
  const text = renderDashboard(view({ rows }), { columns: 80, rows: 16 }, plain).join('\n');

  expect(text).toMatch(/hello +world/);
  expect(text).toMatch(/drive\/status +offline/);
  expect(text).not.toContain('tank/status');
  expect(text).toMatch(/and \d more topics in a taller window/);
});

test('in a narrow window the beginning that all topics share gives way', () => {
  expect(renderDashboard(view(), { columns: 48, rows: 24 }, plain).join('\n')).toContain('…/filler/reading');
});

test('colours add nothing to the text', () => {
  const size = { columns: 100, rows: 30 };
  const colored = renderDashboard(view(), size, createStyle(true)).join('\n');
  expect(colored).toContain('\x1b[32m');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal's colours begin with
  expect(colored.replace(/\x1b\[\d+m/g, '')).toBe(renderDashboard(view(), size, plain).join('\n'));
});
