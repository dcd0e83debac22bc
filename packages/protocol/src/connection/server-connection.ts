import {
  type AuthProperties,
  type ConnackProperties,
  type ConnectPacket,
  type DisconnectPacket,
  type DisconnectProperties,
  decodePacket,
  NO_PROPERTIES,
  type Packet,
  PacketError,
  type PacketSplitter,
  PacketType,
  type ProtocolVersion,
  packetTypeName,
  ReasonCode,
  type SubackPacket,
} from '@busbar/codec';
import type { Delivery } from '../message/delivery.ts';
import type { SessionState } from '../session/session-state.ts';
import { ClientInput } from './client-input.ts';
import type { Closing } from './closing.ts';
import { type ClientLine, ConnectedClient } from './connected-client.ts';
import { farewellOf, isFarewell, refusalOf } from './farewell.ts';
import { ClientSilence, NEVER } from './keep-alive.ts';
import { type BlockPool, OutputBuffer } from './output-buffer.ts';
import { type Explanation, PacketWriter } from './packet-writer.ts';
import type { ServerConnectionLimits, ServerConnectionOwner } from './server-connection-owner.ts';
import { connackProperties, connectTimeoutMessage, refusalOfMalformedConnect, strangerIn } from './server-handshake.ts';

/** What the server makes of a CONNECT that it accepts. */
export interface ConnectAnswer {
  /** The session that this connection borrows until it closes. */
  readonly session: SessionState<Delivery>;
  readonly sessionPresent: boolean;
  /** Seconds; what the client asked for unless the server decided otherwise. */
  readonly keepAlive: number;
  /** What a 5.0 client is told beyond what the connection itself knows. */
  readonly properties: ConnackProperties;
  /** What it is told besides, where its Maximum Packet Size leaves room for it. */
  readonly explanation?: Explanation;
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
 * connection - version, phases, keep alive, with {@link ConnectedClient} what a client says and is told
 * while it is in - and borrows the session's flows. Versions end here: above it everything has MQTT 5 shape. It reads
 * no clock, never waits and does not throw on input.
 */
export class ServerConnection implements ClientLine {
  readonly output: OutputBuffer;
  readonly writer: PacketWriter;
  /** Control Packets that came, for whoever counts them. */
  packetsReceived = 0;
  readonly #owner: ServerConnectionOwner;
  readonly #limits: ServerConnectionLimits;
  readonly #input: ClientInput;
  readonly #silence = new ClientSilence();
  #phase: Phase = Phase.awaitingConnect;
  #version: ProtocolVersion = 4;
  #now: number;
  /** When bytes came last, of a whole packet or not. */
  #bytesAt: number;
  #connectDeadline: number;
  /** The CONNECT that waits for its answer: secrets and Will are nobody's to keep here. */
  #connect: ConnectPacket | undefined = undefined;
  #connected: ConnectedClient | undefined = undefined;
  /** Why the Network Connection is gone, while what came over it is still read. */
  #lost: string | undefined = undefined;

