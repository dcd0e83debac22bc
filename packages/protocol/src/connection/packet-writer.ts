import {
  type AcknowledgementType,
  encodePacket,
  FIRST_FAILURE,
  type Packet,
  PacketType,
  type Properties,
  type ProtocolVersion,
  ReasonCode,
} from '@busbar/codec';
import { writeAcknowledgement } from './acknowledgement-writer.ts';
import type { OutputBuffer } from './output-buffer.ts';

/** What a 5.0 client may be told in words beside a Reason Code (sections 4.13 and 2.2.2.2). */
export type Explanation = Pick<Properties, 'reasonString' | 'userProperties'>;

/** Packets whose properties may explain a Reason Code. */
type Explained = Extract<Packet, { readonly reasonCode: ReasonCode; readonly properties: object }> | SubscribeAnswers;
type SubscribeAnswers = Extract<Packet, { readonly reasonCodes: readonly ReasonCode[] }>;

/**
 * Writes the packets of one connection but PUBLISH as the client takes them: in its version, not larger than its Maximum Packet
 * Size, with explanations where they fit and are wanted.
 */
export class PacketWriter {
  readonly #output: OutputBuffer;
  #version: ProtocolVersion = 4;
  #maximumPacketSize = Number.POSITIVE_INFINITY;
  readonly #isPlain: boolean;
  #isTold = true;

  /** @param isPlain Whether nothing is explained, whoever wants it. */
  constructor(output: OutputBuffer, isPlain = false) {
    this.#output = output;
    this.#isPlain = isPlain;
  }

  /** Takes up what the client's CONNECT says. */
  begin(version: ProtocolVersion, maximumPacketSize: number | undefined, requestProblemInformation: boolean): void {
    this.#version = version;
    this.#maximumPacketSize = maximumPacketSize ?? Number.POSITIVE_INFINITY;
    this.#isTold = requestProblemInformation && !this.#isPlain;
  }

  /** Bytes; Infinity when the client set none. */
  get maximumPacketSize(): number {
    return this.#maximumPacketSize;
  }

  /** @returns The packet's size when the client does not take it: then nothing was written [MQTT-3.1.2-24]. */
  write(packet: Packet): number | undefined {
    const bytes = encodePacket(packet, this.#version);
    if (bytes.length > this.#maximumPacketSize) return bytes.length;
    this.append(bytes);
    return undefined;
  }

  /**
   * Writes a packet with as much of its explanation as the client takes: all of it, or the Reason String alone, or nothing
   * [MQTT-3.2.2-19] [MQTT-3.2.2-20] [MQTT-3.9.2-1] [MQTT-3.9.2-2] [MQTT-3.14.2-3].
   */
  writeExplained(packet: Explained, explanation: Explanation): number | undefined {
    const { reasonString, userProperties } = explanation;
    const explains = reasonString !== undefined || userProperties !== undefined;
    if (explains && this.#version === 5 && (this.#isTold || (!this.#isPlain && mayAlwaysExplain(packet)))) {
      if (this.#writeWith(packet, explanation)) return undefined;
      if (reasonString !== undefined && this.#writeWith(packet, { reasonString })) return undefined;
    }
    return this.write(packet);
  }

  /** PUBACK, PUBREC, PUBREL or PUBCOMP; a failure may have its reason [MQTT-3.4.2-2] [MQTT-3.5.2-2]. */
  acknowledge(type: AcknowledgementType, packetId: number, given: ReasonCode, reasonString?: string): void {
    const reasonCode = this.#isPlain && type !== PacketType.puback ? plainly(given) : given;
    if (reasonString === undefined || reasonCode < FIRST_FAILURE || this.#version !== 5 || !this.#isTold) {
      writeAcknowledgement(this.#output, this.#version === 5, type, packetId, reasonCode);
    } else if (!this.#writeWith({ type, packetId, reasonCode, properties: {} }, { reasonString })) {
      writeAcknowledgement(this.#output, true, type, packetId, reasonCode);
    }
  }

  append(bytes: Uint8Array): void {
    this.#output.packets++;
    this.#output.appendRange(bytes, 0, bytes.length);
  }

  #writeWith(packet: Explained, explanation: Explanation): boolean {
    const properties = { ...packet.properties, ...explanation };
    return this.write({ ...packet, properties } as Packet) === undefined;
  }
}

/** Of the QoS 2 handshake: what says no more than that it goes on, success (sections 3.5.2.1, 3.6.2.1 and 3.7.2.1). */
function plainly(reasonCode: ReasonCode): ReasonCode {
  const goesOn = reasonCode < FIRST_FAILURE || reasonCode === ReasonCode.packetIdentifierNotFound;
  return goesOn ? ReasonCode.success : reasonCode;
}

/** Whether a packet may explain itself to a client that asked not to be bothered [MQTT-3.1.2-29]. */
function mayAlwaysExplain({ type }: Packet): boolean {
  return type === PacketType.connack || type === PacketType.disconnect;
}
