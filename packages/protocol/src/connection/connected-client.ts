import {
  type AcknowledgementType,
  type ConnectPacket,
  type DisconnectPacket,
  decodePacket,
  type Packet,
  PacketType,
  PINGRESP,
  type ProtocolVersion,
  packetTypeName,
  ReasonCode,
} from '@busbar/codec';
import type { Delivery } from '../message/delivery.ts';
import type { SessionState } from '../session/session-state.ts';
import { OutboundTopicAliases } from '../session/topic-alias.ts';
import { DeliveryDispatch, type DispatchSurroundings } from './delivery-dispatch.ts';
import type { Held } from './held-output.ts';
import { MarkQueue } from './mark-queue.ts';
import type { OutputBuffer } from './output-buffer.ts';
import type { PacketWriter } from './packet-writer.ts';
import { type IntakeSurroundings, PublicationIntake } from './publication-intake.ts';
import type { ServerConnectionLimits, ServerConnectionOwner } from './server-connection-owner.ts';

const LARGEST_RECEIVE_MAXIMUM = 65_535;

/** The connection of a {@link ConnectedClient}: what it sends there, and how it ends. */
export interface ClientLine {
  readonly output: OutputBuffer;
  readonly writer: PacketWriter;
  send(packet: Packet): void;
  fault(reasonCode: ReasonCode, message: string): void;
  /** The client has said that it goes. */
  leave(disconnect: DisconnectPacket): void;
}

/**
 * A client from its CONNACK to the end of its connection: what its Control Packets mean then, with {@link PublicationIntake}
 * what it publishes and with {@link DeliveryDispatch} what is delivered to it. There is neither before it is needed: most
 * clients of a plant either say something or listen.
 */
export class ConnectedClient implements IntakeSurroundings, DispatchSurroundings {
  readonly owner: ServerConnectionOwner;
  readonly limits: ServerConnectionLimits;
  readonly session: SessionState<Delivery>;
  readonly held = new MarkQueue<Held>();
  readonly #line: ClientLine;
  readonly #version: ProtocolVersion;
  /** Deliveries that may be unacknowledged at a time. */
  readonly #window: number;
  readonly #aliasMaximum: number;
  /** Whether the client asked for a session that outlives the connection. */
  readonly #mayOutlive: boolean;
  #intake: PublicationIntake | undefined = undefined;
  #dispatch: DeliveryDispatch | undefined = undefined;

  /**
   * @param session What it borrows until it closes.
   * @param connect Its CONNECT; not kept, for secrets and Will are nobody's to keep here.
   */
  constructor(
    line: ClientLine,
    owner: ServerConnectionOwner,
    limits: ServerConnectionLimits,
    session: SessionState<Delivery>,
    { protocolVersion, properties }: ConnectPacket,
  ) {
    this.#line = line;
    this.owner = owner;
    this.limits = limits;
    this.session = session;
    this.#version = protocolVersion;
    this.#window = Math.min(properties.receiveMaximum ?? LARGEST_RECEIVE_MAXIMUM, limits.maximumInFlight); // [MQTT-3.3.4-9]
    this.#aliasMaximum = Math.min(properties.topicAliasMaximum ?? 0, limits.outboundTopicAliasMaximum);
    this.#mayOutlive = (properties.sessionExpiryInterval ?? 0) > 0;
  }

  get intake(): PublicationIntake {
    this.#intake ??= new PublicationIntake(this);
    return this.#intake;
  }

  get dispatch(): DeliveryDispatch {
    this.#dispatch ??= this.#makeDispatch();
    return this.#dispatch;
  }

