import assert from 'node:assert/strict';
import { NO_PROPERTIES, type Packet, PacketType, type QoS, ReasonCode } from '@busbar/codec';
import { acknowledgementPacket } from '@busbar/testkit';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { ApplicationMessage } from '../../src/message/application-message.ts';
import { Delivery } from '../../src/message/delivery.ts';
import { ServerHarness } from './server-harness.ts';

function delivery(number: number, qos: QoS, payloadLength = 1): Delivery {
  const payload = new Uint8Array(payloadLength).fill(number);
  const content = { topicName: 'plant/t', payload, qos, retain: false, properties: NO_PROPERTIES };
  return new Delivery(ApplicationMessage.of(content, '', 0), qos, false, undefined);
}

/** What a client sees: `1 dup` is the message with number 1 sent again, `pubrel 7` a PUBREL for Packet Identifier 7. */
function seen(packets: readonly Packet[]): string[] {
  return packets.map((packet) => {
    if (packet.type === PacketType.publish) return `${packet.payload[0]}${packet.dup ? ' dup' : ''}`;
    if (packet.type === PacketType.pubrel) return `pubrel ${packet.packetId}`;
    return `type ${packet.type}`;
  });
}

/** A harness that knows what its client was sent with the CONNACK. */
class ConnectedHarness extends ServerHarness {
  readonly resent: readonly string[];

  constructor(receiveMaximum: number, before: ServerHarness | undefined, maximumPacketSize: number) {
    super(5, {}, before?.session);
    const [connack, ...rest] = this.connect(
      { properties: { receiveMaximum, maximumPacketSize } },
      before !== undefined,
    );
    assert.equal(connack?.type, PacketType.connack);
    this.resent = seen(rest);
  }
}

function connected(receiveMaximum = 3, before?: ServerHarness, maximumPacketSize = 1_000_000): ConnectedHarness {
  return new ConnectedHarness(receiveMaximum, before, maximumPacketSize);
}

describe('window [MQTT-3.3.4-9]', () => {
  test('is the client’s Receive Maximum, or what this side has in flight at the most', () => {
    for (const [receiveMaximum, maximumInFlight, room] of [
      [3, 100, 3],
      [65_535, 5, 5],
    ] as const) {
      const harness = new ServerHarness(5, { maximumInFlight });
      harness.connect({ properties: { receiveMaximum } });
      let sent = 0;
      for (; harness.machine.hasRoom; sent++) harness.machine.deliver(delivery(sent, 1), harness.now);
      assert.equal(sent, room);
    }
  });

  test('QoS 0 needs no room', () => {
    const harness = connected(1);
    harness.machine.deliver(delivery(1, 1), harness.now);
    assert.equal(harness.machine.hasRoom, false);
    harness.machine.deliver(delivery(2, 0), harness.now);
    assert.deepEqual(seen(harness.sent()), ['1', '2']);
  });

  test('PUBACK and PUBCOMP open it, PUBREC does not', () => {
    const harness = connected(1);
    harness.machine.deliver(delivery(1, 2), harness.now);
    harness.receive(acknowledgementPacket('pubrec', 1));
    assert.deepEqual([harness.machine.hasRoom, harness.windows], [false, 0]);
    harness.receive(acknowledgementPacket('pubcomp', 1));
    assert.deepEqual([harness.machine.hasRoom, harness.windows], [true, 1]);
    harness.machine.deliver(delivery(2, 1), harness.now);
    harness.receive(acknowledgementPacket('puback', 2));
    assert.deepEqual([harness.machine.hasRoom, harness.windows], [true, 2]);
  });
});

describe('the owner is told', () => {
  test('of a delivery that the client has taken over: at PUBACK, at the first PUBREC', () => {
    const harness = connected();
    const [first, second] = [delivery(1, 1), delivery(2, 2)];
    harness.machine.deliver(first, harness.now);
    harness.machine.deliver(second, harness.now);
    harness.receive(acknowledgementPacket('pubrec', 2), acknowledgementPacket('pubrec', 2));
    harness.receive(acknowledgementPacket('puback', 1));
    assert.deepEqual(harness.delivered, [
      [second, ReasonCode.success],
      [first, ReasonCode.success],
    ]);
    assert.deepEqual(seen(harness.sent()), ['1', '2', 'pubrel 2', 'pubrel 2']);
  });

  test('of a delivery that the client has refused, which is then done', () => {
    const harness = connected();
    const { quotaExceeded } = ReasonCode;
    harness.machine.deliver(delivery(1, 1), harness.now);
    harness.machine.deliver(delivery(2, 2), harness.now);
    harness.receive(
      acknowledgementPacket('pubrec', 2, quotaExceeded),
      acknowledgementPacket('puback', 1, quotaExceeded),
    );
    assert.deepEqual(
      harness.delivered.map(([, reasonCode]) => reasonCode),
      [quotaExceeded, quotaExceeded],
    );
    assert.deepEqual(seen(harness.sent()), ['1', '2'], 'no PUBREL');
    assert.equal(harness.session.outbound.size, 0);
  });

  test('nothing of acknowledgements for what was not sent', () => {
    const harness = connected();
    harness.machine.deliver(delivery(1, 1), harness.now);
    harness.sent();
    harness.receive(acknowledgementPacket('puback', 9), acknowledgementPacket('pubcomp', 9));
    harness.receive(acknowledgementPacket('pubrec', 9), acknowledgementPacket('pubrec', 9, ReasonCode.quotaExceeded));
    assert.deepEqual(harness.delivered, []);
    assert.deepEqual(harness.sent(), [acknowledgementPacket('pubrel', 9, ReasonCode.packetIdentifierNotFound)]);
    assert.equal(harness.machine.isConnected, true);
  });
});

