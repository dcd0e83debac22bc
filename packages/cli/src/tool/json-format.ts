import type { Properties } from '@busbar/codec';
import { JsonWriter } from './json-text.ts';
import { dashed, type PrintedMessage } from './printed-message.ts';
import { type Moment, strftime } from './strftime.ts';

/** `%J` of a payload that is no JSON. */
export class NoJsonError extends Error {
  constructor(topicName: string) {
    super(`Error: Message payload is not valid JSON on topic ${topicName}.`);
  }
}

/**
 * `%j` and `%J`: a message as one JSON object, its payload as text or as the JSON that it is. Bytes that are no UTF-8 come
 * out as they came in, and text ends at a NUL: both as mosquitto's tools do it.
 *
 * @throws {NoJsonError} `%J` and the payload is none.
 */
export function messageAsJson(
  message: PrintedMessage,
  moment: Moment,
  { isEscaped, isPretty }: { isEscaped: boolean; isPretty: boolean },
): string {
  const writer = new JsonWriter(isPretty);
  const { topicName, qos, retain, payload, packetId, properties } = message;
  const members: [string, string][] = [
    ['tst', JSON.stringify(timestamp(moment))],
    ['topic', JSON.stringify(topicName)],
    ['qos', String(qos)],
    ['retain', retain ? '1' : '0'],
    ['payloadlen', String(payload.length)],
  ];
  if (qos > 0) members.push(['mid', String(packetId)]);
  const given = propertyMembers(properties, writer);
  if (given.length > 0) members.push(['properties', writer.object(given, 1)]);
  members.push(['payload', payloadJson(message, isEscaped, writer)]);
  return writer.object(members, 0);
}

/** Local time with microseconds and the zone: `2020-05-06T22:12:00.000000+0100`. */
export function timestamp({ date, nanoseconds }: Moment): string {
  const micros = String(Math.floor(nanoseconds / 1000)).padStart(6, '0');
  return `${strftime('F', date)}T${strftime('T', date)}.${micros}${strftime('z', date)}`;
}

function payloadJson({ payload, topicName }: PrintedMessage, isEscaped: boolean, writer: JsonWriter): string {
  if (payload.length === 0) return 'null';
  // One letter for each byte: the whole line is written as latin1, so that every byte comes out as it is.
  const text = latin1(payload);
  if (isEscaped) return escaped(text.split('\0', 1)[0] ?? '');
  const json = writer.rewrite(Buffer.from(payload).toString('utf8'), 1);
  if (json === undefined) throw new NoJsonError(topicName);
  return json;
}

/** The bytes of a payload in JSON, written for a line in UTF-8: marked, and put in by {@link jsonBytes}. */
function escaped(text: string): string {
  return `${RAW}${JSON.stringify(text).slice(1, -1)}${RAW}`;
}

/** Stands around raw bytes; control characters are escaped in everything else. */
const RAW = '\u0001';

/** The line as bytes: UTF-8, but for what is marked as raw. */
export function jsonBytes(json: string): Uint8Array {
  const parts = json.split(RAW);
  const bytes = parts.map((part, at) =>
    Buffer.from(at % 2 === 1 ? `"${part}"` : part, at % 2 === 1 ? 'latin1' : 'utf8'),
  );
  return Buffer.concat(bytes);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function propertyMembers(properties: Readonly<Properties>, writer: JsonWriter): [string, string][] {
  return Object.entries(properties).flatMap(([name, value]): [string, string][] => {
    if (name === 'userProperties') {
      const pairs = (value as [string, string][]).map(([key, text]) => writer.object([[key, JSON.stringify(text)]], 3));
      return [['user-properties', writer.array(pairs)]];
    }
    if (name === 'subscriptionIdentifiers') {
      return (value as number[]).map((identifier) => ['subscription-identifier', String(identifier)]);
    }
    if (value instanceof Uint8Array)
      return [[dashed(name), JSON.stringify(Buffer.from(value).toString('utf8').split('\0', 1)[0])]];
    return value === undefined ? [] : [[dashed(name), JSON.stringify(value)]];
  });
}
