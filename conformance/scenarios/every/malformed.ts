import { type SharedBody, type Shows, shared, sharedChapter } from '../../run/scenario.ts';
import type { Scene } from '../../run/scene.ts';
import { Violation } from '../../run/violation.ts';
import { bytesOf, packet, text, u16 } from '../../wire/bytes.ts';
import {
  connect,
  disconnect,
  FIRST_BYTE,
  PINGREQ,
  publish,
  subscribe,
  type Version,
} from '../../wire/packet-writer.ts';

const ALL: readonly Version[] = [5, 4, 3];
/** 3.1 says less about what is malformed: it reserves no flags, and is silent about packets with too much in them. */
const SINCE_3_1_1: readonly Version[] = [5, 4];

/** A connected client sends these bytes, and the server closes the connection. */
function closes(
  name: string,
  shows: Shows,
  bytes: (t: Scene) => Uint8Array,
  versions = ALL,
  codes?: number[],
): SharedBody {
  return shared(
    `${name} ends the connection`,
    shows,
    async (t) => {
      const client = await t.connect();
      client.send(bytes(t));
      await client.expectClose(codes);
    },
    { versions },
  );
}

const FLAGS: Shows = { v5: '2.1.3-1 4.13.1-1', v4: '2.2.2-1 2.2.2-2' };
const MALFORMED: Shows = { v5: '4.13.1-1', v4: '4.8.0-1' };
const ZERO_ID: Shows = { v5: '4.13.1-1', v4: '2.3.1-1' };

/** The body of a packet without flags, below 5.0 without properties. */
function properties(t: Scene): number[] {
  return t.version === 5 ? [0] : [];
}

function subscription(t: Scene): Uint8Array {
  return bytesOf(u16(1), properties(t), text(t.topic()), 0);
}

function unsubscription(t: Scene): Uint8Array {
  return bytesOf(u16(1), properties(t), text(t.topic()));
}

const reservedFlags = [
  closes('PUBACK with reserved flags', FLAGS, () => packet(0x41, u16(1)), SINCE_3_1_1, [0x81]),
  closes('PUBREC with reserved flags', FLAGS, () => packet(0x52, u16(1)), SINCE_3_1_1, [0x81]),
  closes(
    'PUBREL with flags other than 0010',
    { v5: '3.6.1-1 2.1.3-1', v4: '3.6.1-1 2.2.2-2' },
    () => packet(0x60, u16(1)),
    SINCE_3_1_1,
    [0x81],
  ),
  closes('PUBCOMP with reserved flags', FLAGS, () => packet(0x74, u16(1)), SINCE_3_1_1, [0x81]),
  closes(
    'SUBSCRIBE with flags other than 0010',
    { v5: '3.8.1-1 2.1.3-1', v4: '3.8.1-1 2.2.2-2' },
    (t) => packet(0x80, subscription(t)),
    SINCE_3_1_1,
    [0x81],
  ),
  closes(
    'UNSUBSCRIBE with flags other than 0010',
    { v5: '3.10.1-1 2.1.3-1', v4: '3.10.1-1 2.2.2-2' },
    (t) => packet(0xa3, unsubscription(t)),
    SINCE_3_1_1,
    [0x81],
  ),
  closes('PINGREQ with reserved flags', FLAGS, () => packet(0xc8), SINCE_3_1_1, [0x81]),
  closes(
    'DISCONNECT with reserved flags',
    { v5: '3.14.1-1 2.1.3-1', v4: '2.2.2-1 2.2.2-2' },
    () => packet(0xe1),
    SINCE_3_1_1,
    [0x81],
  ),
];

const publishing = [
  closes(
    'PUBLISH with both QoS bits set',
    { v5: '3.3.1-4', v4: '3.3.1-4' },
    (t) => packet(0x36, text(t.topic()), u16(1), properties(t), 0x78),
    ALL,
    [0x81],
  ),
  shared(
    'PUBLISH with DUP at QoS 0 ends the connection, or is passed on without DUP',
    { v5: '3.3.1-2', v4: '3.3.1-2' },
    async (t) => {
      const client = await t.subscriber(t.topic());
      client.send(publish({ version: t.version, topic: t.topic(), payload: 'x', dup: true }), PINGREQ);
      try {
        await client.expectClose([0x81, 0x82]);
      } catch (error) {
        // That DUP is 0 is seen by whoever reads the packet.
        if (!(error instanceof Violation) || !/^(PUBLISH|PINGRESP)/.test(error.came)) throw error;
      }
    },
  ),
  closes('PUBLISH of QoS 1 with Packet Identifier 0', ZERO_ID, (t) => {
    return publish({ version: t.version, topic: t.topic(), payload: 'x', qos: 1, packetId: 0 });
  }),
  closes('PUBLISH of QoS 2 with Packet Identifier 0', ZERO_ID, (t) => {
    return publish({ version: t.version, topic: t.topic(), payload: 'x', qos: 2, packetId: 0 });
  }),
  closes('PUBLISH whose Topic Name is longer than the packet', MALFORMED, () => packet(0x30, u16(20), 0x61, 0x62)),
  closes('PUBLISH without a Topic Name', { v5: '3.3.2-1', v4: '3.3.2-1' }, () => packet(0x30)),
  closes('PUBLISH of QoS 1 that ends before its Packet Identifier', MALFORMED, (t) => packet(0x32, text(t.topic()), 0)),
  closes('PUBACK that ends before its Packet Identifier', MALFORMED, () => packet(0x40, 1)),
  closes('PUBREL that ends before its Packet Identifier', MALFORMED, () => packet(0x62)),
];

