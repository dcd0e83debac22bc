import {
  type ConnackPacket,
  type DisconnectPacket,
  decodePacket,
  FIRST_FAILURE,
  type Packet,
  PacketError,
  PacketSplitter,
  PacketType,
  type PublishPacket,
  ReasonCode,
} from '@busbar/codec';
import type { OutgoingMessages } from './outgoing-messages.ts';
import {
  acknowledgementPacket,
  type ConnectContent,
  connectPacket,
  disconnectPacket,
  type PublishContent,
  type Subscription,
  subscribePacket,
  unsubscribePacket,
} from './wire-packets.ts';

const LARGEST_PACKET = 268_435_460;
const PINGREQ = Uint8Array.of(0xc0, 0);

/** Whom a connection tells what happens. */
export interface WireOwner {
  /** Writes to the socket. */
  write(bytes: Uint8Array): void;
  /** A line of `-d`. */
  log(line: string): void;
  handleConnack(connack: ConnackPacket): void;
  /** A message to print; QoS 2 when its PUBREL has come, as mosquitto's tools do it. */
  handleMessage(message: PublishPacket): void;
  /** A message of ours is where it was to go, or refused (0x80 and above). */
  handlePublished(packetId: number, reasonCode: number, reason: string | undefined): void;
  handleSuback(packetId: number, reasonCodes: readonly number[]): void;
  handleUnsuback(packetId: number): void;
  handleDisconnect(disconnect: DisconnectPacket): void;
  /** The server wrote what is no MQTT, or is silent: the connection is of no use any more. */
  handleFault(message: string): void;
}

/**
 * One connection of `pub`, `sub` or `rr`, without I/O: it says on the wire exactly what mosquitto's tools say, in their
 * order. The client library has another one ({@link ClientConnection} in `@busbar/protocol`), which hands QoS 2 messages
 * out as they arrive and chooses the order of properties itself; here both have to be as in libmosquitto.
 */
export class WireConnection {
  readonly #content: ConnectContent;
  readonly #owner: WireOwner;
  readonly #outgoing: OutgoingMessages;
  readonly #splitter = new PacketSplitter(LARGEST_PACKET);
  /** QoS 2 messages between PUBLISH and PUBREL. */
  readonly #incoming: Map<number, PublishPacket>;
  readonly #aliases = new Map<number, string>();
  #name: string;
  #keepAliveMs: number;
  #lastSentAt = 0;
  #lastReceivedAt = 0;
  #pingSentAt: number | undefined;
  #isAccepted = false;
  #isOver = false;
  #now = 0;

  /** @param outgoing What earlier connections have left, and the Packet Identifiers of all of them. */
  constructor(
    content: ConnectContent,
    owner: WireOwner,
    outgoing: OutgoingMessages,
    incoming: Map<number, PublishPacket> = new Map(),
  ) {
    this.#content = content;
    this.#owner = owner;
    this.#outgoing = outgoing;
    this.#incoming = incoming;
    this.#name = content.clientIdentifier || '(null)';
    this.#keepAliveMs = content.keepAlive * 1000;
  }

  /** Whether the server has accepted us. */
  get isAccepted(): boolean {
    return this.#isAccepted;
  }

  open(now: number): void {
    this.#log('sending CONNECT');
    this.#write(connectPacket(this.#content), now);
    this.#lastReceivedAt = now;
  }

