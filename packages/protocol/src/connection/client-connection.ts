import {
  type AuthPacket,
  type ConnackPacket,
  type ConnectPacket,
  type DisconnectProperties,
  decodeServerPacket,
  encodeClientPacket,
  FIRST_FAILURE,
  NO_PROPERTIES,
  type Packet,
  PacketError,
  PacketSplitter,
  PacketType,
  PINGREQ,
  type Properties,
  packetTypeName,
  ReasonCode,
  type SubscribeProperties,
  type SubscriptionRequest,
  type UnsubscribeProperties,
  UsageError,
} from '@busbar/codec';
import type { MessageContent } from '../message/application-message.ts';
import { SessionState } from '../session/session-state.ts';
import { ClientAuthentication, type ClientAuthProperties } from './client-authentication.ts';
import type { ClientClosing, ClientConnectionOwner } from './client-connection-owner.ts';
import { dispatch, type Established, establish } from './client-established.ts';
import { type ProtocolFault, protocolFault } from './client-fault.ts';
import { type Agreement, agree, type ClientConnectionOptions, connectPacketOf } from './client-handshake.ts';
import { ClientPublishReader } from './client-publish-reader.ts';
import { ClientPing, NEVER } from './keep-alive.ts';
import { BlockPool, type ByteSink, OutputBuffer } from './output-buffer.ts';

const CONNACK_TIMEOUT_MS = 30_000;
const PINGRESP_TIMEOUT_MS = 10_000;
const MAXIMUM_IN_FLIGHT_BELOW_5 = 20;
/** The largest packet that MQTT can express. */
const LARGEST_PACKET = 268_435_460;

type Phase = 'idle' | 'connecting' | 'connected' | 'closed';

/**
 * The client's side of one Network Connection, from CONNECT to DISCONNECT (chapters 3 and 4), without any I/O: bring your own
 * transport.
 *
 *     idle --handleConnectionMade, CONNECT--> connecting --CONNACK--> connected --+
 *                                              AUTH | ^                           |
 *                                                   v |  continueAuthentication   |
 *     closed <-- refused, DISCONNECT of either side, fault, timeout, lost <-------+
 *
 * Connection made, bytes received, time passed and connection lost go in; what is to be written comes out of
 * {@link takeBytes} or {@link flushTo} after any call. It borrows the session, which outlives it: the next connection is a new
 * machine with the same session. Versions end here: above it everything has MQTT 5 shape. It reads no clock, never waits,
 * and does not throw on input; calls with which its owner makes a mistake throw a UsageError.
 *
 * @example
 * const machine = new ClientConnection({ clientIdentifier: 'pump-7' }, owner, session);
 * machine.handleConnectionMade(now);
 * transport.write(machine.takeBytes());
 */
export class ClientConnection {
  readonly #owner: ClientConnectionOwner;
  readonly #session: SessionState<MessageContent>;
  readonly #connect: ConnectPacket;
  readonly #connackTimeoutMs: number;
  readonly #pingrespTimeoutMs: number;
  readonly #maximumInFlight: number;
  readonly #topicAliases: number;
  readonly #splitter: PacketSplitter;
  readonly #publishReader: ClientPublishReader;
  readonly #output: OutputBuffer;
  readonly #ping = new ClientPing();
  readonly #authentication: ClientAuthentication;
  #phase: Phase = 'idle';
  #established: Established | undefined;
  #connackDeadline = NEVER;
  #now = 0;

