import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { MQTT_3_1_1 } from '../requirements/mqtt-3.1.1.ts';
import { MQTT_5_0 } from '../requirements/mqtt-5.0.ts';
import { idsOfOasis, OASIS_NUMBERS } from '../requirements/oasis-numbers.ts';
import type { Requirement } from '../requirements/requirement.ts';
import { UNTESTABLE } from '../requirements/untestable.ts';
import { titleOf } from '../run/scenario.ts';
import { SCENARIOS } from '../scenarios/index.ts';

function idsOf(requirements: readonly Requirement[]): Set<string> {
  return new Set(requirements.map(({ id }) => id));
}

describe('the lists of statements', () => {
  test('hold 251 statements of 5.0 and 117 of 3.1.1, each once, with a side and a text', () => {
    assert.equal(idsOf(MQTT_5_0).size, 251);
    assert.equal(idsOf(MQTT_3_1_1).size, 117);
    assert.equal(MQTT_5_0.length + MQTT_3_1_1.length, 251 + 117);
    for (const { id, side, text } of [...MQTT_5_0, ...MQTT_3_1_1]) {
      assert.match(id, /^MQTT-\d+(\.\d+)+-\d+$/);
      assert.match(side, /^(server|client|both)$/);
      assert.ok(text.length > 10, id);
    }
  });

  test('know every id that the OASIS numbers lead to', () => {
    const known = idsOf(MQTT_3_1_1);
    for (const number of Object.keys(OASIS_NUMBERS)) for (const id of idsOfOasis(number)) assert.ok(known.has(id), id);
  });

  test('know every statement that cannot be tested', () => {
    for (const [requirements, version] of [[MQTT_5_0, 5] as const, [MQTT_3_1_1, 4] as const]) {
      const known = idsOf(requirements);
      for (const id of Object.keys(UNTESTABLE[version])) assert.ok(known.has(id), id);
    }
  });
});

describe('the scenarios', () => {
  test('show statements that exist, and each once', () => {
    const known = { 5: idsOf(MQTT_5_0), 4: idsOf(MQTT_3_1_1), 3: new Set<string>() };
    for (const scenario of SCENARIOS) {
      for (const id of scenario.shows) assert.ok(known[scenario.version].has(id), `${id} in ${titleOf(scenario)}`);
      assert.equal(new Set(scenario.shows).size, scenario.shows.length, titleOf(scenario));
    }
  });

  test('have names of their own', () => {
    const titles = SCENARIOS.map((scenario) => `${scenario.version} ${scenario.chapter} ${scenario.name}`);
    const twice = titles.filter((title, at) => titles.indexOf(title) !== at);
    assert.deepEqual(twice, []);
  });
});
