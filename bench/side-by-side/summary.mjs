import { median, medianRatio } from './statistics.mjs';
import { labelOf, TOLERANCE_OF_5, WORKLOADS } from './workloads.mjs';

/**
 * Puts rounds together: for each workload and broker the medians, and the ratios of the first broker to the others.
 *
 * @param {{ runs: any[], brokers: { name: string, version: string }[] }} measured With whatever else is to be kept.
 */
export function summarize({ runs, ...rest }) {
  const [ours, ...others] = rest.brokers.map(({ name }) => name);
  const rows = [4, 5].flatMap((version) =>
    WORKLOADS.flatMap((workload) => {
      const own = runs.filter((run) => run.version === version && run.workload === workload.name);
      if (own.length === 0) return [];
      const of = (broker) => own.filter((run) => run.broker === broker);
      return [
        {
          label: labelOf(workload, version),
          workload: workload.name,
          what: workload.what,
          version,
          ratios: others.map((other) => ratioOf(workload, version, of(ours), other, of(other))),
          brokers: [ours, ...others].map((broker) => ({ name: broker, ...mediansOf(of(broker)) })),
        },
      ];
    }),
  );
  return { ...rest, rows };
}

function ratioOf({ targets }, version, ours, to, theirs) {
  const costs = (list) => byRound(list).map((run) => run?.result?.broker?.cpuMicrosecondsPerDelivery);
  const ratio = medianRatio(costs(ours), costs(theirs));
  const target = targets[to] === undefined ? undefined : targets[to] * (version === 5 ? TOLERANCE_OF_5 : 1);
  const isMet = ratio === undefined || target === undefined ? undefined : ratio <= target;
  return { to, ratio: rounded(ratio, 3), target: rounded(target, 3), isMet };
}

function byRound(list) {
  return [...list].sort((a, b) => a.round - b.round);
}

function mediansOf(list) {
  const results = list.flatMap(({ result }) => (result === undefined ? [] : [result]));
  const [failure] = list.flatMap((run) => (run.failure === undefined ? [] : [run.failure]));
  const middle = (of, digits) => rounded(median(results.map(of).filter((value) => value !== undefined)), digits);
  return {
    cpuMicrosecondsPerDelivery: middle(({ broker }) => broker?.cpuMicrosecondsPerDelivery, 2),
    receiveRate: middle(({ receiveRate }) => receiveRate, 0),
    p50Ms: middle(({ latencyMs }) => latencyMs.p50, 3),
    p99Ms: middle(({ latencyMs }) => latencyMs.p99, 3),
    'p99.9Ms': middle(({ latencyMs }) => latencyMs['p99.9'], 3),
    peakResidentMiB: rounded(largest(results.map(({ broker }) => (broker?.peakResidentBytes ?? 0) / 2 ** 20)), 1),
    lost: sum(results.map(({ lost }) => lost)),
    duplicates: sum(results.map(({ duplicates }) => duplicates)),
    reordered: sum(results.map(({ reordered }) => reordered)),
    rounds: results.length,
    ...(failure !== undefined && { failure }),
  };
}

function rounded(value, digits) {
  return value === undefined ? undefined : Number(value.toFixed(digits));
}

function largest(numbers) {
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
