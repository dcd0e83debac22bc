import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { OutboundFlow, Stage } from '../../src/session/outbound-flow.ts';

function connected(receiveMaximum = 65_535): OutboundFlow<string> {
  const flow = new OutboundFlow<string>();
  flow.handleConnected(receiveMaximum);
  return flow;
}

function takeResends(flow: OutboundFlow<string>): [number, Stage, string | undefined][] {
  const resends: [number, Stage, string | undefined][] = [];
  for (let next = flow.takeResend(); next; next = flow.takeResend()) {
    resends.push([next.packetId, next.stage, next.message]);
  }
  return resends;
}

describe('QoS 1', () => {
  test('PUBACK ends the flow and hands the message back', () => {
    const flow = connected();
    const packetId = flow.send('a', 1);
    assert.equal(flow.handlePuback(packetId), 'a');
    assert.equal(flow.handlePuback(packetId), undefined);
    assert.equal(flow.size, 0);
  });

  test('the other acknowledgements do not', () => {
    const flow = connected();
    const packetId = flow.send('a', 1);
    assert.equal(flow.handlePubrec(packetId), false);
    assert.equal(flow.handlePubcomp(packetId), false);
    assert.equal(flow.handleRefusingPubrec(packetId), undefined);
    assert.equal(flow.size, 1);
  });
});

describe('QoS 2', () => {
  test('PUBREC lets the message go, PUBCOMP ends the flow', () => {
    const flow = connected();
    const packetId = flow.send('a', 2);
    const received: string[] = [];
    assert.equal(
      flow.handlePubrec(packetId, (message) => received.push(message)),
      true,
    );
    assert.deepEqual(received, ['a']);
    assert.equal(
      flow.handlePubrec(packetId, (message) => received.push(message)),
      true,
      'PUBREL is due again',
    );
    assert.deepEqual(received, ['a']);
    assert.equal(flow.handlePuback(packetId), undefined);
    assert.equal(flow.handlePubcomp(packetId), true);
    assert.equal(flow.handlePubcomp(packetId), false);
  });

  test('a refusing PUBREC ends it [MQTT-4.4.0-2]', () => {
    const flow = connected();
    const packetId = flow.send('a', 2);
    assert.equal(flow.handleRefusingPubrec(packetId), 'a');
    assert.equal(flow.handlePubrec(packetId), false);
  });
});

describe('sending again [MQTT-4.4.0-1] [MQTT-4.6.0-1]', () => {
  test('everything unfinished is due in its first order, with its Packet Identifier, at its stage', () => {
    const flow = connected();
    const a = flow.send('a', 1);
    const b = flow.send('b', 2);
    const c = flow.send('c', 2);
    const d = flow.send('d', 1);
    flow.handlePubrec(b);
    flow.handlePuback(d);
    flow.handleDisconnected();
    assert.equal(flow.hasRoom, false);

    flow.handleConnected(65_535);
    assert.equal(flow.hasRoom, false, 'nothing new before the old');
    assert.deepEqual(takeResends(flow), [
      [a, Stage.awaitingPuback, 'a'],
      [b, Stage.awaitingPubcomp, undefined],
      [c, Stage.awaitingPubrec, 'c'],
    ]);
    assert.equal(flow.hasRoom, true);
  });

  test('waits while the new window is full, and skips what was finished meanwhile', () => {
    const flow = connected();
    const [a, b, c] = [flow.send('a', 1), flow.send('b', 1), flow.send('c', 1)];
    flow.handleDisconnected();
    flow.handleConnected(1);
    assert.deepEqual(takeResends(flow), [[a, Stage.awaitingPuback, 'a']]);
    flow.handlePuback(b);
    flow.handlePuback(a);
    assert.deepEqual(takeResends(flow), [[c, Stage.awaitingPuback, 'c']]);
    assert.equal(flow.hasRoom, false);
    flow.handlePuback(c);
    assert.equal(flow.hasRoom, true);
  });
});

describe('the window of Receive Maximum [MQTT-4.9.0-2]', () => {
  test('closes with each PUBLISH and opens with each end of a flow', () => {
    const flow = connected(2);
    const a = flow.send('a', 1);
    const b = flow.send('b', 2);
    assert.equal(flow.hasRoom, false);
    flow.handlePuback(a);
    assert.equal(flow.hasRoom, true);
    flow.send('c', 1);
    flow.handlePubrec(b);
    assert.equal(flow.hasRoom, false);
    flow.handlePubcomp(b);
    assert.equal(flow.hasRoom, true);
  });

  test('a PUBREL sent again takes no place, so its PUBCOMP frees none [MQTT-3.3.4-7]', () => {
    const flow = connected(2);
    const a = flow.send('a', 2);
    flow.handlePubrec(a);
    flow.handleDisconnected();
    flow.handleConnected(1);
    takeResends(flow);
    flow.send('b', 1);
    flow.handlePubcomp(a);
    assert.equal(flow.hasRoom, false);
  });
});

