import { chapter, type ScenarioBody, scenario } from '../../run/scenario.ts';
import type { Scene } from '../../run/scene.ts';
import { bytesOf, packet, text, u16 } from '../../wire/bytes.ts';
import { acknowledgement, connect, disconnect, FIRST_BYTE, publish, subscribe } from '../../wire/packet-writer.ts';
import { property, propertyBytes } from '../../wire/property.ts';

const version = 5;
const PROTOCOL_ERROR = [0x82];
const MALFORMED = [0x81];
const EITHER = [0x81, 0x82];

function closes(name: string, shows: string, bytes: (t: Scene) => Uint8Array, codes = EITHER): ScenarioBody {
  return scenario(`${name} ends the connection`, shows, async (t) => {
    const client = await t.connect();
    client.send(bytes(t));
    await client.expectClose(codes);
  });
}

/** PUBLISH with these bytes as its properties. */
function withProperties(...properties: Uint8Array[]): (t: Scene) => Uint8Array {
  return (t) => publish({ version, topic: t.topic(), payload: 'x', properties: bytesOf(...properties) });
}

/** SUBSCRIBE with these bytes as its properties. */
function subscribeWith(...properties: Uint8Array[]): (t: Scene) => Uint8Array {
  const bytes = bytesOf(...properties);
  return (t) => subscribe({ version, packetId: 1, subscriptions: [{ filter: t.topic() }], properties: bytes });
}

const integers = [
  closes('a Remaining Length that is not in its shortest form', '1.5.5-1', () => Uint8Array.of(0xc0, 0x80, 0x00)),
  closes('a Property Length that is not in its shortest form', '1.5.5-1', (t) => {
    return packet(FIRST_BYTE.PUBLISH, text(t.topic()), [0x80, 0x00], 0x78);
  }),
  closes('a Property Length of more than four bytes', '1.5.5-1', (t) => {
    return packet(FIRST_BYTE.PUBLISH, text(t.topic()), [0x80, 0x80, 0x80, 0x80, 0x01], 0x78);
  }),
  closes(
    'a Subscription Identifier that is not in its shortest form',
    '1.5.5-1',
    subscribeWith(Uint8Array.of(0x0b, 0x85, 0x00)),
  ),
];

const propertyForms = [
  closes('PUBLISH that ends before its Property Length', '2.2.2-1', (t) => {
    return packet(FIRST_BYTE.PUBLISH, text(t.topic()));
  }),
  closes('SUBSCRIBE that ends before its Property Length', '2.2.2-1', () => packet(FIRST_BYTE.SUBSCRIBE, u16(1))),
  closes('a Property Length beyond the end of the packet', '4.13.1-1', (t) => {
    return packet(FIRST_BYTE.PUBLISH, text(t.topic()), [9], property('payloadFormatIndicator', 1));
  }),
  closes('a property that does not exist', '4.13.1-1', withProperties(Uint8Array.of(0x05, 0x00)), MALFORMED),
  closes(
    'a property of another packet in PUBLISH',
    '4.13.1-1',
    withProperties(property('sessionExpiryInterval', 1)),
    EITHER,
  ),
  closes('a property of another packet in SUBSCRIBE', '4.13.1-1', subscribeWith(property('topicAlias', 1)), EITHER),
  closes(
    'a Payload Format Indicator given twice',
    '4.13.1-1',
    withProperties(property('payloadFormatIndicator', 1), property('payloadFormatIndicator', 1)),
    PROTOCOL_ERROR,
  ),
  closes(
    'a Message Expiry Interval given twice',
    '4.13.1-1',
    withProperties(property('messageExpiryInterval', 9), property('messageExpiryInterval', 9)),
    PROTOCOL_ERROR,
  ),
  closes(
    'a Content Type given twice',
    '4.13.1-1',
    withProperties(property('contentType', 'a'), property('contentType', 'a')),
    PROTOCOL_ERROR,
  ),
  closes(
    'a Response Topic given twice',
    '4.13.1-1',
    withProperties(property('responseTopic', 'a'), property('responseTopic', 'a')),
    PROTOCOL_ERROR,
  ),
  closes(
    'Correlation Data given twice',
    '4.13.1-1',
    withProperties(property('correlationData', u16(1)), property('correlationData', u16(1))),
    PROTOCOL_ERROR,
  ),
  closes(
    'a Topic Alias given twice',
    '4.13.1-1',
    withProperties(property('topicAlias', 1), property('topicAlias', 1)),
    PROTOCOL_ERROR,
  ),
  closes(
    'a Payload Format Indicator other than 0 and 1',
    '4.13.1-1',
    withProperties(property('payloadFormatIndicator', 2)),
  ),
  closes('a property that ends before its value', '4.13.1-1', withProperties(Uint8Array.of(0x02, 0, 0)), MALFORMED),
  closes(
    'a Subscription Identifier of 0',
    '4.13.1-1',
    subscribeWith(property('subscriptionIdentifier', 0)),
    PROTOCOL_ERROR,
  ),
  closes(
    'two Subscription Identifiers in SUBSCRIBE',
    '4.13.1-1',
    subscribeWith(property('subscriptionIdentifier', 1), property('subscriptionIdentifier', 2)),
    PROTOCOL_ERROR,
  ),
  closes('a Retain Handling of 3', '4.13.1-1', (t) => {
    return subscribe({ version, packetId: 1, subscriptions: [{ filter: t.topic(), options: 0x30 }] });
  }),
  closes('an acknowledgement that goes on behind its properties', '4.13.1-1', () => {
    return packet(FIRST_BYTE.PUBREL, u16(1), 0, propertyBytes(), 7);
  }),
  closes('an acknowledgement with a Reason Code of another packet', '4.13.1-1', () => {
    return acknowledgement('PUBREL', 1, 0x8e);
  }),
  closes('PUBACK with a Reason Code that does not exist', '4.13.1-1', () => acknowledgement('PUBACK', 1, 0x7f)),
  closes('DISCONNECT with a Reason Code of a server', '4.13.1-1', () => disconnect(0x8e)),
  closes(
    'a Reason String given twice',
    '4.13.1-1',
    () => {
      return disconnect(0x04, bytesOf(property('reasonString', 'a'), property('reasonString', 'a')));
    },
    PROTOCOL_ERROR,
  ),
];

