import { ByteReader } from './byte-reader.ts';
import { type ByteWriter, expectWholeNumber } from './byte-writer.ts';
import { cutOff, protocolError, UsageError } from './packet-error.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import {
  expectInRange,
  expectProperty,
  givenTwice,
  NO_PROPERTIES,
  PROPERTIES,
  type Properties,
  type PropertyDefinition,
  type PropertyName,
  type PropertyPlace,
  placeName,
} from './property.ts';

const WILDCARD = /[+#]/;

/**
 * Reads a set of properties (section 2.2.2): the Property Length, then each property, which must be known, allowed in
 * this place, given once and in its range. Below 5.0 there are none. What one property means together with another field
 * is the packet's to check.
 *
 * @throws {PacketError} An identifier that is unknown or may not stand here, or a length that does not fit (0x81); a
 * property that is given twice or is out of its range (0x82, a Topic Alias of 0 0x94).
 * @example readProperties(new ByteReader(Uint8Array.of(2, 1, 1)), PacketType.publish, 5) // { payloadFormatIndicator: 1 }
 */
export function readProperties(reader: ByteReader, place: PropertyPlace, version: ProtocolVersion): Properties {
  if (version !== 5) return NO_PROPERTIES;
  const byteLength = reader.readVariableByteInteger('the Property Length');
  if (byteLength === 0) return NO_PROPERTIES;
  if (byteLength > reader.remaining) {
    throw cutOff(`the properties of ${placeName(place)}`, byteLength, reader.remaining);
  }
  const end = reader.offset + byteLength;
  const inside = new ByteReader(reader.bytes, reader.offset, end);
  const properties: Properties = {};
  while (inside.remaining > 0) readProperty(inside, place, properties);
  reader.offset = end;
  return properties;
}

function readProperty(reader: ByteReader, place: PropertyPlace, into: Partial<Record<PropertyName, unknown>>): void {
  const property = expectProperty(reader.readVariableByteInteger('a property identifier'), place);
  const { name } = property;
  const earlier = into[name];
  if (earlier !== undefined && !mayRepeat(property, place)) throw givenTwice(property, place);
  const value = readValue(reader, property);
  if (Array.isArray(earlier)) earlier.push(value);
  else into[name] = isList(property) ? [value] : value;
}

function isList({ shape, name }: PropertyDefinition): boolean {
  return shape === 'pair' || name === 'subscriptionIdentifiers';
}

/** A SUBSCRIBE gives its subscriptions one identifier, a PUBLISH tells those of all that match (section 3.3.2.3.8). */
function mayRepeat({ shape, name }: PropertyDefinition, place: PropertyPlace): boolean {
  return shape === 'pair' || (name === 'subscriptionIdentifiers' && place === PacketType.publish);
}

function readValue(reader: ByteReader, property: PropertyDefinition): unknown {
  switch (property.shape) {
    case 'pair':
      return [reader.readUtf8String('a User Property name'), reader.readUtf8String('a User Property value')];
    case 'string':
      return property.name === 'responseTopic' ? readResponseTopic(reader) : reader.readUtf8String(property.title);
    case 'binary':
      return reader.readBinaryData(property.title);
    case 'boolean':
      return readNumber(reader, property) === 1;
    default:
      return readNumber(reader, property);
  }
}

function readResponseTopic(reader: ByteReader): string {
  const topicName = reader.readUtf8String('the Response Topic');
  if (topicName === '') throw protocolError('the Response Topic is empty', 'MQTT-4.7.3-1');
  if (WILDCARD.test(topicName)) throw protocolError('the Response Topic has a wildcard', 'MQTT-3.3.2-14');
  return topicName;
}

function readNumber(reader: ByteReader, property: PropertyDefinition): number {
  const value = readInteger(reader, property);
  expectInRange(property, value);
  return value;
}

function readInteger(reader: ByteReader, property: PropertyDefinition): number {
  switch (property.shape) {
    case 'two bytes':
      return reader.readTwoByteInteger(property.title);
    case 'four bytes':
      return reader.readFourByteInteger(property.title);
    case 'variable byte integer':
      return reader.readVariableByteInteger(property.title);
    default:
      return reader.readByte(property.title);
  }
}

const PROPERTY_BY_NAME: ReadonlyMap<string, PropertyDefinition> = new Map(PROPERTIES.map((each) => [each.name, each]));

/** Whether there is anything to write: a property that is undefined, or a list without entries, stands for none. */
export function hasProperties(properties: Readonly<Properties>): boolean {
  for (const name in properties) {
    const value = properties[name as PropertyName];
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) return true;
  }
  return false;
}

/**
 * Writes the Property Length and all properties that are set; below 5.0 nothing.
 *
 * @throws {UsageError} A value that the standard forbids.
 */
export function writeProperties(
  writer: ByteWriter,
  place: PropertyPlace,
  properties: Readonly<Properties>,
  version: ProtocolVersion,
): void {
  if (version !== 5) return;
  const opened = writer.openLength();
  for (const name in properties) {
    const value = properties[name as PropertyName];
    if (value === undefined) continue;
    const property = PROPERTY_BY_NAME.get(name);
    if (property === undefined) throw new UsageError('unknown-property', `MQTT has no property '${name}'`);
    if (!property.places.includes(place)) {
      throw new UsageError('property-not-allowed', `${property.title} is not allowed in ${placeName(place)}`);
    }
    writeProperty(writer, property, place, value);
  }
  writer.closeLength(opened, 'the Property Length');
}

function writeProperty(writer: ByteWriter, property: PropertyDefinition, place: PropertyPlace, value: unknown): void {
  const values = isList(property) ? value : [value];
  if (!Array.isArray(values)) throw noList(property.title);
  if (values.length > 1 && !mayRepeat(property, place)) {
    throw new UsageError('property-given-twice', 'a SUBSCRIBE has at most one Subscription Identifier');
  }
  for (const each of values) {
    writer.writeByte(property.identifier);
    writeValue(writer, property, each);
  }
}

function writeValue(writer: ByteWriter, property: PropertyDefinition, value: unknown): void {
  if (property.shape === 'pair') {
    if (!Array.isArray(value)) throw noList(property.title);
    const [name, text] = value;
    writer.writeUtf8String(name, 'a User Property name');
    writer.writeUtf8String(text, 'a User Property value');
  } else if (property.shape === 'string') {
    const text = value as string; // looked at where it is written
    if (property.name === 'responseTopic') expectResponseTopic(text);
    writer.writeUtf8String(text, property.title);
  } else if (property.shape === 'binary') {
    writer.writeBinaryData(value as Uint8Array, property.title);
  } else {
    writeNumber(writer, property, typeof value === 'boolean' ? Number(value) : (value as number));
  }
}

function noList(title: string): UsageError {
  return new UsageError('list-expected', `${title} must be a list, as in userProperties: [['name', 'value']]`);
}

function expectResponseTopic(topicName: string): void {
  if (topicName !== '' && !WILDCARD.test(topicName)) return; // [MQTT-3.3.2-14] [MQTT-4.7.3-1]
  throw new UsageError('topic-name-invalid', 'the Response Topic must be a Topic Name: not empty, without wildcards');
}

function writeNumber(writer: ByteWriter, property: PropertyDefinition, value: number): void {
  expectWholeNumber(value, property.maximum, property.title, property.minimum);
  if (property.shape === 'two bytes') writer.writeTwoByteInteger(value, property.title);
  else if (property.shape === 'four bytes') writer.writeFourByteInteger(value, property.title);
  else if (property.shape === 'variable byte integer') writer.writeVariableByteInteger(value, property.title);
  else writer.writeByte(value);
}
