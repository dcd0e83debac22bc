import assert from 'node:assert/strict';
import {
  type AuthPacket,
  type ConnackProperties,
  decodePacket,
  encodePacket,
  NO_PROPERTIES,
  type Packet,
  PacketSplitter,
  PacketType,
  type ProtocolVersion,
  type PublishPacket,
  type PublishProperties,
  type QoS,
  ReasonCode,
  type SubackPacket,
  type UnsubackPacket,
} from '@busbar/codec';
import { ClientConnection } from '../../src/connection/client-connection.ts';
import type {
  ClientClosing,
  ClientConnectionOwner,
  LostInFlight,
} from '../../src/connection/client-connection-owner.ts';
import type { Agreement, ClientConnectionOptions } from '../../src/connection/client-handshake.ts';
import type { LATER } from '../../src/connection/server-connection-owner.ts';
import type { MessageContent } from '../../src/message/application-message.ts';
import { SessionState } from '../../src/session/session-state.ts';

/** All packets in a piece of a stream. */
export function packetsIn(bytes: Uint8Array | undefined, version: ProtocolVersion): Packet[] {
  const splitter = new PacketSplitter(Number.POSITIVE_INFINITY);
  const packets: Packet[] = [];
  splitter.push(bytes ?? new Uint8Array(0));
  while (splitter.next()) {
    const firstByte = splitter.bytes[splitter.start] ?? 0;
    packets.push(decodePacket(firstByte, splitter.bytes, splitter.bodyStart, splitter.end, version));
  }
  assert.equal(splitter.unfinished, undefined);
  return packets;
}

export function message(topicName: string, qos: QoS, properties: MessageContent['properties'] = NO_PROPERTIES) {
  return { topicName, payload: Uint8Array.of(1, 2, 3), qos, retain: false, properties };
}

export function publishPacket(
  topicName: string,
  qos: QoS,
  packetId: number,
  properties: PublishProperties = NO_PROPERTIES,
  dup = false,
): PublishPacket {
  const payload = Uint8Array.of(7);
  return { type: PacketType.publish, dup, qos, retain: false, topicName, packetId, properties, payload };
}

type AcknowledgementName = 'puback' | 'pubrec' | 'pubrel' | 'pubcomp';

export function acknowledgement(
  type: AcknowledgementName,
  packetId: number,
  reasonCode: ReasonCode = ReasonCode.success,
): Packet {
  return { type: PacketType[type], packetId, reasonCode, properties: NO_PROPERTIES };
}

/** A client's machine, an owner that keeps what it is told, and a hand that plays the server. */
export class ClientHarness implements ClientConnectionOwner {
  readonly version: ProtocolVersion;
  readonly session: SessionState<MessageContent>;
  readonly machine: ClientConnection;
  now = 1_000_000;
  agreements: Agreement[] = [];
  lost: LostInFlight[] = [];
  auths: AuthPacket[] = [];
  published: [number, ReasonCode][] = [];
  received: PublishPacket[] = [];
  subacks: SubackPacket[] = [];
  unsubacks: UnsubackPacket[] = [];
  windows = 0;
  closings: ClientClosing[] = [];
  /** What a message is answered with. */
  answer: ReasonCode | typeof LATER = ReasonCode.success;
  onPublish: ((packet: PublishPacket) => void) | undefined;

  constructor(options: ClientConnectionOptions = {}, session = new SessionState<MessageContent>()) {
    this.version = options.protocolVersion ?? 5;
    this.session = session;
    this.machine = new ClientConnection({ clientIdentifier: 'c', ...options }, this, session);
  }

  /** Makes the connection and answers CONNECT. @returns The CONNECT packet. */
  connect(properties: ConnackProperties = NO_PROPERTIES, sessionPresent = false): Packet {
    this.machine.handleConnectionMade(this.now);
    const [connect] = this.sent();
    this.receive({ type: PacketType.connack, sessionPresent, reasonCode: ReasonCode.success, properties });
    return connect ?? assert.fail('CONNECT is the first packet');
  }

  /** Gives the machine packets of the server, in one chunk. */
  receive(...packets: Packet[]): void {
    const parts = packets.map((packet) => encodePacket(packet, this.version));
    this.receiveBytes(Uint8Array.from(parts.flatMap((part) => [...part])));
  }

  receiveBytes(bytes: Uint8Array): void {
    this.machine.handleBytes(bytes, this.now);
  }

  /** What the machine wants written since the last call. */
  sent(): Packet[] {
    return packetsIn(this.machine.takeBytes(), this.version);
  }

  /** Lets time pass, acting on every deadline in between. */
  advance(ms: number): void {
    const end = this.now + ms;
    while (this.machine.nextDeadline <= end) {
      this.now = Math.max(this.now, this.machine.nextDeadline);
      this.machine.handleTimeout(this.now);
    }
    this.now = end;
  }

  get closing(): ClientClosing {
    assert.equal(this.closings.length, 1, 'closed exactly once');
    return this.closings[0] ?? assert.fail();
  }

  handleConnected(agreement: Agreement, lost: readonly LostInFlight[]): void {
    this.agreements.push(agreement);
    this.lost.push(...lost);
  }

  handleAuth(packet: AuthPacket): void {
    this.auths.push(packet);
  }

  handlePublish(packet: PublishPacket): ReasonCode | typeof LATER {
    this.received.push(packet);
    this.onPublish?.(packet);
    return this.answer;
  }

  handlePublished(packetId: number, reasonCode: ReasonCode): void {
    this.published.push([packetId, reasonCode]);
  }

  handleSuback(packet: SubackPacket): void {
    this.subacks.push(packet);
  }

  handleUnsuback(packet: UnsubackPacket): void {
    this.unsubacks.push(packet);
  }

  handleWindow(): void {
    this.windows++;
  }

  handleClosing(closing: ClientClosing): void {
    this.closings.push(closing);
  }
}