  constructor(owner: ServerConnectionOwner, limits: ServerConnectionLimits, pool: BlockPool, now: number) {
    this.#owner = owner;
    this.#limits = limits;
    const { maximumPacketSize, maximumConnectSize = maximumPacketSize } = limits;
    this.#input = new ClientInput(Math.min(maximumPacketSize, maximumConnectSize));
    this.output = new OutputBuffer(pool);
    this.writer = new PacketWriter(this.output, limits.plainAnswers);
    this.#now = now;
    this.#bytesAt = now;
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

  /** False while the CONNECT is being answered, or input is held or rests: whoever reads the socket should let the bytes wait there. */
  get wantsInput(): boolean {
    return this.#phase !== Phase.answering && this.#input.isOpen;
  }

  /** The owner said that its turn is over: {@link readOn} is to be called in the next one. */
  get isResting(): boolean {
    return this.#input.isResting;
  }

  /** When {@link handleTimeout} is due, in milliseconds of the clock that `now` comes from; Infinity for never. */
  get nextDeadline(): number {
    if (this.#phase === Phase.connected) return this.#input.isHeld ? NEVER : this.#silence.deadline;
    if (this.#phase === Phase.awaitingConnect || this.#phase === Phase.authenticating) return this.#connectDeadline;
    return NEVER;
  }

  // --- input -----------------------------------------------------------------------------------------------------------

  /** Takes bytes as they came from the client. */
  handleBytes(bytes: Uint8Array, now: number): void {
    this.#now = now;
    this.#bytesAt = now;
    if ((this.#phase !== Phase.connected || !this.#input.isOpen) && !this.#takes(bytes)) return;
    this.#input.splitter.push(bytes);
    this.#readPackets();
  }

  /** Whether bytes that come before the CONNACK, or while input is held or rests, are to be read now. */
  #takes(bytes: Uint8Array): boolean {
    if (this.#phase === Phase.closed) return false;
    if (!this.wantsInput) this.#input.keep(bytes);
    if (!this.wantsInput) return false;
    const isFirst = this.#phase === Phase.awaitingConnect && this.#input.splitter.unfinished === undefined;
    const stranger = isFirst ? strangerIn(bytes) : undefined;
    if (stranger === undefined) return true;
    this.fault(ReasonCode.protocolError, `expected CONNECT first, ${stranger} came [MQTT-3.1.0-1]`);
    return false;
  }

  /**
   * Leaves everything behind the packet that is being worked on unread until {@link resumeInput}: somebody takes time for an
   * answer, and what the client sends keeps its order. The client's silence is not its fault meanwhile.
   */
  holdInput(): void {
    this.#input.isHeld = true;
  }

  get isHeld(): boolean {
    return this.#input.isHeld;
  }

  /** Reads on. */
  resumeInput(now: number): void {
    if (!this.#input.isHeld) return;
    this.#input.isHeld = false;
    this.#now = now;
    this.#silence.handleReceived(now);
    this.#readPackets();
    this.#endLost();
  }

  /** Reads on what was left unread when the owner's turn was over. */
  readOn(now: number): void {
    if (!this.#input.isResting) return;
    this.#input.isResting = false;
    this.#now = now;
    this.#readPackets();
  }

  /** Acts on a deadline that has passed; early calls do nothing. */
  handleTimeout(now: number): void {
    this.#now = now;
    if (now < this.nextDeadline) return;
    const isSilent = this.#phase === Phase.connected;
    if (isSilent && this.#input.isLongPacketUnderWay) {
      this.#silence.handleReceived(this.#bytesAt);
      if (now < this.nextDeadline) return;
    }
    const reasonCode = isSilent ? ReasonCode.keepAliveTimeout : ReasonCode.unspecifiedError;
    const message = isSilent
      ? 'nothing came for one and a half times the Keep Alive'
      : connectTimeoutMessage(this.#input.splitter.unfinished, this.#limits.connectTimeoutMs);
    this.#sendDisconnect(reasonCode, message, NO_PROPERTIES);
    this.#close({ cause: 'timeout', reasonCode, message });
  }

  /**
   * The Network Connection is gone. What the client sent before that is read to its end first: at once what rests, what is
   * held when it is let go, and what came behind the CONNECT when that is answered (section 3.1.4).
   */
  handleLost(message: string, now: number): void {
    this.#lost = message;
    this.readOn(now);
    this.#endLost();
  }

  /** Ends a connection that is gone, unless something of it is still to be read. */
  #endLost(): void {
    if (this.#lost === undefined || this.#input.isHeld) return;
    if (this.#phase === Phase.answering && this.#input.hasMore) return;
    this.#close({ cause: 'lost', reasonCode: ReasonCode.unspecifiedError, message: this.#lost });
  }

  /**
   * Shows each packet that comes to somebody before it is read. Costs nothing while nobody looks.
   *
   * @param show The packet lies where the splitter says, during this call. Undefined ends it.
   * @param fromThis Whether the packet that is being read now is the first one.
   */
  tap(show: ((splitter: PacketSplitter) => void) | undefined, fromThis = false): void {
    this.#input.tap(show);
    if (fromThis) show?.(this.#input.splitter);
  }

  // --- answers ---------------------------------------------------------------------------------------------------------

  /**
   * Answers CONNECT with a session: CONNACK leaves, everything unfinished is sent again, the client's packets are read.
   *
   * @param now When the answer is given, for it may have taken its time: Keep Alive begins with it.
   */
  acceptConnect(
    { session, sessionPresent, keepAlive, properties, explanation = {} }: ConnectAnswer,
    now: number,
  ): void {
    const connect = this.#connect;
    if (connect === undefined || this.#phase === Phase.closed) return;
    this.#now = now;
    const { connack: type } = PacketType;
    const told = this.#version === 5 ? connackProperties(this.#limits, properties) : NO_PROPERTIES;
    const connack: Packet = { type, sessionPresent, reasonCode: ReasonCode.success, properties: told };
    const size = this.writer.writeExplained(connack, explanation);
    if (size !== undefined) return this.#giveUp(connack, size);
    this.#connected = new ConnectedClient(this, this.#owner, this.#limits, session, connect);
    this.#connect = undefined;
    this.#phase = Phase.connected;
    this.#input.splitter.maximumPacketSize = this.#limits.maximumPacketSize;
    this.#silence.start(keepAlive, this.#now);
    this.#connected.begin(this.#now);
    this.#readPackets();
    this.#endLost();
  }

  /** Answers CONNECT with a refusal and closes (section 3.2.2.2). */
  refuseConnect(reasonCode: ReasonCode, message: string, properties: ConnackProperties = NO_PROPERTIES): void {
    if (this.#phase === Phase.closed || this.#phase === Phase.connected) return;
    this.#sendRefusal(reasonCode, message, properties);
    this.#close({ cause: 'ended', reasonCode, message });
  }

  /** Sends a step of enhanced authentication (section 4.12) and waits for the client's AUTH packet. */
  continueAuthentication(reasonCode: ReasonCode, properties: AuthProperties, now: number): void {
    if (this.#phase === Phase.closed || this.#version !== 5) return;
    this.#now = now;
    if (this.#phase === Phase.answering) this.#phase = Phase.authenticating;
    this.#connectDeadline = this.#now + this.#limits.connectTimeoutMs;
    this.send({ type: PacketType.auth, reasonCode, properties });
    this.#readPackets();
    this.#endLost();
  }

  /**
   * Answers a PUBLISH to which `handlePublish` said `LATER`. After the connection has closed it does nothing: what the
   * session is to remember of the message, its owner tells the session itself.
   *
   * @param reason What a 5.0 client is told in words of a refusal.
   */
  acceptPublish(qos: 1 | 2, packetId: number, reasonCode: ReasonCode, reason?: string): void {
    this.#connected?.intake.acceptPublish(qos, packetId, reasonCode, reason);
  }

  /**
   * Answers SUBSCRIBE: one Reason Code for each Topic Filter, in order [MQTT-3.9.3-1].
   *
   * @param explanation What a 5.0 client is told of refusals, unless it asked not to be.
   */
  acceptSubscribe(packetId: number, reasonCodes: readonly ReasonCode[], explanation: Explanation = {}): void {
    if (!this.isConnected) return;
    const packet: SubackPacket = { type: PacketType.suback, packetId, reasonCodes, properties: NO_PROPERTIES }; // [MQTT-3.8.4-1]
    const size = this.writer.writeExplained(packet, explanation);
    if (size !== undefined) this.#giveUp(packet, size);
  }

  /** Answers UNSUBSCRIBE: one Reason Code for each Topic Filter, in order [MQTT-3.11.3-1]. */
  acceptUnsubscribe(packetId: number, reasonCodes: readonly ReasonCode[]): void {
    if (!this.isConnected) return;
    this.send({ type: PacketType.unsuback, packetId, reasonCodes, properties: NO_PROPERTIES }); // [MQTT-3.10.4-4]
  }

  // --- output ----------------------------------------------------------------------------------------------------------

  /** Whether the client takes packets of this delivery's size [MQTT-3.1.2-24]. */
  accepts(delivery: Delivery): boolean {
    return this.#connected?.dispatch.accepts(delivery) ?? false;
  }

  /** Whether another delivery of QoS 1 or 2 fits into the window. */
  get hasRoom(): boolean {
    return this.#connected?.hasRoom ?? false;
  }

  /**
   * Sends a delivery that {@link accepts} has found in order; at QoS 1 and 2 only while {@link hasRoom}.
   *
   * @returns The Packet Identifier that it is in flight under from now on; 0 at QoS 0.
   */
  deliver(delivery: Delivery, now: number): number {
    return this.#connected?.dispatch.deliver(delivery, now) ?? 0;
  }

  /** Everything up to a mark is kept: what waited for it leaves. */
  handleKept(mark: number, now: number): void {
    this.#connected?.handleKept(mark, now);
  }

  /** Whether packets wait for {@link handleKept}. */
  get isHolding(): boolean {
    return this.#connected?.isHolding === true;
  }

  /** Ends the connection for a reason of the server's; a 5.0 client is told (section 3.14). */
  disconnect(reasonCode: ReasonCode, message: string, properties: DisconnectProperties = NO_PROPERTIES): void {
    this.#sendDisconnect(reasonCode, message, properties);
    this.#close({ cause: 'ended', reasonCode, message });
  }

  /** Ends the connection because the client broke a rule. */
  fault(reasonCode: ReasonCode, message: string): void {
    if (this.#phase === Phase.authenticating) this.#sendRefusal(reasonCode, message, NO_PROPERTIES);
    else this.#sendDisconnect(reasonCode, message, NO_PROPERTIES);
    this.#close({ cause: 'fault', reasonCode, message });
  }

  // --- packets ---------------------------------------------------------------------------------------------------------

  #readPackets(): void {
    const input = this.#input;
    const { splitter } = input;
    try {
      while (this.#phase !== Phase.closed && this.#phase !== Phase.answering && input.next()) {
        this.packetsReceived++;
        this.#silence.handleReceived(this.#now);
        const isLong = this.#handlePacket(splitter.bytes, splitter.start, splitter.bodyStart, splitter.end);
        const isShared = input.handleRead(isLong) && this.#lost === undefined;
        if (isShared && this.#owner.isTurnOver === true) input.isResting = true;
      }
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      this.fault(error.reasonCode, error.message); // [MQTT-4.13.1-1]
    }
    this.#connected?.releaseView();
  }

  /** @returns Whether it may have taken long. */
  #handlePacket(bytes: Uint8Array, start: number, bodyStart: number, end: number): boolean {
    if (this.#connected !== undefined) return this.#connected.handlePacket(bytes, start, bodyStart, end, this.#now);
    this.#handleUnconnected(bytes[start] as number, bytes, bodyStart, end);
    return true;
  }

  // --- before the CONNACK ----------------------------------------------------------------------------------------------

  #handleUnconnected(firstByte: number, bytes: Uint8Array, bodyStart: number, end: number): void {
    if (this.#phase === Phase.awaitingConnect) {
      this.#handleConnect(firstByte, bytes, bodyStart, end);
      return;
    }
    const packet = decodePacket(firstByte, bytes, bodyStart, end, this.#version);
    if (packet.type === PacketType.auth && packet.reasonCode === ReasonCode.continueAuthentication) {
      this.#phase = Phase.answering;
      this.#owner.handleAuth(packet);
    } else if (packet.type === PacketType.disconnect) {
      this.leave(packet);
    } else {
      const came = packet.type === PacketType.auth ? 'one with another' : packetTypeName(packet.type);
      this.fault(ReasonCode.protocolError, `expected AUTH with Reason Code 0x18, ${came} came [MQTT-4.12.0-3]`);
    }
  }

  #handleConnect(firstByte: number, bytes: Uint8Array, bodyStart: number, end: number): void {
    let packet: Packet;
    try {
      packet = decodePacket(firstByte, bytes, bodyStart, end, this.#version);
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      const refusal = refusalOfMalformedConnect(bytes, bodyStart, end, error);
      if (refusal !== undefined) this.writer.append(refusal);
      this.#close({ cause: 'fault', reasonCode: error.reasonCode, message: error.message });
      return;
    }
    if (packet.type !== PacketType.connect) return;
    this.#connect = packet;
    this.#version = packet.protocolVersion;
    const { maximumPacketSize, requestProblemInformation } = packet.properties;
    this.writer.begin(packet.protocolVersion, maximumPacketSize, requestProblemInformation !== false);
    this.#phase = Phase.answering;
    this.#owner.handleConnect(packet);
  }

  // --- the end ---------------------------------------------------------------------------------------------------------

  /** Below 5.0, and before its CONNACK, a client is not told anything [MQTT-3.14.0-1]. */
  #sendDisconnect(reasonCode: ReasonCode, message: string, properties: DisconnectProperties): void {
    if (this.#phase !== Phase.connected || this.#version !== 5) return;
    this.writer.writeExplained(farewellOf(reasonCode, properties), { reasonString: message });
  }

  #sendRefusal(reasonCode: ReasonCode, message: string, { userProperties, ...rest }: ConnackProperties): void {
    const hints = userProperties === undefined ? {} : { userProperties };
    this.writer.writeExplained(refusalOf(reasonCode, rest), { reasonString: message, ...hints });
  }

  /** The client has said that it goes: {@link ConnectedClient} tells it, nobody else. */
  leave(disconnect: DisconnectPacket): void {
    const { reasonCode } = disconnect;
    this.#close({ cause: 'disconnected', reasonCode, message: 'the client disconnected', disconnect });
  }

  #close(closing: Closing): void {
    if (this.#phase === Phase.closed) return;
    this.#phase = Phase.closed;
    this.#input.clear();
    this.#connected?.close();
    this.#connected = undefined;
    this.#owner.handleClosing(closing);
  }

  /** A client that does not take the packet it waits for cannot be served: it is let go. */
  send(packet: Packet): void {
    const size = this.writer.write(packet);
    if (size !== undefined) this.#giveUp(packet, size);
  }

  #giveUp(packet: Packet, size: number): void {
    if (isFarewell(packet)) return;
    const message = `${packetTypeName(packet.type)} has ${size} bytes, the client takes ${this.writer.maximumPacketSize}`;
    this.fault(ReasonCode.packetTooLarge, message);
  }
}
