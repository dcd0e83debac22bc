import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { InboundFlow, Verdict } from '../../src/session/inbound-flow.ts';

const WIDE = 65_535;

describe('QoS 2', () => {
  test('a message is delivered once, and acknowledged again until it is released [MQTT-4.3.3-10] [MQTT-4.3.3-12]', () => {
    const flow = new InboundFlow();
    assert.equal(flow.handlePublish(2, 7, WIDE), Verdict.deliver);
    assert.equal(flow.handlePublish(2, 7, WIDE), Verdict.ignore);
    flow.accept(7);
    assert.equal(flow.handlePublish(2, 7, WIDE), Verdict.acknowledge);
    assert.equal(flow.handlePubrel(7), true);
    assert.equal(flow.handlePublish(2, 7, WIDE), Verdict.deliver);
  });

  test('a message that is being accepted when the connection ends is not delivered again on the next one', () => {
    const flow = new InboundFlow();
    flow.handlePublish(2, 7, WIDE);
    flow.handleDisconnected();
    assert.equal(flow.handlePublish(2, 7, WIDE), Verdict.ignore);
    flow.accept(7);
    assert.equal(flow.handlePublish(2, 7, WIDE), Verdict.acknowledge);
  });

  test('a refused message frees its Packet Identifier [MQTT-4.3.3-9]', () => {
    const flow = new InboundFlow();
    flow.handlePublish(2, 7, WIDE);
    flow.refuse(7);
    assert.equal(flow.unacknowledged, 0);
    assert.equal(flow.handlePublish(2, 7, WIDE), Verdict.deliver);
  });

  test('an unknown Packet Identifier is not found, and accepting one teaches nothing', () => {
    const flow = new InboundFlow();
    assert.equal(flow.handlePubrel(7), false);
    flow.accept(7);
    assert.deepEqual(flow.accepted, []);
  });

  test('the end of the session forgets all, also what is still being accepted', () => {
    const flow = new InboundFlow();
    flow.handlePublish(2, 1, WIDE);
    flow.accept(1);
    flow.handlePublish(2, 2, WIDE);
    flow.clear();
    flow.accept(2);
    assert.deepEqual(flow.accepted, []);
    assert.equal(flow.handlePublish(2, 2, WIDE), Verdict.deliver);
  });
});

describe('Receive Maximum [MQTT-3.3.4-7] [MQTT-3.3.4-9]', () => {
  test('counts QoS 1 until accepted and QoS 2 until released', () => {
    const flow = new InboundFlow();
    assert.equal(flow.handlePublish(1, 1, 2), Verdict.deliver);
    flow.deferQos1();
    assert.equal(flow.handlePublish(2, 2, 2), Verdict.deliver);
    flow.accept(2);
    assert.equal(flow.handlePublish(1, 3, 2), Verdict.refuse);
    flow.settleQos1();
    assert.equal(flow.handlePublish(1, 3, 2), Verdict.deliver);
    flow.deferQos1();
    assert.equal(flow.handlePublish(2, 4, 2), Verdict.refuse);
    flow.handlePubrel(2);
    assert.equal(flow.handlePublish(2, 4, 2), Verdict.deliver);
  });

  test('a packet sent again on the same connection needs no second place', () => {
    const flow = new InboundFlow();
    flow.handlePublish(2, 1, 1);
    flow.accept(1);
    assert.equal(flow.handlePublish(2, 1, 1), Verdict.acknowledge);
    assert.equal(flow.unacknowledged, 1);
  });

  test('what an earlier connection left is counted only once it comes again: the sender has a new window', () => {
    const flow = new InboundFlow();
    flow.handlePublish(2, 1, 1);
    flow.accept(1);
    flow.handleDisconnected();
    assert.equal(flow.unacknowledged, 0);
    assert.equal(flow.handlePublish(2, 2, 1), Verdict.deliver);
    assert.equal(flow.handlePublish(2, 1, 1), Verdict.refuse);
    assert.equal(flow.handlePubrel(1), true);
    assert.equal(flow.unacknowledged, 1);
  });

  test('what a store remembered is not counted either, and is not delivered again', () => {
    const flow = new InboundFlow();
    flow.restore([3, 4]);
    assert.deepEqual(new Set(flow.accepted), new Set([3, 4]));
    assert.equal(flow.unacknowledged, 0);
    assert.equal(flow.handlePublish(2, 3, 1), Verdict.acknowledge);
    assert.equal(flow.unacknowledged, 1);
  });
});

/** A Packet Identifier lives through: delivered, accepted, released. The model is a set of the ids between first and last. */
test('property: between delivery and release no Packet Identifier is delivered twice, whatever happens in between', () => {
  const step = fc.record({
    kind: fc.constantFrom('publish', 'accept', 'pubrel', 'disconnect', 'restart'),
    packetId: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let flow = new InboundFlow();
      const accepting = new Set<number>();
      const accepted = new Set<number>();
      for (const { kind, packetId } of steps) {
        if (kind === 'publish') {
          const isNew = !accepting.has(packetId) && !accepted.has(packetId);
          const verdict = flow.handlePublish(2, packetId, WIDE);
          assert.equal(verdict === Verdict.deliver, isNew);
          assert.equal(verdict === Verdict.acknowledge, accepted.has(packetId));
          if (isNew) accepting.add(packetId);
        } else if (kind === 'accept') {
          flow.accept(packetId);
          if (accepting.delete(packetId)) accepted.add(packetId);
        } else if (kind === 'pubrel') {
          assert.equal(flow.handlePubrel(packetId), accepting.delete(packetId) || accepted.delete(packetId));
        } else if (kind === 'disconnect') {
          flow.handleDisconnected();
          assert.equal(flow.unacknowledged, 0);
        } else {
          const restarted = new InboundFlow();
          restarted.restore(flow.accepted);
          flow = restarted;
          accepting.clear();
        }
        assert.deepEqual(new Set(flow.accepted), accepted);
        assert.ok(flow.unacknowledged >= 0 && flow.unacknowledged <= accepting.size + accepted.size);
      }
    }),
    { numRuns: 1000 },
  );
});
