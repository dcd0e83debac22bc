/** A bound on one figure of a result that makes a run fail: `p99>20ms`. */
export interface Limit {
  /** As it was written. */
  readonly text: string;
  readonly metric: string;
  readonly isBroken: (value: number) => boolean;
}

/** What cannot be understood in a {@link Limit}; the message says what was expected. */
export class LimitError extends Error {
  override readonly name = 'LimitError';
}

const COMPARISONS: ReadonlyMap<string, (value: number, bound: number) => boolean> = new Map([
  ['>', (value, bound) => value > bound],
  ['>=', (value, bound) => value >= bound],
  ['<', (value, bound) => value < bound],
  ['<=', (value, bound) => value <= bound],
  ['==', (value, bound) => value === bound],
  ['!=', (value, bound) => value !== bound],
]);

const MS_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['us', 0.001],
  ['ms', 1],
  ['s', 1_000],
]);

const FORM = /^\s*([a-z][a-z0-9.-]*)\s*(>=|<=|==|!=|>|<)\s*(\d+(?:\.\d+)?)\s*(us|ms|s)?\s*$/;

/**
 * Reads a limit: a metric, a comparison that is true when the run is to fail, and a number; for a time with us, ms or s, where
 * ms is what a bare number means.
 *
 * @param metrics The metrics there are; those that are times hold `true`.
 * @throws {LimitError} The text is none, or its metric does not exist.
 */
export function parseLimit(text: string, metrics: ReadonlyMap<string, boolean>): Limit {
  const names = [...metrics.keys()].join(', ');
  const [, metric = '', sign = '', number = '', unit] = FORM.exec(text) ?? [];
  const compare = COMPARISONS.get(sign);
  if (compare === undefined) {
    throw new LimitError(`expected a limit such as 'p99>20ms' or 'lost>0', not '${text}'; the metrics are ${names}`);
  }
  const isTime = metrics.get(metric);
  if (isTime === undefined) throw new LimitError(`there is no metric '${metric}'; the metrics are ${names}`);
  if (unit !== undefined && !isTime) throw new LimitError(`'${metric}' is no time, so '${text}' cannot have '${unit}'`);
  const bound = Number(number) * (MS_PER_UNIT.get(unit ?? 'ms') ?? 1);
  return { text: text.trim(), metric, isBroken: (value) => compare(value, bound) };
}
