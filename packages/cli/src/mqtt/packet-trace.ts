import {
  decodePacket,
  type Packet,
  PacketError,
  PacketSplitter,
  PacketType,
  type ProtocolVersion,
  packetTypeName,
  type SubscriptionRequest,
} from '@busbar/codec';
import type { ByteTransport, TransportAddress, TransportReceiver } from '@busbar/transport';
import { connackCode } from './return-code.ts';

/** Prints a line of the trace. */
export type PrintLine = (line: string) => void;

/**
 * A transport that tells of every packet in both directions, in the words of mosquitto's `-d`, and changes nothing.
 *
 *     Client sensor-7 sending CONNECT
 *     Client sensor-7 received CONNACK (0)
 */
export class TracedTransport implements ByteTransport {
  readonly #inner: ByteTransport;
  readonly #sent: PacketTrace;
  readonly #received: PacketTrace;

  constructor(inner: ByteTransport, version: ProtocolVersion, print: PrintLine) {
    this.#inner = inner;
    const names = { client: '(null)' };
    this.#sent = new PacketTrace(version, 'sending', names, print);
    this.#received = new PacketTrace(version, 'received', names, print);
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes;
  }

  get isWritable(): boolean {
    return this.#inner.isWritable;
  }

  get remote(): TransportAddress {
    return this.#inner.remote;
  }

  attach(receiver: TransportReceiver): void {
    this.#inner.attach({
      handleBytes: (bytes) => {
        this.#received.handleBytes(bytes);
        receiver.handleBytes(bytes);
      },
      handleWritable: () => receiver.handleWritable(),
      handleClosed: (error) => receiver.handleClosed(error),
    });
  }

  write(bytes: Uint8Array): void {
    this.#sent.handleBytes(bytes);
    this.#inner.write(bytes);
  }

  writeAll(segments: readonly Uint8Array[]): void {
    for (const segment of segments) this.#sent.handleBytes(segment);
    this.#inner.writeAll(segments);
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  end(): void {
    this.#inner.end();
  }

  destroy(): void {
    this.#inner.destroy();
  }
}

const LARGEST_PACKET = 268_435_460;

/** The packets of one direction. */
class PacketTrace {
  readonly #splitter = new PacketSplitter(LARGEST_PACKET);
  readonly #version: ProtocolVersion;
  readonly #verb: 'sending' | 'received';
  /** Shared by both directions: the name is learnt from CONNECT, or from CONNACK when the server gives it. */
  readonly #names: { client: string };
  readonly #print: PrintLine;
  #isBroken = false;

  constructor(version: ProtocolVersion, verb: 'sending' | 'received', names: { client: string }, print: PrintLine) {
    this.#version = version;
    this.#verb = verb;
    this.#names = names;
    this.#print = print;
  }

  handleBytes(bytes: Uint8Array): void {
    if (this.#isBroken) return;
    try {
      this.#splitter.push(bytes);
      while (this.#splitter.next()) this.#tell(this.#splitter);
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      this.#isBroken = true;
      this.#print(`Client ${this.#names.client} ${this.#verb} what is no MQTT packet: ${error.message}`);
    }
  }

  #tell({ bytes, start, bodyStart, end }: PacketSplitter): void {
    const packet = decodePacket(bytes[start] ?? 0, bytes, bodyStart, end, this.#version);
    if (packet.type === PacketType.connect) this.#names.client = packet.clientIdentifier || '(null)';
    if (packet.type === PacketType.connack) {
      this.#names.client = packet.properties.assignedClientIdentifier ?? this.#names.client;
    }
    this.#print(`Client ${this.#names.client} ${this.#verb} ${describePacket(packet, this.#verb, this.#version)}`);
    if (packet.type === PacketType.suback) {
      this.#print(`Subscribed (mid: ${packet.packetId}): ${packet.reasonCodes.join(', ')}`);
    }
  }
}

/** A packet in the words of mosquitto's `-d`. */
export function describePacket(packet: Packet, verb: 'sending' | 'received', version: ProtocolVersion): string {
  const name = packetTypeName(packet.type);
  switch (packet.type) {
    case PacketType.connack:
      return `${name} (${connackCode(packet.reasonCode, version) ?? packet.reasonCode})`;
    case PacketType.publish: {
      const { dup, qos, retain, packetId, topicName, payload } = packet;
      const flags = `d${Number(dup)}, q${qos}, r${Number(retain)}, m${packetId}`;
      return `${name} (${flags}, '${topicName}', ... (${payload.length} bytes))`;
    }
    case PacketType.puback:
    case PacketType.pubrec:
    case PacketType.pubrel:
    case PacketType.pubcomp:
      if (verb === 'sending') return `${name} (m${packet.packetId}, rc${packet.reasonCode})`;
      return `${name} (Mid: ${packet.packetId}, RC:${packet.reasonCode})`;
    case PacketType.subscribe: {
      return `${name} (Mid: ${packet.packetId}, ${packet.subscriptions.map(describeSubscription).join('; ')})`;
    }
    case PacketType.unsubscribe:
      return `${name} (Mid: ${packet.packetId}, Topic: ${packet.topicFilters.join('; ')})`;
    case PacketType.disconnect:
      return packet.reasonCode === 0 ? name : `${name} (${packet.reasonCode})`;
    default:
      return name;
  }
}

function describeSubscription(request: SubscriptionRequest): string {
  const { topicFilter, qos, noLocal, retainAsPublished, retainHandling } = request;
  const options = (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | (retainHandling << 4);
  return `Topic: ${topicFilter}, QoS: ${qos}, Options: 0x${options.toString(16).padStart(2, '0')}`;
}