describe('an acknowledgement of the wrong kind ends the connection, and the message is due on the next one', () => {
  const received = acknowledgementPacket('pubrec', 1);
  const refused = acknowledgementPacket('pubrec', 1, ReasonCode.quotaExceeded);
  const cases = [
    ['PUBREC at QoS 1', 1, [received], 'expected PUBACK', '1 dup'],
    ['PUBREC with a failure at QoS 1', 1, [refused], 'expected PUBACK', '1 dup'],
    ['PUBCOMP at QoS 1', 1, [acknowledgementPacket('pubcomp', 1)], 'expected PUBACK', '1 dup'],
    ['PUBACK at QoS 2', 2, [acknowledgementPacket('puback', 1)], 'expected PUBREC', '1 dup'],
    ['PUBCOMP before PUBREC', 2, [acknowledgementPacket('pubcomp', 1)], 'expected PUBREC', '1 dup'],
    ['PUBACK after PUBREC', 2, [received, acknowledgementPacket('puback', 1)], 'expected PUBCOMP', 'pubrel 1'],
    ['PUBREC with a failure after one without', 2, [received, refused], 'expected PUBCOMP', 'pubrel 1'],
  ] as const;
  for (const [name, qos, packets, message, due] of cases) {
    test(`${name} [MQTT-4.13.1-1]`, () => {
      const harness = connected();
      harness.machine.deliver(delivery(1, qos), harness.now);
      harness.receive(...packets);
      const { cause, reasonCode } = harness.closing;
      assert.deepEqual([cause, reasonCode], ['fault', ReasonCode.protocolError]);
      assert.ok(harness.closing.message.startsWith(`${message} for Packet Identifier 1, `), harness.closing.message);
      assert.equal(harness.sent().at(-1)?.type, PacketType.disconnect);
      assert.deepEqual(connected(3, harness).resent, [due]);
    });
  }
});

describe('the next connection [MQTT-4.4.0-1] [MQTT-4.6.0-1]', () => {
  test('gets everything unfinished again, in order and with DUP, and PUBREL for what was received', () => {
    const before = connected(10);
    for (const [number, qos] of [
      [1, 1],
      [2, 2],
      [3, 1],
      [4, 2],
      [5, 0],
    ] as const) {
      before.machine.deliver(delivery(number, qos), before.now);
    }
    before.receive(acknowledgementPacket('pubrec', 2), acknowledgementPacket('puback', 3));
    before.machine.handleLost('gone', before.now);
    assert.equal(before.machine.hasRoom, false);
    assert.deepEqual(connected(10, before).resent, ['1 dup', 'pubrel 2', '4 dup']);
  });

  test('gets it within its own window, and nothing new before it', () => {
    const before = connected(10);
    for (let number = 1; number <= 4; number++) before.machine.deliver(delivery(number, 1), before.now);
    before.machine.handleLost('gone', before.now);
    const after = connected(2, before);
    assert.deepEqual(after.resent, ['1 dup', '2 dup']);
    after.receive(acknowledgementPacket('puback', 1));
    assert.deepEqual(seen(after.sent()), ['3 dup']);
    assert.equal(after.machine.hasRoom, false);
    after.receive(acknowledgementPacket('puback', 2), acknowledgementPacket('puback', 3));
    assert.deepEqual(seen(after.sent()), ['4 dup']);
    assert.equal(after.machine.hasRoom, true);
  });

  test('does not get what is too large for it: the owner is told, and the flow is done', () => {
    const before = connected(10);
    before.machine.deliver(delivery(1, 1, 100), before.now);
    before.machine.deliver(delivery(2, 2, 100), before.now);
    before.machine.deliver(delivery(3, 1), before.now);
    before.machine.handleLost('gone', before.now);
    const after = connected(1, before, 50);
    assert.deepEqual(after.resent, ['3 dup']);
    assert.equal(after.undeliverable.length, 2);
    assert.equal(after.session.outbound.size, 1);
  });

  test('property: whatever was finished before, what is left comes in its order, each once for each connection', () => {
    const step = fc.record({
      finished: fc.array(fc.nat({ max: 20 }), { maxLength: 6 }),
      receiveMaximum: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<1 | 2>(1, 2), { minLength: 1, maxLength: 12 }),
        fc.array(step, { maxLength: 4 }),
        (all, steps) => {
          let harness = connected(50);
          for (const [at, qos] of all.entries()) harness.machine.deliver(delivery(at + 1, qos), harness.now);
          let expected = all.map((_, at) => at + 1);
          for (const { finished, receiveMaximum } of steps) {
            for (const choice of finished) {
              const packetId = choice % (all.length + 1);
              if (packetId === 0) continue;
              if (all[packetId - 1] === 1) harness.receive(acknowledgementPacket('puback', packetId));
              else
                harness.receive(acknowledgementPacket('pubrec', packetId), acknowledgementPacket('pubcomp', packetId));
              expected = expected.filter((each) => each !== packetId);
            }
            harness.machine.handleLost('gone', harness.now);
            harness = connected(receiveMaximum, harness);
            assert.deepEqual(
              harness.resent,
              expected.slice(0, receiveMaximum).map((number) => `${number} dup`),
            );
          }
        },
      ),
    );
  });
});

test('Maximum Packet Size: what is larger is not accepted [MQTT-3.1.2-24]', () => {
  const harness = connected(10, undefined, 50);
  assert.equal(harness.machine.accepts(delivery(1, 0, 30)), true);
  assert.equal(harness.machine.accepts(delivery(1, 0, 60)), false);
  assert.equal(connected().machine.accepts(delivery(1, 0, 100_000)), true);
});
