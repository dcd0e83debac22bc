import assert from 'node:assert/strict';
import { type Packet, PacketType, ReasonCode } from '@busbar/codec';
import { test } from 'vitest';
import { BlockPool, OutputBuffer } from '../../src/connection/output-buffer.ts';
import { PacketWriter } from '../../src/connection/packet-writer.ts';
import { writtenPackets } from './written.ts';

const { quotaExceeded, success, noMatchingSubscribers } = ReasonCode;
const EXPLANATION = {
  reasonString: 'a session has at most 2 subscriptions',
  userProperties: [['refused', 'a/b: why']],
};
const SUBACK: Packet = { type: PacketType.suback, packetId: 1, reasonCodes: [quotaExceeded], properties: {} };

function setUp(version: 3 | 4 | 5, maximumPacketSize?: number, isTold = true) {
  const output = new OutputBuffer(new BlockPool());
  const writer = new PacketWriter(output);
  writer.begin(version, maximumPacketSize, isTold);
  return { writer, written: () => writtenPackets(output, version) };
}

function explained(maximumPacketSize?: number, isTold = true, packet = SUBACK) {
  const { writer, written } = setUp(5, maximumPacketSize, isTold);
  writer.writeExplained(packet as typeof SUBACK & { type: 9 }, EXPLANATION as never);
  return written().map((each) => ('properties' in each ? each.properties : assert.fail()));
}

test('an explanation is given whole, or its Reason String alone, or not at all, as the client takes it [MQTT-3.9.2-1]', () => {
  assert.deepEqual(explained(), [EXPLANATION]);
  assert.deepEqual(explained(60), [{ reasonString: EXPLANATION.reasonString }]);
  assert.deepEqual(explained(20), [{}]);
  assert.deepEqual(explained(4), []);
});

test('a client that asked not to be told is told in DISCONNECT and CONNACK at the most [MQTT-3.1.2-29]', () => {
  assert.deepEqual(explained(undefined, false), [{}]);
  const disconnect: Packet = { type: PacketType.disconnect, reasonCode: quotaExceeded, properties: {} };
  assert.deepEqual(explained(undefined, false, disconnect as never), [EXPLANATION]);
});

test('an acknowledgement has its reason when it is a failure that the client wants to hear of [MQTT-3.4.2-2]', () => {
  const { writer, written } = setUp(5, 40);
  writer.acknowledge(PacketType.puback, 1, quotaExceeded, 'full');
  writer.acknowledge(PacketType.puback, 2, quotaExceeded, 'x'.repeat(100));
  writer.acknowledge(PacketType.pubrec, 3, noMatchingSubscribers, 'never said');
  writer.acknowledge(PacketType.puback, 4, success);
  assert.deepEqual(
    written().map((packet) => 'packetId' in packet && [packet.packetId, 'properties' in packet && packet.properties]),
    [
      [1, { reasonString: 'full' }],
      [2, {}],
      [3, {}],
      [4, {}],
    ],
  );
  const quiet = setUp(5, undefined, false);
  quiet.writer.acknowledge(PacketType.puback, 1, quotaExceeded, 'full');
  const below = setUp(4);
  below.writer.acknowledge(PacketType.puback, 1, quotaExceeded, 'full');
  for (const { written } of [quiet, below]) {
    const [puback] = written();
    assert.ok(puback?.type === PacketType.puback);
    assert.deepEqual(puback.properties, {});
  }
});

test('the size of a packet that the client does not take is told, and nothing written [MQTT-3.1.2-24]', () => {
  const { writer, written } = setUp(5, 5);
  assert.equal(writer.write(SUBACK), 6);
  assert.deepEqual(written(), []);
});

test('plain answers say nothing in words, and of the QoS 2 handshake only that it goes on or fails', () => {
  const output = new OutputBuffer(new BlockPool());
  const writer = new PacketWriter(output, true);
  writer.begin(5, undefined, true);
  writer.writeExplained(SUBACK as typeof SUBACK & { type: 9 }, EXPLANATION as never);
  writer.writeExplained(
    { type: PacketType.disconnect, reasonCode: quotaExceeded, properties: {} },
    EXPLANATION as never,
  );
  writer.acknowledge(PacketType.puback, 1, noMatchingSubscribers);
  writer.acknowledge(PacketType.puback, 2, quotaExceeded, 'why');
  writer.acknowledge(PacketType.pubrec, 3, noMatchingSubscribers);
  writer.acknowledge(PacketType.pubcomp, 4, ReasonCode.packetIdentifierNotFound);
  writer.acknowledge(PacketType.pubrec, 5, quotaExceeded, 'why');
  const came = writtenPackets(output, 5);
  for (const packet of came) assert.deepEqual('properties' in packet && packet.properties, {});
  const codes = came.map((packet) => ('reasonCode' in packet ? packet.reasonCode : undefined));
  assert.deepEqual(codes, [
    undefined,
    quotaExceeded,
    noMatchingSubscribers,
    quotaExceeded,
    success,
    success,
    quotaExceeded,
  ]);
});
