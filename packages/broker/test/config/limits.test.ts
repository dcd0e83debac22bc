import assert from 'node:assert/strict';
import { UsageError } from '@busbar/codec';
import { describe, test } from 'vitest';
import { type BrokerLimits, LIMIT_BOUNDS, resolveLimits } from '../../src/config/limits.ts';

type NumericLimit = keyof typeof LIMIT_BOUNDS;
const NAMES = Object.keys(LIMIT_BOUNDS) as NumericLimit[];

function refusal(given: object): string {
  try {
    resolveLimits(given);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return `${error.code}: ${error.message}`;
  }
  return assert.fail('the limits were taken');
}

test('without anything given every limit has its default, which lies within its own range', () => {
  const limits = resolveLimits();
  for (const name of NAMES) {
    const bound = LIMIT_BOUNDS[name];
    assert.equal(limits[name], bound.default);
    assert.ok(bound.minimum <= bound.default && bound.default <= bound.maximum, name);
  }
  assert.equal(limits.queuePolicy, 'drop-oldest');
});

describe('each limit', () => {
  for (const name of NAMES) {
    const { minimum, maximum } = LIMIT_BOUNDS[name];

    test(`${name} may be ${minimum} to ${maximum}`, () => {
      for (const value of [minimum, maximum]) assert.equal(resolveLimits({ [name]: value })[name], value);
      for (const value of [minimum - 1, maximum + 1, Number.NaN, Number.POSITIVE_INFINITY]) {
        assert.equal(
          refusal({ [name]: value }),
          `invalid-limit: ${name} must be a whole number from ${minimum} to ${maximum}, not ${value}`,
        );
      }
    });

    test(`${name} is a whole number`, () => {
      assert.match(refusal({ [name]: minimum + 0.5 }), /^invalid-limit: /);
      assert.match(refusal({ [name]: `${minimum}` }), /^invalid-limit: /);
    });
  }
});

test('undefined is the default, so that options may be handed through', () => {
  const given = { maximumQueuedMessages: undefined } as unknown as Partial<BrokerLimits>;
  assert.equal(resolveLimits(given).maximumQueuedMessages, LIMIT_BOUNDS.maximumQueuedMessages.default);
});

test('an unknown limit is named, with all that there are', () => {
  const message = refusal({ maximumQueueLength: 5 });
  assert.match(message, /^unknown-limit: there is no limit 'maximumQueueLength'; there are /);
  for (const name of [...NAMES, 'queuePolicy']) assert.ok(message.includes(name), name);
});

test('names that every object has are no limits', () => {
  assert.match(refusal(JSON.parse('{"constructor": 5}')), /there is no limit 'constructor'/);
  assert.match(refusal(JSON.parse('{"__proto__": 5}')), /there is no limit '__proto__'/);
});

test('the queue policy is one of four', () => {
  assert.equal(resolveLimits({ queuePolicy: 'drop-newest' }).queuePolicy, 'drop-newest');
  assert.equal(
    refusal({ queuePolicy: 'block' }),
    'invalid-limit: queuePolicy must be one of drop-oldest, drop-newest, refuse, disconnect, not block',
  );
});
