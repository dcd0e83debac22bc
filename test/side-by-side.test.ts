import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const FOLDER = fileURLToPath(new URL('../bench/side-by-side', import.meta.url));

interface Ratio {
  readonly to: string;
  readonly ratio: number | undefined;
  readonly target: number | undefined;
  readonly isMet: boolean | undefined;
}
interface Row {
  readonly label: string;
  readonly ratios: readonly Ratio[];
  readonly brokers: readonly Readonly<Record<string, unknown>>[];
}
interface Modules {
  median(numbers: readonly number[]): number | undefined;
  medianRatio(ours: readonly (number | undefined)[], theirs: readonly (number | undefined)[]): number | undefined;
  readSettings(argv: readonly string[]): Readonly<Record<string, unknown>> & {
    readonly workloads: readonly { readonly name: string }[];
  };
  summarize(measured: object): { readonly rows: readonly Row[] };
  renderTables(summary: object): string;
  renderPage(summary: object): string;
  renderChart(summary: object): string;
}

const files = ['statistics', 'settings', 'summary', 'tables', 'keep', 'chart'];
const modules = await Promise.all(files.map((file) => import(path.join(FOLDER, `${file}.mjs`))));
const { median, medianRatio, readSettings, summarize, renderTables, renderPage, renderChart } = Object.assign(
  {},
  ...modules,
) as Modules;

/** A run as `runBench` tells of it, as far as a summary looks. */
function run(broker: string, round: number, cost: number, version = 4) {
  const latencyMs = { p50: 1, p99: 2, 'p99.9': 3 };
  const result = { receiveRate: 1_000 * (round + 1), latencyMs, lost: round, duplicates: 0, reordered: 0 };
  const measured = { cpuMicrosecondsPerDelivery: cost, peakResidentBytes: 2 ** 20 * (10 + round) };
  return { workload: 'fanin0', version, broker, round, result: { ...result, broker: measured } };
}

const ABOUT = {
  date: '2026-01-02T03:04:05.000Z',
  commit: 'abc1234',
  machine: { processor: 'a processor', processors: 2, memoryGiB: 4, system: 'Linux 6', node: 'v20.1.0' },
  settings: { rounds: 3, seconds: 1 },
  brokers: [
    { name: 'busbar', version: '0.1.0' },
    { name: 'mosquitto', version: '2.0.11' },
  ],
};

describe('statistics', () => {
  test('medians of odd and even numbers of values', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeUndefined();
  });

  test('ratios are of what ran in the same round; rounds that one has not finished are left out', () => {
    // Every round is three times as slow as the one before, for both: the ratio is the same in all.
    expect(medianRatio([1, 3, 9], [2, 6, 18])).toBe(0.5);
    expect(medianRatio([1, undefined, 9], [4, 6, undefined])).toBe(0.25);
    expect(medianRatio([1], [0])).toBeUndefined();
  });
});

describe('a summary', () => {
  const runs = [0, 1, 2].flatMap((round) => [run('busbar', round, 1 + round), run('mosquitto', round, 4 + round)]);

  test('has medians, the largest memory, and all losses', () => {
    const [row] = summarize({ ...ABOUT, runs }).rows;
    expect(row?.brokers[0]).toMatchObject({
      name: 'busbar',
      cpuMicrosecondsPerDelivery: 2,
      receiveRate: 2_000,
      peakResidentMiB: 12,
      lost: 3,
      rounds: 3,
    });
    expect(row?.ratios).toEqual([{ to: 'mosquitto', ratio: 0.4, target: 0.4, isMet: true }]);
  });

  test('a target that is missed is told, and 5.0 clients may cost 15 % more', () => {
    const rows = summarize({ ...ABOUT, runs: [run('busbar', 0, 0.43), run('mosquitto', 0, 1)] }).rows;
    expect(rows[0]?.ratios[0]?.isMet).toBe(false);
    expect(renderTables({ ...ABOUT, rows })).toContain('0.43 (MISSES 0.40)');
    const later = summarize({ ...ABOUT, runs: [run('busbar', 0, 0.43, 5), run('mosquitto', 0, 1, 5)] }).rows;
    expect(later[0]).toMatchObject({ label: 'fanin0 v5', ratios: [{ target: 0.46, isMet: true }] });
  });

  test('a broker without a result is no zero: it is told why, once', () => {
    const failed = { workload: 'fanin0', version: 4, broker: 'mosquitto', failure: 'no 5.0' };
    const summary = { ...ABOUT, ...summarize({ ...ABOUT, runs: [run('busbar', 0, 1), { ...failed, round: 0 }] }) };
    expect(summary.rows[0]?.ratios[0]).toMatchObject({ ratio: undefined, isMet: undefined });
    const tables = renderTables(summary);
    expect(tables).toContain('mosquitto: no 5.0 (fanin0)');
    expect(renderPage(summary)).toContain('- mosquitto: no 5.0 (fanin0)');
    expect(renderChart(summary)).toContain('no result');
  });

  test('page and chart name machine, versions and commit, and the bars are as long as the costs', () => {
    const summary = { ...ABOUT, ...summarize({ ...ABOUT, runs }) };
    const page = renderPage(summary);
    for (const word of ['a processor', 'Node 20.1.0', 'mosquitto 2.0.11', 'abc1234', '0.40 (at most 0.40)']) {
      expect(page).toContain(word);
    }
    const widths = [
      ...renderChart(summary).matchAll(
        /width="([\d.]+)" height="12" fill="#\w+"\/><text x="[\d.]+" y="\d+" font-size="11">/g,
      ),
    ];
    const [ours = 0, theirs = 0] = widths.map(([, width]) => Number(width));
    expect(ours / theirs).toBeCloseTo(2 / 5, 2);
  });
});

describe('settings', () => {
  test('the default is five rounds of all workloads', () => {
    const { rounds, workloads, versions, isQuick } = readSettings([]);
    expect({ rounds, versions, isQuick }).toEqual({ rounds: 5, versions: [4, 5], isQuick: false });
    expect(workloads).toHaveLength(6);
  });

  test('workloads, versions and further brokers can be chosen', () => {
    const settings = readSettings(['--quick', '--only', 'pair1,pair2', '--version', '5', '--broker', "x='y' {port}"]);
    expect(settings.workloads.map(({ name }) => name)).toEqual(['pair1', 'pair2']);
    expect(settings).toMatchObject({ versions: [5], rounds: 3, brokers: [{ name: 'x', command: "'y' {port}" }] });
  });

  test.each([
    [['--only', 'fanin'], "there is no workload 'fanin', only fanin0, "],
    [['--version', '3'], "--version: expected 4 or 5, not '3'"],
    [['--broker', 'x=y'], "--broker: expected name='command with {port}', not 'x=y'"],
    [['--rounds', '0'], "--rounds: expected a number above 0, not '0'"],
    [['--slow'], "Unknown option '--slow'"],
  ])('%j is refused', (argv, message) => {
    expect(() => readSettings(argv)).toThrow(message);
  });
});
