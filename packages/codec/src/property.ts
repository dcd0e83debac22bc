import { malformed, type PacketError, protocolError, topicAliasInvalid } from './packet-error.ts';
import { PacketType, packetTypeName } from './packet-type.ts';

/**
 * The 27 properties of MQTT 5.0 (section 2.2.2.2), under the standard's names. Which of them a packet may carry is in
 * {@link PROPERTIES}; the types of the packets narrow this one.
 *
 * @example
 * const properties: Properties = { messageExpiryInterval: 60, userProperties: [['unit', 'bar']] };
 */
export interface Properties {
  /** Whether the payload is unspecified bytes (0) or UTF-8 text (1). */
  payloadFormatIndicator?: 0 | 1;
  /** Lifetime of the message in seconds, 0 to 4,294,967,295. Absent: it does not expire. */
  messageExpiryInterval?: number;
  contentType?: string;
  /** A Topic Name: where an answer is expected. */
  responseTopic?: string;
  correlationData?: Uint8Array;
  /** 1 to 268,435,455; one in SUBSCRIBE, one for each matching subscription in PUBLISH. */
  subscriptionIdentifiers?: number[];
  /** Seconds that the session outlives its connection; 0 ends with it, 4,294,967,295 never. */
  sessionExpiryInterval?: number;
  assignedClientIdentifier?: string;
  /** Seconds. */
  serverKeepAlive?: number;
  authenticationMethod?: string;
  authenticationData?: Uint8Array;
  requestProblemInformation?: boolean;
  /** Seconds between the end of the connection and the Will Message. */
  willDelayInterval?: number;
  requestResponseInformation?: boolean;
  responseInformation?: string;
  serverReference?: string;
  reasonString?: string;
  /** 1 to 65,535: QoS 1 and 2 publications that may be unacknowledged at a time. */
  receiveMaximum?: number;
  topicAliasMaximum?: number;
  /** 1 to 65,535. */
  topicAlias?: number;
  maximumQoS?: 0 | 1;
  retainAvailable?: boolean;
  /** Name and value pairs in their order; a name may appear more than once. */
  userProperties?: [string, string][];
  /** Bytes of a whole packet, 1 to 4,294,967,295. */
  maximumPacketSize?: number;
  wildcardSubscriptionAvailable?: boolean;
  subscriptionIdentifiersAvailable?: boolean;
  sharedSubscriptionAvailable?: boolean;
}

export type PropertyName = keyof Properties;

/** Where properties stand: in a packet, or among the Will Properties of a CONNECT packet. */
export type PropertyPlace = PacketType | typeof WILL_PROPERTIES;
export const WILL_PROPERTIES = 16;

type Shape = 'boolean' | 'byte' | 'two bytes' | 'four bytes' | 'variable byte integer' | 'string' | 'binary' | 'pair';

/** What the standard says of one property. */
export interface PropertyDefinition {
  readonly identifier: number;
  readonly name: PropertyName;
  readonly title: string;
  readonly shape: Shape;
  readonly places: readonly PropertyPlace[];
  /** Smallest and largest value of numbers; outside them is a Protocol Error. */
  readonly minimum: number;
  readonly maximum: number;
}

const { connect, connack, publish, subscribe, unsubscribe, disconnect, auth } = PacketType;
const will = WILL_PROPERTIES;
const acknowledgements = [
  PacketType.puback,
  PacketType.pubrec,
  PacketType.pubrel,
  PacketType.pubcomp,
  PacketType.suback,
  PacketType.unsuback,
] as const;
const everywhere: readonly PropertyPlace[] = [
  connect,
  connack,
  publish,
  will,
  ...acknowledgements,
  subscribe,
  unsubscribe,
  disconnect,
  auth,
];
const reasons = [connack, ...acknowledgements, disconnect, auth];

/** Largest values; every property that is a byte is 0 or 1. */
const MAXIMUM: Readonly<Partial<Record<Shape, number>>> = {
  boolean: 1,
  byte: 1,
  'two bytes': 0xffff,
  'variable byte integer': 0x0fff_ffff,
};

function define(
  identifier: number,
  name: PropertyName,
  shape: Shape,
  places: readonly PropertyPlace[],
  minimum = 0,
): PropertyDefinition {
  return { identifier, name, title: titleOf(name), shape, places, minimum, maximum: MAXIMUM[shape] ?? 0xffff_ffff };
}

