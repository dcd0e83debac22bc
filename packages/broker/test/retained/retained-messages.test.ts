import assert from 'node:assert/strict';
import { type ApplicationMessage, matchesTopicFilter } from '@busbar/protocol';
import fc from 'fast-check';
import { beforeEach, describe, test } from 'vitest';
import { Authorization } from '../../src/authorization/authorization.ts';
import { resolveLimits } from '../../src/config/limits.ts';
import { RetainedMessages } from '../../src/retained/retained-messages.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { type MessageOptions, messageOf } from '../deliveries.ts';

/** Without rules nobody asks whose a message is. */
const sources = new Authorization(undefined);
let store: MemoryStore;
let retained: RetainedMessages;

beforeEach(() => {
  store = new MemoryStore();
  const limits = resolveLimits({ maximumRetainedMessages: 5, maximumRetainedBytes: 1000 });
  retained = new RetainedMessages(store, limits, sources);
});

function set(topicName: string, payload: string | Uint8Array = 'x', options: MessageOptions = {}): boolean {
  return retained.retain(messageOf({ topicName, payload, retain: true, ...options }));
}

function found(topicFilter: string, now = 0): Record<string, string> {
  const search = retained.matching(topicFilter);
  const messages: ApplicationMessage[] = [];
  while (!search.isDone) {
    const message = search.next(3, now);
    if (message !== undefined) messages.push(message);
  }
  return Object.fromEntries(messages.map(({ topicName, payload }) => [topicName, Buffer.from(payload).toString()]));
}

describe('retain', () => {
  test('the last message of a topic is kept [MQTT-3.3.1-5]', () => {
    set('a', 'one');
    set('a', 'two');
    set('b', 'three');
    assert.deepEqual(found('#'), { a: 'two', b: 'three' });
    assert.equal(retained.size, 2);
  });

  test('an empty payload forgets the topic [MQTT-3.3.1-6] [MQTT-3.3.1-7]', () => {
    set('a', 'one');
    assert.equal(set('a', ''), true);
    assert.equal(set('never/there', ''), true);
    assert.deepEqual(found('#'), {});
    assert.deepEqual([retained.size, retained.byteLength], [0, 0]);
    assert.deepEqual([...store.load().retained], []);
  });

  test('what the broker says of itself takes nobody’s room, also after it is said anew and forgotten', () => {
    for (let at = 0; at < 20; at++) assert.equal(set(`$SYS/broker/${at}`, 'x'.repeat(200)), true);
    set('$SYS/broker/0', 'x'.repeat(900));
    set('$SYS/broker/1', '');
    assert.equal(retained.size, 19);
    for (let at = 0; at < 4; at++) assert.equal(set(`t/${at}`), true);
    assert.equal(set('$SYS/broker/connection/north/state', '1'), true);
    assert.equal(set('$SYS/broker/connection/south/state', '1'), false);
    assert.equal(set('t/5'), false);
    assert.equal(set('$SYS/broker/new'), true);
    assert.ok(retained.boundedByteLength < 1000 && retained.byteLength > 4000);
  });

  test('takes memory of its own', () => {
    const chunk = new Uint8Array(100);
    const message = messageOf({ into: chunk, retain: true });
    retained.retain(message);
    chunk.fill(0xee);
    assert.deepEqual(found('#'), { 'plant/t': 'x' });
  });
});

describe('bounds', () => {
  test('a new topic beyond the count is refused, a known one is not', () => {
    for (const topic of ['a', 'b', 'c', 'd', 'e']) assert.equal(set(topic), true);
    assert.equal(set('f'), false);
    assert.equal(set('a', 'new'), true);
    assert.equal(retained.size, 5);
    set('b', '');
    assert.equal(set('f'), true);
  });

  test('bytes beyond the bound are refused, and the message before is still the retained one', () => {
    assert.equal(set('a', 'x'.repeat(500)), true);
    assert.equal(set('b', 'x'.repeat(500)), false);
    assert.equal(set('a', 'x'.repeat(999)), false);
    assert.deepEqual(found('a'), { a: 'x'.repeat(500) });
    assert.equal(set('a', 'x'.repeat(900)), true);
  });
});

describe('Message Expiry Interval', () => {
  test('what has expired is not found, and is dropped by who comes across it', () => {
    set('short', 'x', { properties: { messageExpiryInterval: 10 } });
    set('long', 'x', { properties: { messageExpiryInterval: 20 } });
    assert.deepEqual(Object.keys(found('#', 9_999)), ['short', 'long']);
    assert.deepEqual(Object.keys(found('#', 10_000)), ['long']);
    assert.equal(retained.size, 1);
    assert.equal([...store.load().retained].length, 1);
  });
});

test('what a store kept is there again', () => {
  set('a', 'one');
  set('b', 'two');
  const again = new RetainedMessages(store, resolveLimits(), sources);
  again.restore(store.load().retained);
  assert.deepEqual([again.size, again.byteLength], [retained.size, retained.byteLength]);
});

test('property: whatever is set and forgotten, the sizes are those of what is there, and a search finds what matches', () => {
  const topic = fc.constantFrom('a', 'a/b', 'a/b/c', 'b', 'b/c', '$SYS/a');
  const step = fc.record({ topic, length: fc.nat({ max: 300 }) });
  const filter = fc.constantFrom('#', 'a/#', '+/b', '+', 'b/c', '$SYS/#');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), filter, (steps, topicFilter) => {
      const limits = resolveLimits({ maximumRetainedMessages: 4, maximumRetainedBytes: 700 });
      retained = new RetainedMessages(new MemoryStore(), limits, sources);
      const model = new Map<string, number>();
      for (const { topic, length } of steps) {
        const payload = new Uint8Array(length);
        const { byteLength } = messageOf({ topicName: topic, payload });
        const others = [...model].filter(([name]) => name !== topic && name !== '$SYS/a');
        const isOwn = topic === '$SYS/a';
        const fits = isOwn || (others.length < 4 && others.reduce((sum, [, bytes]) => sum + bytes, byteLength) <= 700);
        assert.equal(set(topic, payload), length === 0 || fits);
        if (length === 0) model.delete(topic);
        else if (fits) model.set(topic, byteLength);
        assert.equal(retained.size, model.size);
        assert.equal(
          retained.byteLength,
          [...model.values()].reduce((sum, bytes) => sum + bytes, 0),
        );
      }
      const expected = [...model.keys()].filter((name) => matchesTopicFilter(topicFilter, name));
      assert.deepEqual(Object.keys(found(topicFilter)).sort(), expected.sort());
    }),
  );
});
