import {
  type AcknowledgementType,
  type AuthProperties,
  type ConnackProperties,
  type ConnectPacket,
  type DisconnectProperties,
  decodePacket,
  encodePacket,
  FIRST_FAILURE,
  NO_PROPERTIES,
  type Packet,
  PacketError,
  PacketSplitter,
  PacketType,
  PINGRESP,
  type ProtocolVersion,
  PublishView,
  packetTypeName,
  ReasonCode,
  type SubackProperties,
  type UnsubackProperties,
} from '@busbar/codec';
import type { Delivery } from '../message/delivery.ts';
import { Verdict } from '../session/inbound-flow.ts';
import { Stage } from '../session/outbound-flow.ts';
import { SessionState } from '../session/session-state.ts';
import { InboundTopicAliases, OutboundTopicAliases } from '../session/topic-alias.ts';
import { AcknowledgementQueue } from './acknowledgement-queue.ts';
import type { Closing } from './closing.ts';
import { ClientSilence, NEVER } from './keep-alive.ts';
import { type BlockPool, OutputBuffer } from './output-buffer.ts';
import { PublishWriter } from './publish-writer.ts';
import { LATER, type ServerConnectionLimits, type ServerConnectionOwner } from './server-connection-owner.ts';
import { refusalOfMalformedConnect } from './server-handshake.ts';

const NO_BYTES = new Uint8Array(0);

/** What the server makes of a CONNECT that it accepts. */
export interface ConnectAnswer {
  /** The session that this connection borrows until it closes. */
  readonly session: SessionState<Delivery>;
  readonly sessionPresent: boolean;
  /** Seconds; what the client asked for unless the server decided otherwise. */
  readonly keepAlive: number;
  /** What a 5.0 client is told beyond what the connection itself knows. */
  readonly properties: ConnackProperties;
}