const subscribing = [
  closes('SUBSCRIBE with Packet Identifier 0', ZERO_ID, (t) => {
    return subscribe({ version: t.version, packetId: 0, subscriptions: [{ filter: t.topic() }] });
  }),
  closes(
    'SUBSCRIBE without a Topic Filter',
    { v5: '3.8.3-2 4.13.1-1', v4: '3.8.3-3 4.8.0-1' },
    (t) => packet(FIRST_BYTE.SUBSCRIBE, u16(1), properties(t)),
    SINCE_3_1_1,
  ),
  closes('SUBSCRIBE that ends before its options', MALFORMED, (t) => {
    return packet(FIRST_BYTE.SUBSCRIBE, u16(1), properties(t), text(t.topic()));
  }),
  closes('SUBSCRIBE with QoS 3', { v5: '3.8.3-5', v4: '3.8.3-4' }, (t) => {
    return subscribe({ version: t.version, packetId: 1, subscriptions: [{ filter: t.topic(), options: 3 }] });
  }),
  closes(
    'SUBSCRIBE with reserved bits in its options',
    { v5: '3.8.3-5', v4: '3.8.3-4' },
    (t) => {
      return subscribe({ version: t.version, packetId: 1, subscriptions: [{ filter: t.topic(), options: 0xc0 }] });
    },
    SINCE_3_1_1,
    [0x81],
  ),
  closes('UNSUBSCRIBE with Packet Identifier 0', ZERO_ID, (t) => {
    return packet(FIRST_BYTE.UNSUBSCRIBE, u16(0), properties(t), text(t.topic()));
  }),
  closes(
    'UNSUBSCRIBE without a Topic Filter',
    { v5: '3.10.3-2 4.13.1-1', v4: '3.10.3-2 4.8.0-1' },
    (t) => packet(FIRST_BYTE.UNSUBSCRIBE, u16(1), properties(t)),
    SINCE_3_1_1,
  ),
  closes('UNSUBSCRIBE whose Topic Filter is longer than the packet', MALFORMED, (t) => {
    return packet(FIRST_BYTE.UNSUBSCRIBE, u16(1), properties(t), u16(30), 0x61);
  }),
];

const framing = [
  closes(
    'a Remaining Length of more than four bytes',
    { v5: '1.5.5-1', v4: '4.8.0-1' },
    () => {
      return Uint8Array.of(0xc0, 0x80, 0x80, 0x80, 0x80, 0x00);
    },
    ALL,
    [0x81],
  ),
  closes('packet type 0', MALFORMED, () => packet(0x00)),
  closes('PINGREQ with a body', MALFORMED, () => packet(0xc0, 1), SINCE_3_1_1),
  closes('CONNACK from a client', MALFORMED, (t) => packet(0x20, 0, 0, properties(t)), SINCE_3_1_1),
  closes('SUBACK from a client', MALFORMED, (t) => packet(0x90, u16(1), properties(t), 0), SINCE_3_1_1),
  closes('UNSUBACK from a client', MALFORMED, (t) => packet(0xb0, u16(1), t.version === 5 ? [0, 0] : []), SINCE_3_1_1),
  closes('PINGRESP from a client', MALFORMED, () => packet(0xd0), SINCE_3_1_1),
];

/** First packets other than CONNECT: the server closes and says nothing. */
const firstPackets: [string, (t: Scene) => Uint8Array][] = [
  ['PUBLISH', (t) => publish({ version: t.version, topic: t.topic(), payload: 'x' })],
  ['SUBSCRIBE', (t) => packet(FIRST_BYTE.SUBSCRIBE, subscription(t))],
  ['PINGREQ', () => packet(FIRST_BYTE.PINGREQ)],
  ['DISCONNECT', () => disconnect()],
  ['PUBREL', () => packet(FIRST_BYTE.PUBREL, u16(1))],
  ['an HTTP request', () => Buffer.from(`GET / HTTP/1.1\r\nHost: localhost\r\nAccept: ${'*/*,'.repeat(30)}\r\n\r\n`)],
];

const beforeConnect = firstPackets.map(([name, bytes]) =>
  shared(
    `${name} as the first packet ends the connection without an answer`,
    { v5: '3.1.0-1 4.13.1-1', v4: '3.1.0-1 4.8.0-1' },
    async (t) => {
      const client = await t.open();
      client.send(bytes(t), connect({ version: t.version, clientId: t.newClientId() }));
      await client.expectClose([]);
    },
  ),
);

/** Packets that are not in order, and what the server does then (sections 2.1.3, 4.13). */
export const malformed = sharedChapter('4.13 Malformed Packets and Protocol Errors', [
  ...reservedFlags,
  ...publishing,
  ...subscribing,
  ...framing,
  ...beforeConnect,
]);
