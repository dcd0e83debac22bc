import type { PublishProperties, QoS } from '@busbar/codec';

/** One message of a recording. */
export interface RecordedMessage {
  /** Milliseconds since the recording began. */
  readonly atMs: number;
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties: PublishProperties;
}

/*
 * A recording is `BUSBAR-RECORDING 1\n`, the time it began as milliseconds since 1970 (8 bytes), then messages:
 *
 *     milliseconds since the message before (varint) . flags (QoS in bits 1 and 2, retain bit 0, properties bit 3)
 *     . topic: 0 and length and bytes for a new one, its number for one that was (varints)
 *     . properties as JSON, with length, when there are any . payload, with length
 *
 * A topic costs its bytes once. A file that was cut off is read up to its last whole message.
 */

const MAGIC = Buffer.from('BUSBAR-RECORDING 1\n');
const HAS_PROPERTIES = 0x08;

/** Turns messages into the bytes of a recording. */
export class RecordingWriter {
  readonly #topics = new Map<string, number>();
  #lastMs = 0;

  /** @param beganAt Milliseconds since 1970. */
  begin(beganAt: number): Uint8Array {
    const time = Buffer.alloc(8);
    time.writeDoubleBE(beganAt);
    return Buffer.concat([MAGIC, time]);
  }

  write({ atMs, topicName, payload, qos, retain, properties }: RecordedMessage): Uint8Array {
    const elapsed = Math.max(0, Math.round(atMs) - this.#lastMs);
    this.#lastMs += elapsed;
    const hasProperties = Object.keys(properties).length > 0;
    const parts = [
      varint(elapsed),
      Uint8Array.of((qos << 1) | Number(retain) | (hasProperties ? HAS_PROPERTIES : 0)),
      this.#topic(topicName),
      ...(hasProperties ? prefixed(Buffer.from(JSON.stringify(properties, showBytes))) : []),
      ...prefixed(payload),
    ];
    return Buffer.concat(parts);
  }

  #topic(topicName: string): Uint8Array {
    const known = this.#topics.get(topicName);
    if (known !== undefined) return varint(known);
    this.#topics.set(topicName, this.#topics.size + 1);
    return Buffer.concat([varint(0), ...prefixed(Buffer.from(topicName))]);
  }
}

/**
 * Reads a recording, a message at a time.
 *
 * @throws {Error} The file is no recording.
 */
export async function* readRecording(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<RecordedMessage> {
  const topics: string[] = [];
  let bytes = Buffer.alloc(0);
  let at = 0;
  let isBegun = false;
  let atMs = 0;
  for await (const chunk of chunks) {
    bytes = Buffer.concat([bytes.subarray(at), chunk]);
    at = 0;
    if (!isBegun) {
      if (bytes.length < MAGIC.length + 8) continue;
      if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('this is no recording of busbar');
      isBegun = true;
      at = MAGIC.length + 8;
    }
    for (;;) {
      const reader = new Reader(bytes, at);
      const message = readMessage(reader, topics, atMs);
      if (message === undefined) break;
      at = reader.at;
      atMs = message.atMs;
      yield message;
    }
  }
  if (!isBegun) throw new Error('this is no recording of busbar');
}

/** @returns Undefined when the message is not whole yet. */
function readMessage(reader: Reader, topics: string[], lastMs: number): RecordedMessage | undefined {
  const elapsed = reader.varint();
  const [flags] = reader.take(1) ?? [];
  const known = reader.varint();
  if (elapsed === undefined || flags === undefined || known === undefined) return undefined;
  const named = known === 0 ? reader.prefixed() : undefined;
  if (known === 0 && named === undefined) return undefined;
  const given = flags & HAS_PROPERTIES ? reader.prefixed() : undefined;
  if (flags & HAS_PROPERTIES && given === undefined) return undefined;
  const payload = reader.prefixed();
  if (payload === undefined) return undefined;
  // Only a whole message is remembered.
  const topicName = named === undefined ? (topics[known - 1] ?? '') : named.toString();
  if (named !== undefined) topics.push(topicName);
  return {
    atMs: lastMs + elapsed,
    topicName,
    payload,
    qos: ((flags >> 1) & 3) as QoS,
    retain: (flags & 1) !== 0,
    properties: given === undefined ? {} : (JSON.parse(given.toString(), readBytes) as PublishProperties),
  };
}

class Reader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  varint(): number | undefined {
    let value = 0;
    for (let scale = 1; this.at < this.#bytes.length; scale *= 128) {
      const byte = this.#bytes.readUInt8(this.at);
      this.at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return undefined;
  }

  take(byteLength: number): Buffer | undefined {
    if (this.at + byteLength > this.#bytes.length) return undefined;
    this.at += byteLength;
    return this.#bytes.subarray(this.at - byteLength, this.at);
  }

  prefixed(): Buffer | undefined {
    const byteLength = this.varint();
    return byteLength === undefined ? undefined : this.take(byteLength);
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...bytes, rest]);
}

function prefixed(bytes: Uint8Array): Uint8Array[] {
  return [varint(bytes.length), bytes];
}

function showBytes(_: string, value: unknown): unknown {
  const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown };
  if (type === 'Buffer' && Array.isArray(data)) return { base64: Buffer.from(data).toString('base64') };
  return value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value;
}

function readBytes(_: string, value: unknown): unknown {
  const { base64 } = (value ?? {}) as { base64?: unknown };
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : value;
}