const Phase = { awaitingConnect: 0, answering: 1, authenticating: 2, connected: 3, closed: 4 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/**
 * The server's side of one Network Connection, from its first byte to its last (chapters 3 and 4), without any I/O.
 *
 *     awaitingConnect --CONNECT--> answering --acceptConnect--> connected --> closed
 *            \                       |   ^ \--refuseConnect------------------^  ^
 *             \   continueAuthentication  AUTH                                  |
 *              \                     v   |                                      |
 *               \                authenticating                                 |
 *                \---- timeout, fault, lost (from every phase) -----------------/
 *
 * Bytes go in with {@link handleBytes}; what is to be sent gathers in {@link output}. It owns what lives as long as the
 * connection - version, aliases, keep alive, order of acknowledgements - and borrows the session's flows. Versions end
 * here: above it everything has MQTT 5 shape. It reads no clock, never waits and does not throw on input.
 */
export class ServerConnection {
  readonly output: OutputBuffer;
  readonly #owner: ServerConnectionOwner;
  readonly #limits: ServerConnectionLimits;
  readonly #splitter: PacketSplitter;
  readonly #view = new PublishView();
  readonly #silence = new ClientSilence();
  readonly #acknowledgements: AcknowledgementQueue;
  #phase: Phase = Phase.awaitingConnect;
  #version: ProtocolVersion = 4;
  #now: number;
  #connectDeadline: number;
  #clientMaximumPacketSize = NEVER;
  #session: SessionState<Delivery> = NO_SESSION;
  #writer: PublishWriter;
  #aliases = new InboundTopicAliases<Uint8Array>(0);
  #connect: ConnectPacket | undefined = undefined;
  /** Chunks that came while the CONNECT was being answered. */
  #waiting: Uint8Array[] = [];

  constructor(owner: ServerConnectionOwner, limits: ServerConnectionLimits, pool: BlockPool, now: number) {
    this.#owner = owner;
    this.#limits = limits;
    this.#splitter = new PacketSplitter(limits.maximumPacketSize);
    this.output = new OutputBuffer(pool);
    this.#writer = new PublishWriter(this.output, false, undefined);
    this.#acknowledgements = new AcknowledgementQueue((qos, packetId, reasonCode) =>
      this.#writeAcknowledgement(qos === 1 ? PacketType.puback : PacketType.pubrec, packetId, reasonCode),
    );
    this.#now = now;
    this.#connectDeadline = now + limits.connectTimeoutMs;
  }

  get version(): ProtocolVersion {
    return this.#version;
  }

  get isConnected(): boolean {
    return this.#phase === Phase.connected;
  }

  get isClosed(): boolean {
    return this.#phase === Phase.closed;
  }

  /** False while the CONNECT is being answered: whoever reads the socket should let the client's bytes wait there. */
  get wantsInput(): boolean {
    return this.#phase !== Phase.answering;
  }

  /** When {@link handleTimeout} is due, in milliseconds of the clock that `now` comes from; Infinity for never. */
  get nextDeadline(): number {
    switch (this.#phase) {
      case Phase.connected:
        return this.#silence.deadline;
      case Phase.awaitingConnect:
      case Phase.authenticating:
        return this.#connectDeadline;
      default:
        return NEVER;
    }
  }

  // --- input -----------------------------------------------------------------------------------------------------------

  /** Takes bytes as they came from the client. */
  handleBytes(bytes: Uint8Array, now: number): void {
    this.#now = now;
    if (this.#phase === Phase.answering) {
      this.#waiting.push(bytes);
      return;
    }
    if (this.#phase === Phase.closed) return;
    this.#splitter.push(bytes);
    this.#readPackets();
  }

  /** Acts on a deadline that has passed; early calls do nothing. */
  handleTimeout(now: number): void {
    this.#now = now;
    if (now < this.nextDeadline) return;
    if (this.#phase === Phase.connected) {
      this.#sendDisconnect(ReasonCode.keepAliveTimeout, NO_PROPERTIES);
      this.#close({
        cause: 'timeout',
        reasonCode: ReasonCode.keepAliveTimeout,
        message: 'nothing came for one and a half times the Keep Alive',
      });
    } else if (this.#phase !== Phase.closed) {
      this.#close({
        cause: 'timeout',
        reasonCode: ReasonCode.unspecifiedError,
        message: this.#connectTimeoutMessage(),
      });
    }
  }

  /** The Network Connection is gone. */
  handleLost(message: string): void {
    this.#close({ cause: 'lost', reasonCode: ReasonCode.unspecifiedError, message });
  }

  // --- answers ---------------------------------------------------------------------------------------------------------

  /** Answers CONNECT with a session: CONNACK leaves, everything unfinished is sent again, the client's packets are read. */
  acceptConnect(answer: ConnectAnswer): void {
    const connect = this.#connect;
    if (connect === undefined || this.#phase === Phase.closed) return;
    const { properties } = connect;
    this.#phase = Phase.connected;
    this.#session = answer.session;
    this.#clientMaximumPacketSize = properties.maximumPacketSize ?? NEVER;
    this.#aliases = new InboundTopicAliases(this.#limits.topicAliasMaximum);
    const outboundAliases = Math.min(properties.topicAliasMaximum ?? 0, this.#limits.outboundTopicAliasMaximum);
    const aliases = outboundAliases === 0 ? undefined : new OutboundTopicAliases(outboundAliases);
    this.#writer = new PublishWriter(this.output, this.#version === 5, aliases);
    this.#silence.start(answer.keepAlive, this.#now);
    this.#send({
      type: PacketType.connack,
      sessionPresent: answer.sessionPresent,
      reasonCode: ReasonCode.success,
      properties: { ...this.#ownLimits(), ...answer.properties },
    });
    this.#session.outbound.handleConnected(Math.min(properties.receiveMaximum ?? 65_535, this.#limits.maximumInFlight));
    this.#resend();
    this.#readWaiting();
  }

  /** Answers CONNECT with a refusal and closes (section 3.2.2.2). */
  refuseConnect(reasonCode: ReasonCode, message: string, properties: ConnackProperties = NO_PROPERTIES): void {
    if (this.#phase === Phase.closed || this.#phase === Phase.connected) return;
    this.#send({ type: PacketType.connack, sessionPresent: false, reasonCode, properties });
    this.#close({ cause: 'ended', reasonCode, message });
  }

  /** Sends a step of enhanced authentication (section 4.12) and waits for the client's AUTH packet. */
  continueAuthentication(reasonCode: ReasonCode, properties: AuthProperties): void {
    if (this.#phase === Phase.closed || this.#version !== 5) return;
    if (this.#phase === Phase.answering) this.#phase = Phase.authenticating;
    this.#connectDeadline = this.#now + this.#limits.connectTimeoutMs;
    this.#send({ type: PacketType.auth, reasonCode, properties });
    this.#readWaiting();
  }

  /**
   * Answers a PUBLISH to which `handlePublish` said {@link LATER}. After the connection has closed it does nothing: what the
   * session is to remember of the message, its owner tells the session itself.
   */
  acceptPublish(qos: 1 | 2, packetId: number, reasonCode: ReasonCode): void {
    if (!this.isConnected) return;
    this.#settleInbound(qos, packetId, reasonCode);
    if (qos === 1 && this.#acknowledgements.holds(packetId)) this.#session.inbound.settleQos1();
    this.#acknowledgements.settle(packetId, reasonCode);
  }

  /** Answers SUBSCRIBE: one Reason Code for each Topic Filter, in order [MQTT-3.9.3-1]. */
  acceptSubscribe(
    packetId: number,
    reasonCodes: readonly ReasonCode[],
    properties: SubackProperties = NO_PROPERTIES,
  ): void {
    if (this.isConnected) this.#send({ type: PacketType.suback, packetId, reasonCodes, properties }); // [MQTT-3.8.4-2]
  }

  /** Answers UNSUBSCRIBE: one Reason Code for each Topic Filter, in order [MQTT-3.11.3-1]. */
  acceptUnsubscribe(
    packetId: number,
    reasonCodes: readonly ReasonCode[],
    properties: UnsubackProperties = NO_PROPERTIES,
  ): void {
    if (this.isConnected) this.#send({ type: PacketType.unsuback, packetId, reasonCodes, properties }); // [MQTT-3.10.4-5]
  }

  // --- output ----------------------------------------------------------------------------------------------------------

  /** Whether the client takes packets of this delivery's size [MQTT-3.1.2-24]. */
  accepts(delivery: Delivery): boolean {
    return (
      this.#clientMaximumPacketSize === NEVER || this.#writer.packetSize(delivery) <= this.#clientMaximumPacketSize
    );
  }

  /** Whether another delivery of QoS 1 or 2 fits into the window. */
  get hasRoom(): boolean {
    return this.#session.outbound.hasRoom;
  }

  /** Sends a delivery that {@link accepts} has found in order; at QoS 1 and 2 only while {@link hasRoom}. */
  deliver(delivery: Delivery, now: number): void {
    const packetId = delivery.qos === 0 ? 0 : this.#session.outbound.send(delivery, delivery.qos);
    this.#writer.write(delivery, packetId, false, now);
  }

  /** Ends the connection for a reason of the server's; a 5.0 client is told (section 3.14). */
  disconnect(reasonCode: ReasonCode, message: string, properties: DisconnectProperties = NO_PROPERTIES): void {
    if (this.#phase === Phase.closed) return;
    this.#sendDisconnect(reasonCode, properties);
    this.#close({ cause: 'ended', reasonCode, message });
  }

  /** Ends the connection because the client broke a rule that only the owner can judge. */
  fault(reasonCode: ReasonCode, message: string): void {
    if (this.#phase === Phase.closed) return;
    this.#sendDisconnect(reasonCode, NO_PROPERTIES);
    this.#close({ cause: 'fault', reasonCode, message });
  }

  // --- packets ---------------------------------------------------------------------------------------------------------

  #readWaiting(): void {
    this.#readPackets();
    while (this.#waiting.length > 0 && this.wantsInput && !this.isClosed) {
      this.#splitter.push(this.#waiting.shift() ?? NO_BYTES);
      this.#readPackets();
    }
  }

  #readPackets(): void {
    const splitter = this.#splitter;
    try {
      while (this.#phase !== Phase.closed && this.#phase !== Phase.answering && splitter.next()) {
        this.#silence.handleReceived(this.#now);
        this.#handlePacket(splitter.bytes, splitter.start, splitter.bodyStart, splitter.end);
      }
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      this.#handlePacketError(error);
    }
  }

  #handlePacket(bytes: Uint8Array, start: number, bodyStart: number, end: number): void {
    const firstByte = bytes[start] as number;
    const type = firstByte >> 4;
    if (this.#phase === Phase.connected) {
      if (type === PacketType.publish) {
        this.#view.read(bytes, start, bodyStart, end, this.#version);
        this.#handlePublish(this.#view);
        return;
      }
      if (
        type >= PacketType.puback &&
        type <= PacketType.pubcomp &&
        end - bodyStart === 2 &&
        this.#hasPlainFlags(firstByte)
      ) {
        const packetId = ((bytes[bodyStart] as number) << 8) | (bytes[bodyStart + 1] as number);
        if (packetId !== 0) {
          this.#handleAcknowledgement(type as AcknowledgementType, packetId, ReasonCode.success);
          return;
        }
      }
      this.#handleConnected(decodePacket(firstByte, bytes, bodyStart, end, this.#version));
    } else {
      this.#handleUnconnected(firstByte, bytes, bodyStart, end);
    }
  }

  #hasPlainFlags(firstByte: number): boolean {
    return (firstByte & 0x0f) === (firstByte >> 4 === PacketType.pubrel ? 0b0010 : 0);
  }

  #handleUnconnected(firstByte: number, bytes: Uint8Array, bodyStart: number, end: number): void {
    const type = firstByte >> 4;
    if (this.#phase === Phase.awaitingConnect) {
      if (type !== PacketType.connect) {
        const message = `expected CONNECT as the first packet, ${packetTypeName(type)} came [MQTT-3.1.0-1]`;
        this.#close({ cause: 'fault', reasonCode: ReasonCode.protocolError, message });
        return;
      }
      this.#handleConnect(bytes, bodyStart, end, firstByte);
      return;
    }
    const packet = decodePacket(firstByte, bytes, bodyStart, end, this.#version);
    if (packet.type === PacketType.auth && packet.reasonCode === ReasonCode.continueAuthentication) {
      this.#phase = Phase.answering;
      this.#owner.handleAuth(packet);
    } else if (packet.type === PacketType.disconnect) {
      this.#handleDisconnect(packet);
    } else {
      this.refuseConnect(ReasonCode.protocolError, `expected AUTH, ${packetTypeName(type)} came`);
    }
  }

  #handleConnect(bytes: Uint8Array, bodyStart: number, end: number, firstByte: number): void {
    let packet: Packet;
    try {
      packet = decodePacket(firstByte, bytes, bodyStart, end, 5);
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      this.output.appendRange(...wholeRange(refusalOfMalformedConnect(bytes, bodyStart, end, error)));
      this.#close({ cause: 'fault', reasonCode: error.reasonCode, message: error.message });
      return;
    }
    if (packet.type !== PacketType.connect) return;
    this.#connect = packet;
    this.#version = packet.protocolVersion;
    this.#phase = Phase.answering;
    this.#owner.handleConnect(packet);
  }

  #handleConnected(packet: Packet): void {
    switch (packet.type) {
      case PacketType.puback:
      case PacketType.pubrec:
      case PacketType.pubrel:
      case PacketType.pubcomp:
        return this.#handleAcknowledgement(packet.type, packet.packetId, packet.reasonCode);
      case PacketType.subscribe:
        return this.#owner.handleSubscribe(packet);
      case PacketType.unsubscribe:
        return this.#owner.handleUnsubscribe(packet);
      case PacketType.pingreq:
        return this.#send(PINGRESP); // [MQTT-3.12.4-1]
      case PacketType.disconnect:
        return this.#handleDisconnect(packet);
      case PacketType.auth:
        return this.#owner.handleAuth(packet);
      default:
        return this.fault(
          ReasonCode.protocolError,
          `${packetTypeName(packet.type)} came after the CONNECT packet [MQTT-3.1.0-2]`,
        );
    }
  }

  // --- PUBLISH from the client -----------------------------------------------------------------------------------------

  #handlePublish(view: PublishView): void {
    if (view.hasSubscriptionIdentifier) {
      return this.fault(ReasonCode.protocolError, 'PUBLISH from a client has a Subscription Identifier [MQTT-3.3.4-6]');
    }
    if ((view.topicAlias !== 0 || view.topicStart === view.topicEnd) && !this.#resolveAlias(view)) return;
    const { qos, packetId } = view;
    if (qos === 0) {
      this.#owner.handlePublish(view);
      return;
    }
    switch (this.#session.inbound.handlePublish(qos, packetId, this.#limits.receiveMaximum)) {
      case Verdict.acknowledge:
        this.#acknowledgements.push(qos, packetId, ReasonCode.success);
        return;
      case Verdict.ignore:
        if (!this.#acknowledgements.holds(packetId)) this.#acknowledgements.hold(qos, packetId);
        return;
      case Verdict.refuse:
        return this.fault(
          ReasonCode.receiveMaximumExceeded,
          `more than the Receive Maximum of ${this.#limits.receiveMaximum} publications are unacknowledged [MQTT-3.3.4-7]`,
        );
      default:
        this.#deliverInbound(qos, packetId, view);
    }
  }

  #deliverInbound(qos: 1 | 2, packetId: number, view: PublishView): void {
    const reasonCode = this.#owner.handlePublish(view);
    if (this.#phase === Phase.closed) return;
    if (reasonCode === LATER) {
      if (qos === 1) this.#session.inbound.deferQos1();
      this.#acknowledgements.hold(qos, packetId);
      return;
    }
    this.#settleInbound(qos, packetId, reasonCode);
    this.#acknowledgements.push(qos, packetId, reasonCode);
  }

  #settleInbound(qos: 1 | 2, packetId: number, reasonCode: ReasonCode): void {
    if (qos === 1) return;
    if (reasonCode < FIRST_FAILURE) this.#session.inbound.accept(packetId);
    else this.#session.inbound.refuse(packetId);
  }

  /** Gives the view its Topic Name where an alias stands for it, and remembers new aliases. @returns False after a fault. */
  #resolveAlias(view: PublishView): boolean {
    const { topicAlias } = view;
    if (topicAlias === 0) {
      if (this.#version === 5) this.fault(ReasonCode.protocolError, 'PUBLISH has neither Topic Name nor Topic Alias');
      else this.fault(ReasonCode.topicNameInvalid, 'PUBLISH has an empty Topic Name [MQTT-4.7.3-1]');
      return false;
    }
    if (!this.#aliases.isAllowed(topicAlias)) {
      const message = `Topic Alias ${topicAlias} is over the Topic Alias Maximum of ${this.#aliases.maximum} [MQTT-3.3.2-9]`;
      this.fault(ReasonCode.topicAliasInvalid, message);
      return false;
    }
    if (view.topicStart < view.topicEnd) {
      this.#aliases.set(topicAlias, view.topicBytes.slice(view.topicStart, view.topicEnd));
      return true;
    }
    const topic = this.#aliases.get(topicAlias);
    if (topic === undefined) {
      this.fault(ReasonCode.protocolError, `Topic Alias ${topicAlias} stands for no Topic Name on this connection`);
      return false;
    }
    view.topicBytes = topic;
    view.topicStart = 0;
    view.topicEnd = topic.length;
    return true;
  }

  // --- acknowledgements from the client --------------------------------------------------------------------------------

  #handleAcknowledgement(type: AcknowledgementType, packetId: number, reasonCode: ReasonCode): void {
    const { inbound, outbound } = this.#session;
    switch (type) {
      case PacketType.puback:
        return this.#handleDone(outbound.handlePuback(packetId), reasonCode);
      case PacketType.pubrec:
        if (reasonCode >= FIRST_FAILURE) return this.#handleDone(outbound.handleRefusingPubrec(packetId), reasonCode);
        return this.#handlePubrec(packetId);
      case PacketType.pubrel: {
        const known = inbound.handlePubrel(packetId);
        const answer = known ? ReasonCode.success : ReasonCode.packetIdentifierNotFound;
        return this.#writeAcknowledgement(PacketType.pubcomp, packetId, answer); // [MQTT-4.3.3-11]
      }
      default:
        if (outbound.handlePubcomp(packetId)) this.#handleWindow();
    }
  }

  #handlePubrec(packetId: number): void {
    const known = this.#session.outbound.handlePubrec(packetId, (delivery) =>
      this.#owner.handleDelivered(delivery, ReasonCode.success),
    );
    const reasonCode = known ? ReasonCode.success : ReasonCode.packetIdentifierNotFound;
    this.#writeAcknowledgement(PacketType.pubrel, packetId, reasonCode); // [MQTT-4.3.3-4]
  }

  #handleDone(delivery: Delivery | undefined, reasonCode: ReasonCode): void {
    if (delivery === undefined) return;
    this.#owner.handleDelivered(delivery, reasonCode);
    this.#handleWindow();
  }

  #handleWindow(): void {
    this.#resend();
    this.#owner.handleWindow();
  }

  /** Sends what an earlier connection left unfinished, in its order [MQTT-4.4.0-1] [MQTT-4.6.0-1]. */
  #resend(): void {
    for (let next = this.#session.outbound.takeResend(); next; next = this.#session.outbound.takeResend()) {
      const { packetId, message } = next;
      if (next.stage === Stage.awaitingPubcomp)
        this.#writeAcknowledgement(PacketType.pubrel, packetId, ReasonCode.success);
      else if (message !== undefined && this.accepts(message))
        this.#writer.write(message, packetId, true, this.#now); // [MQTT-3.3.1-1]
      else if (message !== undefined) {
        if (next.stage === Stage.awaitingPuback) this.#session.outbound.handlePuback(packetId);
        else this.#session.outbound.handleRefusingPubrec(packetId);
        this.#owner.handleUndeliverable(message);
      }
    }
  }

  /** Writes the shortest form (section 3.4.2.1): below 5.0 and for success four bytes. */
  #writeAcknowledgement(type: AcknowledgementType, packetId: number, reasonCode: ReasonCode): void {
    const withReason = this.#version === 5 && reasonCode !== ReasonCode.success;
    const at = this.output.reserve(withReason ? 5 : 4);
    const { block } = this.output;
    block[at] = (type << 4) | (type === PacketType.pubrel ? 0b0010 : 0);
    block[at + 1] = withReason ? 3 : 2;
    block[at + 2] = packetId >> 8;
    block[at + 3] = packetId;
    if (withReason) block[at + 4] = reasonCode;
  }

  // --- the end ---------------------------------------------------------------------------------------------------------

  #handleDisconnect(packet: Packet & { type: typeof PacketType.disconnect }): void {
    const expiry = packet.properties.sessionExpiryInterval;
    if (expiry !== undefined && expiry > 0 && (this.#connect?.properties.sessionExpiryInterval ?? 0) === 0) {
      return this.fault(ReasonCode.protocolError, 'DISCONNECT sets a Session Expiry Interval that CONNECT set to 0');
    }
    this.#close({
      cause: 'disconnected',
      reasonCode: packet.reasonCode,
      message: 'the client disconnected',
      disconnect: packet,
    });
  }

  #handlePacketError(error: PacketError): void {
    if (this.#phase === Phase.connected) this.#sendDisconnect(error.reasonCode, NO_PROPERTIES);
    this.#close({ cause: 'fault', reasonCode: error.reasonCode, message: error.message });
  }

  #sendDisconnect(reasonCode: ReasonCode, properties: DisconnectProperties): void {
    if (this.#phase !== Phase.connected || this.#version !== 5) return; // [MQTT-3.14.0-1]
    this.#send({ type: PacketType.disconnect, reasonCode, properties });
  }

  #close(closing: Closing): void {
    if (this.#phase === Phase.closed) return;
    this.#phase = Phase.closed;
    this.#waiting = [];
    this.#session.handleDisconnected();
    this.#session = NO_SESSION;
    this.#owner.handleClosing(closing);
  }

  #connectTimeoutMessage(): string {
    const { unfinished } = this.#splitter;
    const seconds = this.#limits.connectTimeoutMs / 1000;
    if (unfinished === undefined) return `no CONNECT came within ${seconds} s`;
    if (unfinished.announced === undefined) return `no CONNECT came within ${seconds} s, only part of a fixed header`;
    return `the CONNECT was not complete within ${seconds} s: its Remaining Length says ${unfinished.announced} bytes, ${unfinished.arrived} came`;
  }

  #ownLimits(): ConnackProperties {
    const { receiveMaximum, topicAliasMaximum, maximumPacketSize } = this.#limits;
    return {
      ...(receiveMaximum < 65_535 ? { receiveMaximum } : {}),
      ...(topicAliasMaximum > 0 ? { topicAliasMaximum } : {}),
      ...(maximumPacketSize < LARGEST_PACKET ? { maximumPacketSize } : {}),
    };
  }

  #send(packet: Packet): void {
    this.output.appendRange(...wholeRange(encodePacket(packet, this.#version)));
  }
}

/** The largest packet that MQTT can express: a limit from here on need not be announced. */
const LARGEST_PACKET = 268_435_460;

/** Stands in until a CONNECT is accepted and after the end: nothing is ever put into it. */
const NO_SESSION = new SessionState<Delivery>();

function wholeRange(bytes: Uint8Array): [Uint8Array, number, number] {
  return [bytes, 0, bytes.length];
}