/** The standard's words are those of the name, but that it names a list by one of its entries. */
function titleOf(name: PropertyName): string {
  const words = name.replace('Properties', 'Property').replace('Identifiers', 'Identifier');
  return words.charAt(0).toUpperCase() + words.slice(1).replace(/[A-Z][a-z]/g, ' $&');
}

/**
 * Table 2-4 of the standard: identifier, type and places of every property; ranges as the sections of the packets tell.
 *
 * @example PROPERTIES.find((property) => property.identifier === 35)?.title // 'Topic Alias'
 */
export const PROPERTIES: readonly PropertyDefinition[] = [
  define(1, 'payloadFormatIndicator', 'byte', [publish, will]),
  define(2, 'messageExpiryInterval', 'four bytes', [publish, will]),
  define(3, 'contentType', 'string', [publish, will]),
  define(8, 'responseTopic', 'string', [publish, will]),
  define(9, 'correlationData', 'binary', [publish, will]),
  define(11, 'subscriptionIdentifiers', 'variable byte integer', [publish, subscribe], 1),
  define(17, 'sessionExpiryInterval', 'four bytes', [connect, connack, disconnect]),
  define(18, 'assignedClientIdentifier', 'string', [connack]),
  define(19, 'serverKeepAlive', 'two bytes', [connack]),
  define(21, 'authenticationMethod', 'string', [connect, connack, auth]),
  define(22, 'authenticationData', 'binary', [connect, connack, auth]),
  define(23, 'requestProblemInformation', 'boolean', [connect]),
  define(24, 'willDelayInterval', 'four bytes', [will]),
  define(25, 'requestResponseInformation', 'boolean', [connect]),
  define(26, 'responseInformation', 'string', [connack]),
  define(28, 'serverReference', 'string', [connack, disconnect]),
  define(31, 'reasonString', 'string', reasons),
  define(33, 'receiveMaximum', 'two bytes', [connect, connack], 1),
  define(34, 'topicAliasMaximum', 'two bytes', [connect, connack]),
  define(35, 'topicAlias', 'two bytes', [publish], 1),
  define(36, 'maximumQoS', 'byte', [connack]),
  define(37, 'retainAvailable', 'boolean', [connack]),
  define(38, 'userProperties', 'pair', everywhere),
  define(39, 'maximumPacketSize', 'four bytes', [connect, connack], 1),
  define(40, 'wildcardSubscriptionAvailable', 'boolean', [connack]),
  define(41, 'subscriptionIdentifiersAvailable', 'boolean', [connack]),
  define(42, 'sharedSubscriptionAvailable', 'boolean', [connack]),
];

/** The same by identifier, for constant time on the way in. */
export const PROPERTY_BY_IDENTIFIER: readonly (PropertyDefinition | undefined)[] = Array.from({ length: 43 }, (_, id) =>
  PROPERTIES.find((property) => property.identifier === id),
);

/** What packets without properties share. */
export const NO_PROPERTIES: Readonly<Properties> = Object.freeze({});

/** The name of a place, for messages. */
export function placeName(place: PropertyPlace): string {
  return place === WILL_PROPERTIES ? 'the Will Properties' : packetTypeName(place);
}

/** The definition of a property that may stand here. @throws {PacketError} Unknown, or not allowed in this place. */
export function expectProperty(identifier: number, place: PropertyPlace): PropertyDefinition {
  const property = PROPERTY_BY_IDENTIFIER[identifier];
  if (property === undefined) throw malformed(`${placeName(place)} has unknown property ${identifier}`);
  // Section 2.2.2.2: an identifier that is not valid for its packet type makes a Malformed Packet, not a Protocol Error.
  if (!property.places.includes(place)) {
    throw malformed(`${placeName(place)} may not have the property ${property.title}`);
  }
  return property;
}

/** The answer to a property that may be given once and is given again: Protocol Error (the sections of the packets). */
export function givenTwice(property: PropertyDefinition, place: PropertyPlace): PacketError {
  return protocolError(`${placeName(place)} has more than one ${property.title}`);
}

/** Checks a number's range. @throws {PacketError} Outside what the standard allows. */
export function expectInRange(property: PropertyDefinition, value: number): void {
  if (value >= property.minimum && value <= property.maximum) return;
  const message = `${property.title} must be ${property.minimum} to ${property.maximum}, not ${value}`;
  if (property.name === 'topicAlias') throw topicAliasInvalid(message, 'MQTT-3.3.2-8');
  throw protocolError(message);
}
