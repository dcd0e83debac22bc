import { exchange } from '../peer/exchange.ts';
import { bytesOf } from '../wire/bytes.ts';
import { connect, disconnect, type Version } from '../wire/packet-writer.ts';
import { type Scenario, VERSION_NAME } from './scenario.ts';
import { Scene, type Stage } from './scene.ts';
import type { Target } from './target.ts';
import { NotTestable, Violation } from './violation.ts';

/** What came out of a scenario. */
export type Outcome = { readonly scenario: Scenario; readonly durationMs: number } & (
  | { readonly result: 'conformant' }
  | { readonly result: 'violated'; readonly expected: string; readonly came: string }
  | { readonly result: 'not testable'; readonly reason: string }
);

/** Scenarios that run at a time, and when those that were violated are played again. */
const CONCURRENCY = 32;
const CONCURRENCY_AGAIN = 6;
const LONGEST_MS = 60_000;

/**
 * Runs scenarios on a broker, many at a time; those that wait begin first.
 *
 * @param onOutcome Told of each as it ends for the first time.
 */
export async function runScenarios(
  target: Target,
  scenarios: readonly Scenario[],
  onOutcome: (outcome: Outcome) => void = () => {},
): Promise<Outcome[]> {
  const spoken = await spokenVersions(target, scenarios);
  const outcomes = new Map<Scenario, Outcome>();
  const run = async (scenario: Scenario): Promise<Outcome> => {
    const outcome = spoken.has(scenario.version) ? await runScenario(target, spoken, scenario) : notSpoken(scenario);
    outcomes.set(scenario, outcome);
    return outcome;
  };
  const inOrder = [...scenarios].sort((a, b) => Number(b.waits) - Number(a.waits));
  await forEach(inOrder, CONCURRENCY, async (scenario) => onOutcome(await run(scenario)));
  if (target.mayBeSlow) {
    const violated = scenarios.filter((scenario) => outcomes.get(scenario)?.result === 'violated');
    await forEach(violated, CONCURRENCY_AGAIN, run);
  }
  return scenarios.flatMap((scenario) => outcomes.get(scenario) ?? []);
}

async function forEach(scenarios: readonly Scenario[], atATime: number, run: (scenario: Scenario) => Promise<unknown>) {
  const waiting = [...scenarios];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next);
  };
  await Promise.all(Array.from({ length: atATime }, work));
}

/** The versions that the broker takes a plain CONNECT of. */
async function spokenVersions(target: Target, scenarios: readonly Scenario[]): Promise<Set<Version>> {
  const versions = new Set(scenarios.map(({ version }) => version));
  const endpoint = await target.endpoint('ordinary');
  for (const version of versions) {
    const clientId = `cfprobe${version}`;
    const answer = await exchange(endpoint, bytesOf(connect({ version, clientId }), disconnect())).catch(
      () => undefined,
    );
    // The fourth byte of CONNACK is its code, unless there are many properties: then it is none of these.
    if (answer === undefined || answer.length < 4 || [0x01, 0x84].includes(answer[3] ?? 0)) versions.delete(version);
  }
  return versions;
}

function notSpoken(scenario: Scenario): Outcome {
  const reason = `the broker does not speak MQTT ${VERSION_NAME[scenario.version]}`;
  return { scenario, durationMs: 0, result: 'not testable', reason };
}

/** Runs one scenario. Never rejects: what goes wrong is the outcome. */
async function runScenario(target: Target, spoken: ReadonlySet<Version>, scenario: Scenario): Promise<Outcome> {
  const startedAt = performance.now();
  const base = () => ({ scenario, durationMs: Math.round(performance.now() - startedAt) });
  try {
    const endpoint = await target.endpoint(scenario.setUp);
    await play({ endpoint, webSocket: target.webSocket, spoken }, scenario);
    return { ...base(), result: 'conformant' };
  } catch (error) {
    if (error instanceof NotTestable) return { ...base(), result: 'not testable', reason: error.message };
    if (error instanceof Violation) {
      return { ...base(), result: 'violated', expected: error.expected, came: error.came };
    }
    const came = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { ...base(), result: 'violated', expected: 'the scenario to run', came };
  }
}

async function play(stage: Stage, scenario: Scenario): Promise<void> {
  const scene = new Scene(stage, scenario.version);
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    const error = new Violation('the end of the scenario', `nothing for ${LONGEST_MS / 1000} s`);
    timer = setTimeout(() => reject(error), LONGEST_MS);
  });
  try {
    await Promise.race([scenario.run(scene), tooLong]);
  } finally {
    clearTimeout(timer);
    scene.end();
  }
}
