import {
  type AcknowledgementType,
  type ConnectPacket,
  type Packet,
  PacketType,
  type Properties,
  type ProtocolVersion,
  type PublishPacket,
  type QoS,
  type ReasonCode,
} from '@busbar/codec';
import fc from 'fast-check';

const { oneof, constant, constantFrom, integer, boolean, array, record, tuple, uint8Array } = fc;

/** A UTF-8 Encoded String: any characters but U+0000, now and then long enough for a length of two bytes. */
export const utf8String: fc.Arbitrary<string> = oneof(
  { weight: 8, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', minLength: 120, maxLength: 140 }) },
).map((text) => text.replaceAll('\0', '\ufeff'));

const topicName = utf8String.map((text) => text.replace(/[+#]/g, '/') || '/');
const binaryData = oneof(
  { weight: 8, arbitrary: uint8Array({ maxLength: 12 }) },
  { weight: 1, arbitrary: uint8Array({ minLength: 120, maxLength: 300 }) },
);
const qos = constantFrom<QoS>(0, 1, 2);
const packetId = integer({ min: 1, max: 0xffff });
const twoBytes = integer({ min: 0, max: 0xffff });
const fourBytes = oneof(
  integer({ min: 0, max: 0xffff_ffff }),
  constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
);
const subscriptionIdentifier = oneof(
  integer({ min: 1, max: 0x0fff_ffff }),
  constantFrom(1, 127, 128, 16_384, 0x0fff_ffff),
);
const userProperties = array(tuple(utf8String, utf8String), { minLength: 1, maxLength: 3 });

/** Some of these properties, none of them, or all. */
function someOf<T>(properties: { readonly [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> {
  return oneof(
    { weight: 1, arbitrary: constant({}) },
    { weight: 3, arbitrary: record(properties, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>> },
  );
}

const message = {
  payloadFormatIndicator: constantFrom<0 | 1>(0, 1),
  messageExpiryInterval: fourBytes,
  contentType: utf8String,
  responseTopic: topicName,
  correlationData: binaryData,
  userProperties,
};
const reasons = { reasonString: utf8String, userProperties };
const limits = {
  sessionExpiryInterval: fourBytes,
  receiveMaximum: integer({ min: 1, max: 0xffff }),
  maximumPacketSize: integer({ min: 1, max: 0xffff_ffff }),
  topicAliasMaximum: twoBytes,
  userProperties,
};
const authentication = oneof(
  { weight: 2, arbitrary: constant({}) },
  {
    weight: 1,
    arbitrary: record(
      { authenticationMethod: utf8String, authenticationData: binaryData },
      { requiredKeys: ['authenticationMethod'] },
    ),
  },
);

/** What a packet of this version carries: below 5.0 nothing. */
function properties(version: ProtocolVersion, ofFive: fc.Arbitrary<Partial<Properties>>): fc.Arbitrary<Properties> {
  return version === 5 ? ofFive : constant({});
}

function both<A extends object, B extends object>(
  first: fc.Arbitrary<A>,
  second: fc.Arbitrary<B>,
): fc.Arbitrary<A & B> {
  return tuple(first, second).map(([a, b]) => ({ ...a, ...b }));
}

function connect(version: ProtocolVersion): fc.Arbitrary<ConnectPacket> {
  const asked = both(
    someOf({ ...limits, requestResponseInformation: boolean(), requestProblemInformation: boolean() }),
    authentication,
  );
  const will = record({
    topicName: utf8String,
    payload: binaryData,
    qos,
    retain: boolean(),
    properties: properties(version, someOf({ ...message, willDelayInterval: fourBytes })),
  });
  return record({
    type: constant(PacketType.connect),
    protocolVersion: constant(version),
    bridge: boolean(),
    cleanStart: boolean(),
    keepAlive: twoBytes,
    clientIdentifier: utf8String,
    will: fc.option(will, { nil: undefined }),
    userName: fc.option(utf8String, { nil: undefined }),
    password: fc.option(binaryData, { nil: undefined }),
    properties: properties(version, asked),
  }).map((packet) => (version !== 5 && packet.userName === undefined ? { ...packet, password: undefined } : packet));
}

const connackCodes: readonly ReasonCode[] = [
  0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b,
  0x9c, 0x9d, 0x9f,
];

function connack(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const answered = both(
    both(someOf(limits), authentication),
    someOf({
      maximumQoS: constantFrom<0 | 1>(0, 1),
      retainAvailable: boolean(),
      assignedClientIdentifier: utf8String,
      reasonString: utf8String,
      wildcardSubscriptionAvailable: boolean(),
      subscriptionIdentifiersAvailable: boolean(),
      sharedSubscriptionAvailable: boolean(),
      serverKeepAlive: twoBytes,
      responseInformation: utf8String,
      serverReference: utf8String,
    }),
  );
  const known: readonly ReasonCode[] = version === 5 ? connackCodes : [0x00, 0x84, 0x85, 0x88, 0x86, 0x87];
  return record({
    type: constant(PacketType.connack),
    sessionPresent: boolean(),
    reasonCode: oneof(constant<ReasonCode>(0x00), constantFrom(...known)),
    properties: properties(version, answered),
  }).map((packet) => ({
    ...packet,
    sessionPresent: packet.sessionPresent && packet.reasonCode === 0 && version !== 3,
  }));
}

/** Any PUBLISH packet of a version; of 5.0 also those that have a Topic Alias for a Topic Name. */
export function publishOf(version: ProtocolVersion): fc.Arbitrary<PublishPacket> {
  const published = someOf({
    ...message,
    topicAlias: integer({ min: 1, max: 0xffff }),
    subscriptionIdentifiers: array(subscriptionIdentifier, { minLength: 1, maxLength: 3 }),
  });
  return record({
    type: constant(PacketType.publish),
    dup: boolean(),
    qos,
    retain: boolean(),
    topicName,
    packetId,
    properties: properties(version, published),
    payload: binaryData,
    byAlias: boolean(),
  }).map(({ byAlias, ...packet }) => ({
    ...packet,
    dup: packet.dup && packet.qos > 0,
    packetId: packet.qos === 0 ? 0 : packet.packetId,
    topicName: byAlias && packet.properties.topicAlias !== undefined ? '' : packet.topicName,
  }));
}

function acknowledgement(
  type: AcknowledgementType,
  codes: readonly ReasonCode[],
  version: ProtocolVersion,
): fc.Arbitrary<Packet> {
  return record({
    type: constant(type),
    packetId,
    reasonCode: constantFrom<ReasonCode>(...(version === 5 ? codes : ([0x00] as const))),
    properties: properties(version, someOf(reasons)),
  });
}

const received: readonly ReasonCode[] = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
const released: readonly ReasonCode[] = [0x00, 0x92];

function subscribe(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const option = version === 5 ? boolean() : constant(false);
  const subscription = record({
    topicFilter: utf8String,
    qos,
    noLocal: option,
    retainAsPublished: option,
    retainHandling: version === 5 ? constantFrom<0 | 1 | 2>(0, 1, 2) : constant<0>(0),
  });
  return record({
    type: constant(PacketType.subscribe),
    packetId,
    subscriptions: array(subscription, { minLength: 1, maxLength: 4 }),
    properties: properties(version, someOf({ subscriptionIdentifiers: tuple(subscriptionIdentifier), userProperties })),
  });
}

function suback(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const all: readonly ReasonCode[] = [0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2];
  return record({
    type: constant(PacketType.suback),
    packetId,
    reasonCodes: array(constantFrom(...all.slice(0, version === 5 ? all.length : 4)), { minLength: 1, maxLength: 4 }),
    properties: properties(version, someOf(reasons)),
  });
}

function unsubscribe(version: ProtocolVersion): fc.Arbitrary<Packet> {
  return record({
    type: constant(PacketType.unsubscribe),
    packetId,
    topicFilters: array(utf8String, { minLength: 1, maxLength: 4 }),
    properties: properties(version, someOf({ userProperties })),
  });
}

function unsuback(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const codes = constantFrom<ReasonCode>(0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91);
  return record({
    type: constant(PacketType.unsuback),
    packetId,
    reasonCodes: version === 5 ? array(codes, { minLength: 1, maxLength: 4 }) : constant<ReasonCode[]>([]),
    properties: properties(version, someOf(reasons)),
  });
}

const disconnectCodes: readonly ReasonCode[] = [
  0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97,
  0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
];

function disconnect(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const said = someOf({ ...reasons, sessionExpiryInterval: fourBytes, serverReference: utf8String });
  return record({
    type: constant(PacketType.disconnect),
    reasonCode: constantFrom<ReasonCode>(...(version === 5 ? disconnectCodes : ([0x00] as const))),
    properties: properties(version, said),
  });
}

const auth: fc.Arbitrary<Packet> = oneof(
  constant({ type: PacketType.auth, reasonCode: 0x00, properties: {} } as const),
  record({
    type: constant(PacketType.auth),
    reasonCode: constantFrom<ReasonCode>(0x00, 0x18, 0x19),
    properties: both(
      record({ authenticationMethod: utf8String }),
      someOf({ authenticationData: binaryData, ...reasons }),
    ),
  }),
);

/**
 * Any packet of a version, as it is after decoding: what the version does not know is absent, so that encoding and
 * decoding give the same packet again.
 *
 * @example fc.property(packetOf(5), (packet) => assert.deepEqual(decode(encodePacket(packet, 5)), packet))
 */
export function packetOf(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const { puback, pubrec, pubrel, pubcomp } = PacketType;
  return oneof(
    connect(version),
    connack(version),
    publishOf(version),
    acknowledgement(puback, received, version),
    acknowledgement(pubrec, received, version),
    acknowledgement(pubrel, released, version),
    acknowledgement(pubcomp, released, version),
    subscribe(version),
    suback(version),
    unsubscribe(version),
    unsuback(version),
    constantFrom<Packet>({ type: PacketType.pingreq }, { type: PacketType.pingresp }),
    disconnect(version),
    ...(version === 5 ? [auth] : []),
  );
}
