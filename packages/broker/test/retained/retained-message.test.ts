import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { RetainedMessage } from '../../src/retained/retained-message.ts';
import { messageOf } from '../deliveries.ts';

const OPTIONS = fc.record({
  topicName: fc.constantFrom('t', 'plant/線/温度', `long/${'x'.repeat(300)}`),
  payload: fc.oneof(fc.uint8Array({ minLength: 1 }), fc.constant(new Uint8Array(20_000).fill(0xab))),
  qos: fc.constantFrom(0, 1, 2),
  properties: fc.record(
    { topicAlias: fc.constant(7), messageExpiryInterval: fc.nat(100), contentType: fc.constant('text/ü') },
    { requiredKeys: [] },
  ),
  now: fc.nat(1_000),
});

test('property: what has rested is the message that came, however its chunk was used afterwards', () => {
  fc.assert(
    fc.property(fc.array(OPTIONS, { minLength: 1, maxLength: 30 }), (all) => {
      const resting = all.map((options) => {
        const chunk = new Uint8Array(40_000);
        const message = messageOf({ ...options, retain: true, into: chunk });
        const { packet, topicBytes, ...rest } = message.toRecord();
        const expected = { packet: Buffer.from(packet), topicBytes: Buffer.from(topicBytes), ...rest };
        const retained = new RetainedMessage(message, undefined);
        chunk.fill(0xee);
        return { retained, expected };
      });
      // All of them awake before the first is looked at: none may lie where another lies.
      const awake = resting.map(({ retained, expected }) => ({ retained, expected, message: retained.message }));
      for (const { retained, expected, message } of awake) {
        const { packet, topicBytes, ...rest } = message.toRecord();
        assert.deepEqual({ packet: Buffer.from(packet), topicBytes: Buffer.from(topicBytes), ...rest }, expected);
        assert.equal(retained.byteLength, packet.length);
        assert.equal(retained.expiresAt, message.expiresAt);
      }
    }),
  );
});

test('whose it is stays with it', () => {
  const source = { clientIdentifier: 'pump', userName: 'ann' };
  assert.equal(new RetainedMessage(messageOf({ retain: true }), source).source, source);
});
