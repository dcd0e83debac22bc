import type { Outcome } from './runner.ts';
import { titleOf, VERSION_NAME } from './scenario.ts';

/** How many scenarios came out how. */
export interface Summary {
  readonly conformant: number;
  readonly violated: number;
  readonly notTestable: number;
}

export function summarize(outcomes: readonly Outcome[]): Summary {
  const count = (result: Outcome['result']): number => outcomes.filter((each) => each.result === result).length;
  return {
    conformant: count('conformant'),
    violated: count('violated'),
    notTestable: count('not testable'),
  };
}

/** The report for people: what is violated and what was not testable, and with `all` the rest; then the sums. */
export function textReport(name: string, outcomes: readonly Outcome[], all: boolean): string {
  const lines: string[] = [];
  for (const version of [5, 4, 3] as const) {
    const ofVersion = outcomes.filter(({ scenario }) => scenario.version === version);
    if (ofVersion.length === 0) continue;
    lines.push('', `MQTT ${VERSION_NAME[version]}`);
    lines.push(...ofVersion.filter(({ result }) => all || result !== 'conformant').map(outcomeText));
    const { conformant, violated, notTestable } = summarize(ofVersion);
    lines.push(`  ${conformant} conformant, ${violated} violated, ${notTestable} not testable`);
  }
  const { conformant, violated, notTestable } = summarize(outcomes);
  const sums = `${conformant} conformant, ${violated} violated, ${notTestable} not testable`;
  return [...lines, '', `${name}: ${outcomes.length} scenarios, ${sums}`].join('\n');
}

function outcomeText(outcome: Outcome): string {
  const { scenario, result } = outcome;
  const head = `  ${result.padEnd(12)}  ${scenario.chapter} | ${titleOf(scenario)}`;
  if (outcome.result === 'violated')
    return `${head}\n      expected ${outcome.expected}\n      came     ${outcome.came}`;
  return outcome.result === 'not testable' ? `${head}\n      ${outcome.reason}` : head;
}

/** The report for programs: one entry for each scenario. */
export function jsonReport(name: string, outcomes: readonly Outcome[]): object {
  return {
    broker: name,
    date: new Date().toISOString(),
    node: process.version,
    summary: summarize(outcomes),
    scenarios: outcomes.map(({ scenario: { version, chapter, name: sentence, shows, side }, ...outcome }) => ({
      version: VERSION_NAME[version],
      chapter,
      name: sentence,
      shows,
      side,
      ...outcome,
    })),
  };
}