  /**
   * @param session What earlier connections left; default a new one.
   * @param pool Memory for output, which several connections may share.
   * @throws {UsageError} Options that the standard forbids.
   */
  constructor(
    options: ClientConnectionOptions,
    owner: ClientConnectionOwner,
    session: SessionState<MessageContent> = new SessionState(),
    pool: BlockPool = new BlockPool(),
  ) {
    this.#owner = owner;
    this.#session = session;
    this.#connect = connectPacketOf(options);
    this.#authentication = new ClientAuthentication(this.#connect);
    this.#connackTimeoutMs = options.connackTimeoutMs ?? CONNACK_TIMEOUT_MS;
    this.#pingrespTimeoutMs = options.pingrespTimeoutMs ?? PINGRESP_TIMEOUT_MS;
    this.#maximumInFlight =
      options.maximumInFlight ?? (this.#connect.protocolVersion === 5 ? 65_535 : MAXIMUM_IN_FLIGHT_BELOW_5);
    this.#topicAliases = options.topicAliases ?? 0;
    this.#splitter = new PacketSplitter(options.properties?.maximumPacketSize ?? LARGEST_PACKET);
    this.#publishReader = new ClientPublishReader(this.#connect.protocolVersion);
    this.#output = new OutputBuffer(pool);
    this.#send(this.#connect);
  }

  get isConnected(): boolean {
    return this.#phase === 'connected';
  }

  get isClosed(): boolean {
    return this.#phase === 'closed';
  }

  /** What was agreed on; undefined until connected. */
  get agreement(): Agreement | undefined {
    return this.#established?.agreement;
  }

  /** When {@link handleTimeout} is due, in milliseconds of the clock that `now` comes from; Infinity for never. */
  get nextDeadline(): number {
    if (this.#phase === 'connecting') return this.#connackDeadline;
    if (this.#phase === 'connected') return Math.min(this.#ping.pingDeadline, this.#ping.deadline);
    return NEVER;
  }

  // --- input -----------------------------------------------------------------------------------------------------------

  /** The Network Connection stands: CONNECT is ready to be written [MQTT-3.1.0-1]. */
  handleConnectionMade(now: number): void {
    if (this.#phase !== 'idle') throw new UsageError('already-used', 'a connection machine serves one connection');
    this.#now = now;
    this.#phase = 'connecting';
    this.#connackDeadline = now + this.#connackTimeoutMs;
  }

  /** Takes bytes as they came from the server. */
  handleBytes(bytes: Uint8Array, now: number): void {
    if (this.#phase === 'closed') return;
    this.#now = now;
    this.#ping.handleReceived(now);
    const splitter = this.#splitter;
    splitter.push(bytes);
    try {
      while (this.#isOpen && splitter.next()) {
        const fault = this.#readPacket(splitter.bytes, splitter.start, splitter.bodyStart, splitter.end);
        if (fault !== undefined) this.#fail(fault);
      }
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      this.#fail(error);
    }
  }

  /** Acts on a deadline that has passed; early calls do nothing. */
  handleTimeout(now: number): void {
    this.#now = now;
    if (now < this.nextDeadline) return;
    if (this.#phase === 'connecting') {
      const message = `no CONNACK came within ${this.#connackTimeoutMs / 1000} s`;
      this.#close({ cause: 'timeout', reasonCode: ReasonCode.unspecifiedError, message });
    } else if (now >= this.#ping.deadline) {
      const message = 'no PINGRESP came: the server or the way to it is gone';
      this.#close({ cause: 'timeout', reasonCode: ReasonCode.keepAliveTimeout, message });
    } else {
      this.#send(PINGREQ); // [MQTT-3.1.2-20]
      this.#ping.handlePingSent(now);
    }
  }

  /** The Network Connection is gone. @param error What the transport says, if anything. */
  handleConnectionLost(now: number, error?: unknown): void {
    if (this.#phase === 'closed') return;
    this.#now = now;
    this.#output.clear();
    const why = error instanceof Error ? error.message : 'the server closed it without a word';
    this.#close({ cause: 'lost', reasonCode: ReasonCode.unspecifiedError, message: why, error });
  }

  // --- output ----------------------------------------------------------------------------------------------------------

  /** Bytes that are to be written. */
  get pendingBytes(): number {
    return this.#phase === 'idle' ? 0 : this.#output.byteLength;
  }

  /** Takes what is to be written, in one piece of its own; undefined when there is nothing. */
  takeBytes(): Uint8Array | undefined {
    const byteLength = this.pendingBytes;
    if (byteLength === 0) return undefined;
    const whole = new Uint8Array(byteLength);
    let at = 0;
    const write = (bytes: Uint8Array) => {
      whole.set(bytes, at);
      at += bytes.length;
    };
    this.flushTo({ bufferedBytes: 0, write, writeAll: (segments) => segments.forEach(write) });
    return whole;
  }

  /** Writes what is to be written in one call of `write` or `writeAll`, without a copy of large payloads. */
  flushTo(sink: ByteSink): void {
    if (this.pendingBytes === 0) return;
    this.#output.flushTo(sink);
    this.#ping.handleSent(this.#now);
  }

  // --- requests --------------------------------------------------------------------------------------------------------

  /** Whether another message of QoS 1 or 2 may be published now: connected, and the server's window has room. */
  get hasRoom(): boolean {
    return this.#phase === 'connected' && this.#session.outbound.hasRoom;
  }

  /** Whether a request may be sent now: connected, and a Packet Identifier is free. */
  get canRequest(): boolean {
    return this.#phase === 'connected' && this.#session.outbound.hasPacketId;
  }

  /**
   * Publishes a message. At QoS 1 and 2 only while {@link hasRoom}; `handlePublished` tells the end of the flow. The payload
   * must not change before that, nor at QoS 0 before it is written.
   *
   * @returns The Packet Identifier, 0 at QoS 0.
   * @throws {UsageError} Not connected, no room, or a message that cannot be sent or not to this server.
   */
  publish(message: MessageContent): number {
    return this.#expectConnected().publishing.publish(message);
  }

  /**
   * Subscribes, while {@link canRequest}; `handleSuback` brings the answer.
   *
   * @returns The Packet Identifier of the SUBSCRIBE packet.
   * @throws {UsageError} Not connected, or a request that cannot be sent or not to this server.
   */
  subscribe(subscriptions: readonly SubscriptionRequest[], properties: SubscribeProperties = NO_PROPERTIES): number {
    return this.#expectConnected().requests.subscribe(subscriptions, properties);
  }

  /**
   * Unsubscribes, while {@link canRequest}; `handleUnsuback` brings the answer.
   *
   * @returns The Packet Identifier of the UNSUBSCRIBE packet.
   * @throws {UsageError} Not connected, or a request that cannot be sent.
   */
  unsubscribe(topicFilters: readonly string[], properties: UnsubscribeProperties = NO_PROPERTIES): number {
    return this.#expectConnected().requests.unsubscribe(topicFilters, properties);
  }

  /**
   * The acknowledgement of a message to which `handlePublish` had answered `LATER`. Acknowledgements leave in the order of
   * the messages [MQTT-4.6.0-2] [MQTT-4.6.0-3], so this one waits for those before it.
   *
   * A QoS 2 message may be accepted on any connection of its session, also after the one that brought it; not once
   * `handleConnected` has said that the session is a new one. One of QoS 1 only on the connection that brought it: on the next
   * one the server sends it again.
   *
   * @param reasonCode Below 0x80 the message is this side's now; from 0x80 on it is refused. Below 5.0 refusals do not exist
   *   and nothing tells the server.
   */
  acceptPublish(qos: 1 | 2, packetId: number, reasonCode: ReasonCode = ReasonCode.success): void {
    if (this.#established !== undefined) this.#established.receiving.accept(qos, packetId, reasonCode);
    else if (qos === 2 && reasonCode < FIRST_FAILURE) this.#session.inbound.accept(packetId);
    else if (qos === 2) this.#session.inbound.refuse(packetId);
  }

  /**
   * Sends the client's next step of enhanced authentication (section 4.12) [MQTT-4.12.0-3].
   *
   * @throws {UsageError} CONNECT had no Authentication Method, or the connection is closed.
   */
  continueAuthentication(properties: ClientAuthProperties = NO_PROPERTIES): void {
    if (!this.#isOpen) throw notConnected();
    this.#send(this.#authentication.proceed(properties));
  }

  /**
   * Authenticates again on a connection that stands (section 4.12.1); steps of the server come through `handleAuth`.
   *
   * @throws {UsageError} Not connected, or CONNECT had no Authentication Method.
   */
  reAuthenticate(properties: ClientAuthProperties = NO_PROPERTIES): void {
    this.#expectConnected();
    this.#send(this.#authentication.begin(properties));
  }

  /**
   * Ends the connection. With `disconnectWithWillMessage` the server publishes the will; below 5.0 that is said by saying
   * nothing.
   *
   * @throws {UsageError} A Session Expiry Interval although CONNECT had none: the session has ended already.
   */
  disconnect(
    reasonCode: ReasonCode = ReasonCode.normalDisconnection,
    properties: DisconnectProperties = NO_PROPERTIES,
  ): void {
    if (this.#phase === 'closed') return;
    if ((properties.sessionExpiryInterval ?? 0) > 0 && !this.#connect.properties.sessionExpiryInterval) {
      const message = 'the session ends with its connection: CONNECT had no Session Expiry Interval';
      throw new UsageError('session-expiry-not-allowed', message);
    }
    if (this.#phase !== 'idle') this.#sendDisconnect(reasonCode, properties);
    this.#close({ cause: 'ended', reasonCode, message: 'the client disconnected' });
  }

  // --- packets ---------------------------------------------------------------------------------------------------------

  #readPacket(bytes: Uint8Array, start: number, bodyStart: number, end: number): ProtocolFault | undefined {
    const firstByte = bytes[start] as number;
    const established = this.#established;
    if (established !== undefined && firstByte >> 4 === PacketType.publish) {
      return established.receiving.handlePublish(this.#publishReader.read(bytes, start, bodyStart, end));
    }
    const packet = decodeServerPacket(firstByte, bytes, bodyStart, end, this.#connect.protocolVersion);
    if (established === undefined) return this.#handleUnconnected(packet);
    if (packet.type === PacketType.pingresp) {
      this.#ping.handlePingresp();
      return undefined;
    }
    return dispatch(packet, established, this.#owner, this.#handleRare);
  }

  #handleUnconnected(packet: Packet): ProtocolFault | undefined {
    if (packet.type === PacketType.connack) return this.#handleConnack(packet);
    if (packet.type === PacketType.auth) return this.#handleAuth(packet);
    return protocolFault(`expected CONNACK as the first packet, ${packetTypeName(packet.type)} came [MQTT-3.2.0-1]`);
  }

  /** What belongs to no flow and no request. */
  readonly #handleRare = (packet: Packet): ProtocolFault | undefined => {
    if (packet.type === PacketType.auth) return this.#handleAuth(packet);
    if (packet.type === PacketType.disconnect && this.#connect.protocolVersion === 5) {
      const { reasonCode, properties } = packet;
      const message = withReason('the server disconnected', properties);
      this.#close({ cause: 'disconnected', reasonCode, message, disconnect: packet });
      return undefined;
    }
    if (packet.type === PacketType.connack) return protocolFault('a second CONNACK came [MQTT-3.2.0-2]');
    return protocolFault(`${packetTypeName(packet.type)} came, which a server does not send`);
  };

  #handleConnack(connack: ConnackPacket): ProtocolFault | undefined {
    const { reasonCode, properties } = connack;
    if (reasonCode >= FIRST_FAILURE) {
      const message = withReason('the server refused the connection', properties);
      this.#close({ cause: 'refused', reasonCode, message, connack });
      return undefined;
    }
    const agreement = agree(this.#connect, connack);
    if ('message' in agreement) return agreement;
    this.#establish(agreement);
    return undefined;
  }

  #establish(agreement: Agreement): void {
    const { outbound } = this.#session;
    const lost = agreement.sessionPresent ? [] : [...outbound.inFlight].map((each) => ({ ...each }));
    if (!agreement.sessionPresent) this.#session.clear(); // [MQTT-3.2.2-5] [MQTT-3.1.2-4]
    this.#established = establish(agreement, {
      connect: this.#connect,
      topicAliases: this.#topicAliases,
      session: this.#session,
      output: this.#output,
      owner: this.#owner,
    });
    const { publishing } = this.#established;
    this.#phase = 'connected';
    this.#ping.start(agreement.keepAlive, this.#pingrespTimeout(agreement), this.#now);
    outbound.handleConnected(Math.min(agreement.receiveMaximum, this.#maximumInFlight));
    this.#owner.handleConnected(agreement, lost);
    publishing.resend();
    if (this.#phase === 'connected') this.#owner.handleWindow();
  }

  #pingrespTimeout({ keepAlive }: Agreement): number {
    return keepAlive === 0 ? this.#pingrespTimeoutMs : Math.min(this.#pingrespTimeoutMs, keepAlive * 1000);
  }

  #handleAuth(packet: AuthPacket): ProtocolFault | undefined {
    const fault = this.#authentication.check(packet, this.#phase === 'connecting');
    if (fault === undefined) this.#owner.handleAuth(packet);
    return fault;
  }

  // --- the end ---------------------------------------------------------------------------------------------------------

  get #isOpen(): boolean {
    return this.#phase === 'connecting' || this.#phase === 'connected';
  }

  #expectConnected(): Established {
    if (this.#established === undefined || this.#phase !== 'connected') throw notConnected();
    return this.#established;
  }

  /** The server broke the wire format or the rules: a 5.0 server is told why [MQTT-4.13.2-1]. */
  #fail({ reasonCode, message }: ProtocolFault): void {
    if (this.#phase === 'closed') return;
    if (this.#connect.protocolVersion === 5) this.#sendDisconnect(reasonCode, NO_PROPERTIES);
    this.#close({ cause: 'fault', reasonCode, message });
  }

  #sendDisconnect(reasonCode: ReasonCode, properties: DisconnectProperties): void {
    if (this.#connect.protocolVersion !== 5 && reasonCode !== ReasonCode.normalDisconnection) return;
    this.#send({ type: PacketType.disconnect, reasonCode, properties });
  }

  #close(closing: ClientClosing): void {
    if (this.#phase === 'closed') return;
    if (this.#phase === 'idle') this.#output.clear();
    this.#phase = 'closed';
    this.#session.handleDisconnected();
    this.#established?.receiving.close();
    this.#established?.acknowledgements.close();
    this.#established = undefined;
    this.#owner.handleClosing(closing);
  }

  #send(packet: Packet): void {
    const bytes = encodeClientPacket(packet, this.#connect.protocolVersion);
    this.#output.appendRange(bytes, 0, bytes.length);
  }
}

function withReason(text: string, { reasonString }: Properties): string {
  return reasonString === undefined ? text : `${text}: ${reasonString}`;
}

function notConnected(): UsageError {
  return new UsageError('not-connected', 'there is no connection with the server');
}
