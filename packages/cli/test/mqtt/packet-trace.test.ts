import { encodePacket, NO_PROPERTIES, type Packet, PacketType, type ProtocolVersion } from '@busbar/codec';
import type { ByteTransport, TransportReceiver } from '@busbar/transport';
import { expect, test } from 'vitest';
import { TracedTransport } from '../../src/mqtt/packet-trace.ts';

/** A transport that keeps what is written to it, and lets a test play the peer. */
class StillTransport implements ByteTransport {
  readonly bufferedBytes = 0;
  readonly isWritable = true;
  readonly remote = { address: '', port: 0 };
  readonly written: Uint8Array[] = [];
  receiver: TransportReceiver | undefined;

  attach(receiver: TransportReceiver): void {
    this.receiver = receiver;
  }
  write(bytes: Uint8Array): void {
    this.written.push(bytes);
  }
  writeAll(segments: readonly Uint8Array[]): void {
    this.written.push(...segments);
  }
  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {}
}

function setUp(version: ProtocolVersion) {
  const inner = new StillTransport();
  const lines: string[] = [];
  const received: Uint8Array[] = [];
  const traced = new TracedTransport(inner, version, (line) => lines.push(line));
  traced.attach({ handleBytes: (bytes) => received.push(bytes), handleWritable() {}, handleClosed() {} });
  const send = (packet: Packet) => traced.write(encodePacket(packet, version));
  const receive = (packet: Packet) => inner.receiver?.handleBytes(encodePacket(packet, version));
  return { inner, traced, lines, received, send, receive };
}

const connect: Packet = {
  type: PacketType.connect,
  protocolVersion: 4,
  bridge: false,
  clientIdentifier: 'panel',
  cleanStart: true,
  keepAlive: 60,
  properties: NO_PROPERTIES,
  will: undefined,
  userName: undefined,
  password: undefined,
};

test('a conversation is told in the words of mosquitto -d', () => {
  const { lines, send, receive } = setUp(4);
  const publish = { type: PacketType.publish, dup: false, retain: false, properties: NO_PROPERTIES } as const;
  const done = { packetId: 1, reasonCode: 0, properties: NO_PROPERTIES } as const;

  send(connect);
  receive({ type: PacketType.connack, sessionPresent: false, reasonCode: 0, properties: NO_PROPERTIES });
  send({ ...publish, qos: 2, packetId: 1, topicName: 'a', payload: Buffer.from('hi') });
  receive({ type: PacketType.pubrec, ...done });
  send({ type: PacketType.pubrel, ...done });
  receive({ type: PacketType.pubcomp, ...done });
  receive({ type: PacketType.suback, packetId: 2, reasonCodes: [1, 128], properties: NO_PROPERTIES });
  receive({ ...publish, qos: 0, packetId: 0, topicName: 'b', payload: Buffer.from('abc') });
  send({ type: PacketType.pingreq });
  send({ type: PacketType.disconnect, reasonCode: 0, properties: NO_PROPERTIES });

  expect(lines).toEqual([
    'Client panel sending CONNECT',
    'Client panel received CONNACK (0)',
    "Client panel sending PUBLISH (d0, q2, r0, m1, 'a', ... (2 bytes))",
    'Client panel received PUBREC (Mid: 1, RC:0)',
    'Client panel sending PUBREL (m1, rc0)',
    'Client panel received PUBCOMP (Mid: 1, RC:0)',
    'Client panel received SUBACK',
    'Subscribed (mid: 2): 1, 128',
    "Client panel received PUBLISH (d0, q0, r0, m0, 'b', ... (3 bytes))",
    'Client panel sending PINGREQ',
    'Client panel sending DISCONNECT',
  ]);
});

test('a refusal is told with the code that stood on the wire', () => {
  const connack = {
    type: PacketType.connack,
    sessionPresent: false,
    reasonCode: 0x87,
    properties: NO_PROPERTIES,
  } as const;
  for (const [version, code] of [
    [4, 5],
    [5, 135],
  ] as const) {
    const { lines, receive } = setUp(version);
    receive(connack);
    expect(lines).toEqual([`Client (null) received CONNACK (${code})`]);
  }
});

test('the bytes go on unchanged, however they are cut, also those that are no packets', () => {
  const { inner, traced, lines, received } = setUp(4);
  const bytes = encodePacket(connect, 4);

  for (const byte of bytes) traced.write(Uint8Array.of(byte));
  inner.receiver?.handleBytes(Buffer.from('ffffffffff', 'hex'));
  inner.receiver?.handleBytes(Buffer.from('more'));

  expect(Buffer.concat(inner.written)).toEqual(Buffer.from(bytes));
  expect(Buffer.concat(received).toString('latin1')).toBe('\xff\xff\xff\xff\xffmore');
  expect(lines[0]).toBe('Client panel sending CONNECT');
  expect(lines[1]).toMatch(/^Client panel received what is no MQTT packet: /);
  expect(lines).toHaveLength(2);
});
