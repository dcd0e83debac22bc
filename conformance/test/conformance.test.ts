import assert from 'node:assert/strict';
import { afterAll, describe, test } from 'vitest';
import { startOwn } from '../run/own-broker.ts';
import { type Outcome, runScenarios } from '../run/runner.ts';
import { type Scenario, titleOf, VERSION_NAME } from '../run/scenario.ts';
import { SCENARIOS } from '../scenarios/index.ts';

/** All scenarios run at a time; each test waits for the outcome of its own. */
const TIMEOUT_MS = 170_000;

const settle = new Map<Scenario, (outcome: Outcome) => void>();
const outcomes = new Map(
  SCENARIOS.map((scenario) => [scenario, new Promise<Outcome>((resolve) => settle.set(scenario, resolve))]),
);

const target = await startOwn();
const finished = runScenarios(target, SCENARIOS, (outcome) => settle.get(outcome.scenario)?.(outcome));

afterAll(async () => {
  await finished;
  await target.close();
}, TIMEOUT_MS);

for (const version of [5, 4, 3] as const) {
  describe(`conformance to MQTT ${VERSION_NAME[version]}`, { timeout: TIMEOUT_MS }, () => {
    for (const scenario of SCENARIOS.filter((each) => each.version === version)) {
      test(`${titleOf(scenario)} (scenario)`, async () => {
        const outcome = await outcomes.get(scenario);
        if (outcome?.result === 'not testable') assert.fail(`not testable on our own broker: ${outcome.reason}`);
        if (outcome?.result === 'violated') assert.fail(`expected ${outcome.expected}; came ${outcome.came}`);
        assert.equal(outcome?.result, 'conformant');
      });
    }
  });
}
