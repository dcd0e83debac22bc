/** One sample of an exposition. */
export interface ExposedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A family of an exposition: everything between its HELP and the next one's. */
export interface ExposedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ExposedSample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/y;

/**
 * Reads Prometheus' text format 0.0.4 and takes nothing that a strict reader would not: families with HELP and TYPE that stand
 * once and together, names and labels by their grammar, samples that are not said twice, histograms that are whole and rise.
 *
 * @throws {Error} The line that is wrong, and why.
 */
export function parseExposition(text: string): Map<string, ExposedFamily> {
  const families = new Map<string, ExposedFamily & { samples: ExposedSample[] }>();
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  let help: { name: string; text: string } | undefined;
  let family: (ExposedFamily & { samples: ExposedSample[] }) | undefined;
  const seen = new Set<string>();
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      if (families.has(name)) throw new Error(`${line}: a second time`);
      help = { name, text: rest };
    } else if (kind === 'TYPE') {
      if (help?.name !== name) throw new Error(`${line}: no HELP before it`);
      if (!/^(counter|gauge|histogram)$/.test(rest)) throw new Error(`${line}: unknown type`);
      family = { name, type: rest, help: help.text, samples: [] };
      families.set(name, family);
    } else {
      const sample = parseSample(line);
      if (family === undefined || !belongs(sample.name, family)) throw new Error(`${line}: outside of its family`);
      const key = `${sample.name}${JSON.stringify(sample.labels)}`;
      if (seen.has(key)) throw new Error(`${line}: a second time`);
      seen.add(key);
      family.samples.push(sample);
    }
  }
  for (const each of families.values()) if (each.type === 'histogram') checkHistogram(each);
  return families;
}

function parseSample(line: string): ExposedSample {
  const [, name = '', labelText = '', valueText = ''] = SAMPLE.exec(line) ?? [];
  if (name === '') throw new Error(`'${line}': neither a sample nor HELP or TYPE`);
  const value = /^[+-]Inf$/.test(valueText) ? Number(`${valueText}inity`) : Number(valueText);
  if (Number.isNaN(value) && valueText !== 'NaN') throw new Error(`${line}: '${valueText}' is no number`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < labelText.length) {
    const [, label, given] = LABEL.exec(labelText) ?? [];
    if (label === undefined || given === undefined) throw new Error(`${line}: its labels cannot be read`);
    labels[label] = given.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return { name, labels, value };
}

function belongs(sample: string, { name, type }: ExposedFamily): boolean {
  return type === 'histogram' ? ['_bucket', '_sum', '_count'].some((end) => sample === name + end) : sample === name;
}

function checkHistogram({ name, samples }: ExposedFamily): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const counts = buckets.map(({ value }) => value);
  const bounds = buckets.map(({ labels: { le = '' } }) => (le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)));
  const rises = (numbers: readonly number[], strictly: boolean): boolean =>
    numbers.every(
      (number, at) => at === 0 || (strictly ? number > Number(numbers[at - 1]) : number >= Number(numbers[at - 1])),
    );
  const count = samples.find((sample) => sample.name === `${name}_count`)?.value;
  if (bounds.at(-1) !== Number.POSITIVE_INFINITY || count !== counts.at(-1)) throw new Error(`${name}: not whole`);
  if (!rises(bounds, true) || !rises(counts, false)) throw new Error(`${name}: buckets that do not rise`);
  if (!samples.some((sample) => sample.name === `${name}_sum`)) throw new Error(`${name}: no sum`);
}