/** A CONNECT whose properties are these. */
function refuses(name: string, bytes: (t: Scene) => Uint8Array, codes = EITHER): ScenarioBody {
  return scenario(`${name} is refused`, '3.1.4-1 4.13.1-1', async (t) => {
    const client = await t.open();
    client.send(bytes(t));
    await client.expectRefusal(codes);
  });
}

function connectWith(...properties: Uint8Array[]): (t: Scene) => Uint8Array {
  return (t) => connect({ version, clientId: t.newClientId(), properties: bytesOf(...properties) });
}

const TWICE = [
  property('sessionExpiryInterval', 1),
  property('receiveMaximum', 1),
  property('maximumPacketSize', 1000),
  property('topicAliasMaximum', 1),
  property('requestResponseInformation', 1),
  property('requestProblemInformation', 1),
  property('authenticationMethod', 'a'),
];

const connectForms = [
  refuses('a CONNECT with a Receive Maximum of 0', connectWith(property('receiveMaximum', 0)), PROTOCOL_ERROR),
  refuses('a CONNECT with a Maximum Packet Size of 0', connectWith(property('maximumPacketSize', 0)), PROTOCOL_ERROR),
  refuses(
    'a CONNECT with Request Problem Information 2',
    connectWith(property('requestProblemInformation', 2)),
    PROTOCOL_ERROR,
  ),
  refuses(
    'a CONNECT with Request Response Information 2',
    connectWith(property('requestResponseInformation', 2)),
    PROTOCOL_ERROR,
  ),
  refuses(
    'a CONNECT with Authentication Data and no Authentication Method',
    connectWith(property('authenticationData', u16(1))),
    PROTOCOL_ERROR,
  ),
  ...TWICE.map((each) =>
    refuses(
      `a CONNECT with its property 0x${each[0]?.toString(16)} given twice`,
      connectWith(each, each),
      PROTOCOL_ERROR,
    ),
  ),
  refuses('a CONNECT with a Topic Alias', connectWith(property('topicAlias', 1)), EITHER),
  refuses('a CONNECT that goes on behind its payload', (t) => {
    const whole = connect({ version, clientId: t.newClientId() });
    return packet(FIRST_BYTE.CONNECT, whole.subarray(2), 0);
  }),
  refuses('a CONNECT that ends in its Client Identifier', (t) => {
    const whole = connect({ version, clientId: t.newClientId() });
    return packet(FIRST_BYTE.CONNECT, whole.subarray(2, -1));
  }),
  refuses('a CONNECT with reserved flags in its first byte', (t) => {
    return bytesOf(0x11, connect({ version, clientId: t.newClientId() }).subarray(1));
  }),
];

/** The form of packets and properties (sections 1.5.5, 2.2.2, 4.13). */
export const packetForm = chapter(5, '2.2.2 Properties', [...integers, ...propertyForms, ...connectForms]);