  #makeDispatch(): DeliveryDispatch {
    const aliases = this.#aliasMaximum === 0 ? undefined : new OutboundTopicAliases(this.#aliasMaximum);
    return new DeliveryDispatch(this, aliases);
  }

  get output(): OutputBuffer {
    return this.#line.output;
  }

  get writer(): PacketWriter {
    return this.#line.writer;
  }

  get version5(): boolean {
    return this.#version === 5;
  }

  /** Below 5.0 a client cannot know of a Receive Maximum: its Packet Identifiers are the bound. */
  get receiveMaximum(): number {
    return this.version5 ? this.limits.receiveMaximum : LARGEST_RECEIVE_MAXIMUM;
  }

  fault(reasonCode: ReasonCode, message: string): void {
    this.#line.fault(reasonCode, message);
  }

  /** Whether another delivery of QoS 1 or 2 fits into the window. */
  get hasRoom(): boolean {
    return this.session.outbound.hasRoom;
  }

  /** The CONNACK has been written: everything unfinished is sent again within the client's window. */
  begin(now: number): void {
    const { outbound } = this.session;
    outbound.handleConnected(this.#window);
    if (outbound.size > 0) this.dispatch.resend(now);
  }

  /**
   * Acts on a whole packet.
   *
   * @returns Whether it may have taken long: all but a publication and its plain acknowledgements.
   * @throws {PacketError} It is malformed.
   */
  handlePacket(bytes: Uint8Array, start: number, bodyStart: number, end: number, now: number): boolean {
    const firstByte = bytes[start] as number;
    const version = this.#version;
    if (firstByte >> 4 === PacketType.publish) {
      this.intake.handlePacket(bytes, start, bodyStart, end, version);
      return false;
    }
    if (isPlainAcknowledgement(firstByte, bytes, bodyStart, end)) {
      const packetId = ((bytes[bodyStart] as number) << 8) | (bytes[bodyStart + 1] as number);
      this.#handleAcknowledgement((firstByte >> 4) as AcknowledgementType, packetId, ReasonCode.success, now);
      return false;
    }
    if (firstByte >> 4 === PacketType.connect) {
      // Whatever is in it: what is wrong with a first CONNECT is not what is wrong with a second one.
      this.fault(ReasonCode.protocolError, 'CONNECT came a second time [MQTT-3.1.0-2]');
    } else {
      this.#handleDecoded(decodePacket(firstByte, bytes, bodyStart, end, version), now);
    }
    return true;
  }

  /** What was read belongs to nobody any more. */
  releaseView(): void {
    this.#intake?.releaseView();
  }

  /** Everything up to a mark is kept: what waited for it leaves. */
  handleKept(mark: number, now: number): void {
    const { held } = this;
    if (held.isEmpty) return;
    for (let next = held.take(mark); next !== undefined; next = held.take(mark)) {
      if ('type' in next && next.type === PacketType.pubcomp) this.intake.writePubcomp(next.packetId, next.known);
      else this.dispatch.writeHeld(next, now);
    }
  }

  /** Whether packets wait for {@link handleKept}. */
  get isHolding(): boolean {
    return !this.held.isEmpty;
  }

  /** The connection is over. */
  close(): void {
    this.#intake?.close();
    this.session.handleDisconnected();
  }

  #handleDecoded(packet: Packet, now: number): void {
    const { owner } = this;
    switch (packet.type) {
      case PacketType.puback:
      case PacketType.pubrec:
      case PacketType.pubrel:
      case PacketType.pubcomp:
        return this.#handleAcknowledgement(packet.type, packet.packetId, packet.reasonCode, now);
      case PacketType.subscribe:
        return owner.handleSubscribe(packet);
      case PacketType.unsubscribe:
        return owner.handleUnsubscribe(packet);
      case PacketType.pingreq:
        return this.#line.send(PINGRESP); // [MQTT-3.12.4-1]
      case PacketType.disconnect:
        return this.#handleDisconnect(packet);
      case PacketType.auth:
        return owner.handleAuth(packet);
      default: {
        const message = `${packetTypeName(packet.type)} came after the CONNECT packet [MQTT-3.1.0-2]`;
        return this.fault(ReasonCode.protocolError, message);
      }
    }
  }

  #handleAcknowledgement(type: AcknowledgementType, packetId: number, reasonCode: ReasonCode, now: number): void {
    switch (type) {
      case PacketType.puback:
        return this.dispatch.handlePuback(packetId, reasonCode, now);
      case PacketType.pubrec:
        return this.dispatch.handlePubrec(packetId, reasonCode, now);
      case PacketType.pubrel:
        return this.intake.handlePubrel(packetId);
      default:
        return this.dispatch.handlePubcomp(packetId, now);
    }
  }

  #handleDisconnect(disconnect: DisconnectPacket): void {
    const expiry = disconnect.properties.sessionExpiryInterval ?? 0;
    if (expiry > 0 && !this.#mayOutlive) {
      return this.fault(ReasonCode.protocolError, 'DISCONNECT sets a Session Expiry Interval, and CONNECT set it to 0');
    }
    this.#line.leave(disconnect);
  }
}

/** Nearly every acknowledgement: a Packet Identifier and nothing else, with the flags it must have. */
function isPlainAcknowledgement(firstByte: number, bytes: Uint8Array, bodyStart: number, end: number): boolean {
  const isOne =
    firstByte === PacketType.puback << 4 ||
    firstByte === PacketType.pubrec << 4 ||
    firstByte === ((PacketType.pubrel << 4) | 0b0010) ||
    firstByte === PacketType.pubcomp << 4;
  return isOne && end - bodyStart === 2 && (bytes[bodyStart] !== 0 || bytes[bodyStart + 1] !== 0);
}