  /** When {@link handleTimeout} is due, in milliseconds of the clock that `now` comes from. */
  get nextDeadline(): number {
    if (!this.#isAccepted || this.#isOver || this.#keepAliveMs === 0) return Number.POSITIVE_INFINITY;
    if (this.#pingSentAt !== undefined) return this.#pingSentAt + this.#keepAliveMs;
    return Math.min(this.#lastSentAt, this.#lastReceivedAt) + this.#keepAliveMs;
  }

  handleTimeout(now: number): void {
    if (now < this.nextDeadline) return;
    if (this.#pingSentAt !== undefined) {
      this.#fail('the server does not answer to PINGREQ');
      return;
    }
    this.#log('sending PINGREQ');
    this.#write(PINGREQ, now);
    this.#pingSentAt = now;
  }

  handleBytes(bytes: Uint8Array, now: number): void {
    // Bytes come until the socket is closed, and nothing takes them out of the splitter any more.
    if (this.#isOver) return;
    this.#now = now;
    this.#lastReceivedAt = now;
    const splitter = this.#splitter;
    splitter.push(bytes);
    try {
      while (!this.#isOver && splitter.next()) {
        const { bytes: all, start, bodyStart, end } = splitter;
        this.#handlePacket(decodePacket(all[start] ?? 0, all, bodyStart, end, this.#content.version));
      }
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      this.#fail(error.message);
    }
  }

  /**
   * Publishes, or queues until the server's window has room.
   *
   * @returns The number that the message has in the log and, above QoS 0, on the wire.
   */
  publish(content: PublishContent, now: number): number {
    const packetId = this.#outgoing.takePacketId();
    this.#now = now;
    const message = this.#outgoing.add(packetId, content, this.#content.version);
    if (message === undefined) return packetId;
    this.#logPublish(packetId, content, false);
    this.#write(message, now);
    return packetId;
  }

  /** All Topic Filters in one packet. @returns Its Packet Identifier. */
  subscribe(subscriptions: readonly Subscription[], properties: Uint8Array, now: number): number {
    const packetId = this.#outgoing.takePacketId();
    for (const { topicFilter, options } of subscriptions) {
      const shown = this.#content.version === 5 ? `0x${(options & ~0b11).toString(16).padStart(2, '0')}` : '0x00';
      this.#log(`sending SUBSCRIBE (Mid: ${packetId}, Topic: ${topicFilter}, QoS: ${options & 3}, Options: ${shown})`);
    }
    this.#write(subscribePacket(this.#content.version, packetId, subscriptions, properties), now);
    return packetId;
  }

  unsubscribe(topicFilter: string, properties: Uint8Array, now: number): number {
    const packetId = this.#outgoing.takePacketId();
    this.#log(`sending UNSUBSCRIBE (Mid: ${packetId}, Topic: ${topicFilter})`);
    this.#write(unsubscribePacket(this.#content.version, packetId, topicFilter, properties), now);
    return packetId;
  }

  /** Looks at nothing more that comes. */
  stop(): void {
    this.#isOver = true;
  }

  /** Says goodbye; whoever owns the socket ends it. */
  disconnect(reasonCode: number, properties: Uint8Array, now: number): void {
    if (this.#isOver) return;
    this.#log('sending DISCONNECT');
    this.#write(disconnectPacket(this.#content.version, reasonCode, properties), now);
    this.#isOver = true;
  }

  #handlePacket(packet: Packet): void {
    switch (packet.type) {
      case PacketType.connack:
        return this.#handleConnack(packet);
      case PacketType.publish:
        return this.#handlePublish(packet);
      case PacketType.puback:
        this.#log(`received PUBACK (Mid: ${packet.packetId}, RC:${packet.reasonCode})`);
        return this.#finish(packet.packetId, packet.reasonCode, packet.properties.reasonString);
      case PacketType.pubrec:
        return this.#handlePubrec(packet.packetId, packet.reasonCode, packet.properties.reasonString);
      case PacketType.pubrel:
        return this.#handlePubrel(packet.packetId);
      case PacketType.pubcomp:
        this.#log(`received PUBCOMP (Mid: ${packet.packetId}, RC:${packet.reasonCode})`);
        return this.#finish(packet.packetId, packet.reasonCode, packet.properties.reasonString);
      case PacketType.suback:
        this.#log('received SUBACK');
        return this.#owner.handleSuback(packet.packetId, packet.reasonCodes);
      case PacketType.unsuback:
        this.#log('received UNSUBACK');
        return this.#owner.handleUnsuback(packet.packetId);
      case PacketType.pingresp:
        this.#log('received PINGRESP');
        this.#pingSentAt = undefined;
        return;
      case PacketType.disconnect:
        this.#owner.log(`Received DISCONNECT (${packet.reasonCode})`);
        this.#isOver = true;
        return this.#owner.handleDisconnect(packet);
      default:
        return this.#fail('the server sent a packet that only clients send');
    }
  }

  #handleConnack(connack: ConnackPacket): void {
    if (this.#isAccepted) return this.#fail('the server sent a second CONNACK');
    const { properties, reasonCode } = connack;
    if (properties.assignedClientIdentifier !== undefined) this.#name = properties.assignedClientIdentifier;
    this.#log(`received CONNACK (${connackNumber(connack, this.#content.version)})`);
    this.#isAccepted = reasonCode === ReasonCode.success;
    if (this.#isAccepted) {
      if (properties.serverKeepAlive !== undefined) this.#keepAliveMs = properties.serverKeepAlive * 1000;
      this.#outgoing.limitTo(properties.receiveMaximum ?? 65_535);
      if (!connack.sessionPresent) this.#incoming.clear(); // their PUBREL will not come [MQTT-3.2.2-5]
    }
    this.#owner.handleConnack(connack);
    if (this.#isAccepted) this.#resend();
  }

  /** What an earlier connection left unfinished, before anything new [MQTT-4.4.0-1]. */
  #resend(): void {
    for (const { packetId, content, bytes } of this.#outgoing.unfinished()) {
      if (content === undefined) this.#log(`sending PUBREL (m${packetId})`);
      else this.#logPublish(packetId, content, true);
      this.#write(bytes, this.#now);
    }
    this.#sendQueued();
  }

  #handlePublish(packet: PublishPacket): void {
    const { packetId, qos, retain, dup, payload } = packet;
    const message = this.#resolveAlias(packet);
    if (message === undefined) return;
    const flags = `d${Number(dup)}, q${qos}, r${Number(retain)}, m${packetId}`;
    this.#log(`received PUBLISH (${flags}, '${message.topicName}', ... (${payload.length} bytes))`);
    if (qos === 1) {
      this.#log(`sending PUBACK (m${packetId}, rc0)`);
      this.#write(acknowledgementPacket(0x40, packetId), this.#now);
    }
    if (qos !== 2) return this.#owner.handleMessage(message);
    // It stays here until PUBREL, longer than the bytes that it came in.
    if (!this.#incoming.has(packetId)) this.#incoming.set(packetId, { ...message, payload: payload.slice() });
    this.#log(`sending PUBREC (m${packetId}, rc0)`);
    this.#write(acknowledgementPacket(0x50, packetId), this.#now);
  }

  #resolveAlias(packet: PublishPacket): PublishPacket | undefined {
    const { topicAlias } = packet.properties;
    if (topicAlias === undefined) return packet;
    if (packet.topicName !== '') {
      this.#aliases.set(topicAlias, packet.topicName);
      return packet;
    }
    const topicName = this.#aliases.get(topicAlias);
    if (topicName !== undefined) return { ...packet, topicName };
    this.#fail(`Topic Alias ${topicAlias} stands for no Topic Name`);
    return undefined;
  }

  #handlePubrel(packetId: number): void {
    this.#log(`received PUBREL (Mid: ${packetId})`);
    const message = this.#incoming.get(packetId);
    this.#incoming.delete(packetId);
    this.#log(`sending PUBCOMP (m${packetId})`);
    this.#write(acknowledgementPacket(0x70, packetId), this.#now);
    if (message !== undefined) this.#owner.handleMessage(message);
  }

  #handlePubrec(packetId: number, reasonCode: number, reason: string | undefined): void {
    this.#log(`received PUBREC (Mid: ${packetId})`);
    if (reasonCode >= FIRST_FAILURE) return this.#finish(packetId, reasonCode, reason);
    this.#outgoing.handlePubrec(packetId);
    this.#log(`sending PUBREL (m${packetId})`);
    this.#write(acknowledgementPacket(0x62, packetId), this.#now);
  }

  #finish(packetId: number, reasonCode: number, reason: string | undefined): void {
    if (!this.#outgoing.remove(packetId)) return;
    this.#owner.handlePublished(packetId, reasonCode, reason);
    this.#sendQueued();
  }

  #sendQueued(): void {
    for (let next = this.#outgoing.takeQueued(); next !== undefined; next = this.#outgoing.takeQueued()) {
      if (this.#isOver) return;
      this.#logPublish(next.packetId, next.content, false);
      this.#write(next.bytes, this.#now);
    }
  }

  #logPublish(packetId: number, { qos, retain, topicName, payload }: PublishContent, dup: boolean): void {
    const flags = `d${Number(dup)}, q${qos}, r${Number(retain)}, m${packetId}`;
    this.#log(`sending PUBLISH (${flags}, '${topicName || '(null)'}', ... (${payload.length} bytes))`);
  }

  #log(what: string): void {
    this.#owner.log(`Client ${this.#name} ${what}`);
  }

  #write(bytes: Uint8Array, now: number): void {
    this.#now = now;
    this.#lastSentAt = now;
    this.#owner.write(bytes);
  }

  #fail(message: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#owner.handleFault(message);
  }
}

/** The return codes of 3.1.1's CONNACK (section 3.2.2.3), by the Reason Codes that mean the same. */
const RETURN_CODES: ReadonlyMap<number, number> = new Map([
  [ReasonCode.success, 0],
  [ReasonCode.unsupportedProtocolVersion, 1],
  [ReasonCode.clientIdentifierNotValid, 2],
  [ReasonCode.serverUnavailable, 3],
  [ReasonCode.badUserNameOrPassword, 4],
  [ReasonCode.notAuthorized, 5],
]);

/** What a CONNACK said on the wire, which is also the exit code: the Reason Code in 5.0, the return code below. */
export function connackNumber({ reasonCode }: ConnackPacket, version: 3 | 4 | 5): number {
  return version === 5 ? reasonCode : (RETURN_CODES.get(reasonCode) ?? reasonCode);
}
