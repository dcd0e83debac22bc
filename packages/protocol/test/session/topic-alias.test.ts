import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { InboundTopicAliases, OutboundTopicAliases } from '../../src/session/topic-alias.ts';

describe('InboundTopicAliases', () => {
  test('allows 1 to its maximum [MQTT-3.3.2-8] [MQTT-3.3.2-10]', () => {
    const aliases = new InboundTopicAliases<string>(2);
    assert.deepEqual(
      [0, 1, 2, 3].map((alias) => aliases.isAllowed(alias)),
      [false, true, true, false],
    );
  });

  test('an alias stands for what it was given last', () => {
    const aliases = new InboundTopicAliases<string>(2);
    assert.equal(aliases.get(1), undefined);
    aliases.set(1, 'a');
    aliases.set(1, 'b');
    assert.equal(aliases.get(1), 'b');
  });
});

describe('OutboundTopicAliases', () => {
  test('gives none when the receiver allows none [MQTT-3.2.2-18]', () => {
    assert.equal(new OutboundTopicAliases(0).use('a'), undefined);
  });

  test('the topic unused for the longest time loses its alias', () => {
    const aliases = new OutboundTopicAliases(2);
    assert.deepEqual(aliases.use('a'), { alias: 1, isKnown: false });
    assert.deepEqual(aliases.use('b'), { alias: 2, isKnown: false });
    assert.deepEqual(aliases.use('a'), { alias: 1, isKnown: true });
    assert.deepEqual(aliases.use('c'), { alias: 2, isKnown: false });
    assert.deepEqual(aliases.use('b'), { alias: 1, isKnown: false });
  });

  test('an alias whose packet was not sent is told with the next one', () => {
    const aliases = new OutboundTopicAliases(1);
    aliases.use('a');
    aliases.retract('a');
    assert.deepEqual(aliases.use('a'), { alias: 1, isKnown: false });
    assert.deepEqual(aliases.use('a'), { alias: 1, isKnown: true });
    aliases.retract('unheard of');
    assert.deepEqual(aliases.use('b'), { alias: 1, isKnown: false });
  });
});

test('property: a receiver of the aliases always knows which topic is meant, also when packets are taken back', () => {
  const use = fc.record({ topicName: fc.constantFrom('a', 'b', 'c', 'd', 'e'), isSent: fc.boolean() });
  fc.assert(
    fc.property(fc.array(use), fc.integer({ min: 1, max: 4 }), (uses, maximum) => {
      const sender = new OutboundTopicAliases(maximum);
      const receiver = new InboundTopicAliases<string>(maximum);
      for (const { topicName, isSent } of uses) {
        const { alias, isKnown } = sender.use(topicName) ?? assert.fail('an alias is allowed');
        assert.ok(receiver.isAllowed(alias));
        if (isKnown) assert.equal(receiver.get(alias), topicName);
        else if (isSent) receiver.set(alias, topicName);
        else sender.retract(topicName);
      }
    }),
    { numRuns: 1000 },
  );
});