describe('Packet Identifiers [MQTT-2.2.1-3]', () => {
  test('requests and messages share one space; those in use are passed over', () => {
    const flow = connected();
    const reserved = flow.reservePacketId();
    for (let i = 0; i < 65_534; i++) flow.handlePuback(flow.send('x', 1));
    assert.notEqual(flow.send('y', 1), reserved);
    assert.equal(flow.releasePacketId(reserved), true);
    assert.equal(flow.releasePacketId(reserved), false);
  });

  test('when all are in use there is no room, for messages or requests', () => {
    const flow = connected();
    assert.equal(flow.reservePacketId(), 1);
    for (let i = 0; i < 65_534; i++) flow.send('x', 1);
    assert.equal(flow.hasRoom, false);
    assert.equal(flow.reservePacketId(), 0);
    flow.releasePacketId(1);
    assert.equal(flow.hasRoom, true);
    assert.equal(flow.send('last', 1), 1);
  });
});

test('clear answers the unfinished messages in order and frees everything', () => {
  const flow = connected();
  flow.send('a', 1);
  flow.handlePubrec(flow.send('b', 2));
  flow.send('c', 2);
  assert.deepEqual(flow.clear(), ['a', 'c']);
  assert.equal(flow.size, 0);
  assert.equal(flow.hasRoom, false);
});

/** What is unacknowledged on this connection, as a receiver counts it. */
test('property: a receiver never sees more than its Receive Maximum, and everything due again comes in order', () => {
  const step = fc.record({
    kind: fc.constantFrom('send1', 'send2', 'send1', 'send2', 'puback', 'pubrec', 'refuse', 'pubcomp', 'reconnect'),
    pick: fc.nat(),
    receiveMaximum: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const flow = new OutboundFlow<number>();
      let receiveMaximum = 3;
      let counter = 0;
      /** Message numbers of unfinished flows by Packet Identifier, in order. */
      const unfinished = new Map<number, number>();
      let unacknowledged = new Set<number>();
      let lastResent = 0;

      const resend = () => {
        for (let next = flow.takeResend(); next; next = flow.takeResend()) {
          const number = unfinished.get(next.packetId) ?? assert.fail('finished flows are not due again');
          assert.ok(number > lastResent);
          lastResent = number;
          if (next.stage !== Stage.awaitingPubcomp) unacknowledged.add(next.packetId);
        }
        assert.ok(unacknowledged.size <= receiveMaximum);
      };
      const finish = (packetId: number) => {
        unfinished.delete(packetId);
        unacknowledged.delete(packetId);
        resend();
      };
      flow.handleConnected(receiveMaximum);
      for (const { kind, pick, receiveMaximum: next } of steps) {
        const packetId = [...unfinished.keys()][pick % Math.max(unfinished.size, 1)] ?? 0;
        if (kind === 'send1' || kind === 'send2') {
          if (!flow.hasRoom) continue;
          const sent = flow.send(++counter, kind === 'send1' ? 1 : 2);
          assert.ok(!unfinished.has(sent));
          unfinished.set(sent, counter);
          unacknowledged.add(sent);
        } else if (kind === 'puback') {
          if (flow.handlePuback(packetId) !== undefined) finish(packetId);
        } else if (kind === 'pubrec') {
          flow.handlePubrec(packetId);
        } else if (kind === 'refuse') {
          if (flow.handleRefusingPubrec(packetId) !== undefined) finish(packetId);
        } else if (kind === 'pubcomp') {
          if (flow.handlePubcomp(packetId)) finish(packetId);
        } else {
          flow.handleDisconnected();
          receiveMaximum = next;
          unacknowledged = new Set();
          lastResent = 0;
          flow.handleConnected(receiveMaximum);
          resend();
        }
        assert.ok(unacknowledged.size <= receiveMaximum, 'Receive Maximum');
        assert.deepEqual(
          [...flow.inFlight].map((each) => each.packetId),
          [...unfinished.keys()],
        );
      }
    }),
    { numRuns: 1000 },
  );
});
