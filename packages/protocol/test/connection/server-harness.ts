import assert from 'node:assert/strict';
import {
  type AuthPacket,
  type ConnectPacket,
  decodeUtf8,
  encodePacket,
  NO_PROPERTIES,
  type Packet,
  type ProtocolVersion,
  type PublishView,
  type QoS,
  ReasonCode,
  type SubscribePacket,
  type UnsubscribePacket,
} from '@busbar/codec';
import { connectPacket } from '@busbar/testkit';
import type { Closing } from '../../src/connection/closing.ts';
import { BlockPool } from '../../src/connection/output-buffer.ts';
import { ServerConnection } from '../../src/connection/server-connection.ts';
import type {
  LATER,
  ServerConnectionLimits,
  ServerConnectionOwner,
} from '../../src/connection/server-connection-owner.ts';
import type { Delivery } from '../../src/message/delivery.ts';
import { SessionState } from '../../src/session/session-state.ts';
import { writtenPackets } from './written.ts';

export const LIMITS: ServerConnectionLimits = {
  connectTimeoutMs: 10_000,
  maximumPacketSize: 1_000_000,
  receiveMaximum: 10,
  maximumQoS: 2,
  retainAvailable: true,
  topicAliasMaximum: 5,
  outboundTopicAliasMaximum: 5,
  maximumInFlight: 100,
};

/** A message that a client published, as the owner was shown it. */
export interface Published {
  readonly topicName: string;
  readonly qos: QoS;
  readonly packetId: number;
  readonly dup: boolean;
  readonly text: string;
}

/** A server's machine, an owner that keeps what it is told, and a hand that plays the client. */
export class ServerHarness implements ServerConnectionOwner {
  readonly machine: ServerConnection;
  now = 1_000_000;
  version: ProtocolVersion;
  session: SessionState<Delivery>;
  connects: ConnectPacket[] = [];
  auths: AuthPacket[] = [];
  published: Published[] = [];
  subscribes: SubscribePacket[] = [];
  unsubscribes: UnsubscribePacket[] = [];
  delivered: [Delivery, ReasonCode][] = [];
  undeliverable: Delivery[] = [];
  completed: number[] = [];
  released: number[] = [];
  /** What the owner says of its store: 0 keeps everything at once. */
  keepMark = 0;
  windows = 0;
  closings: Closing[] = [];
  /** Whether the owner wants the rest of what came to wait. */
  isTurnOver = false;
  /** What the owner does with a CONNECT; by default it waits to be told. */
  onConnect: (packet: ConnectPacket) => void = () => {};
  /** What a PUBLISH is answered with. */
  answer: (published: Published) => ReasonCode | typeof LATER = () => ReasonCode.success;

  constructor(
    version: ProtocolVersion = 5,
    limits: Partial<ServerConnectionLimits> = {},
    session = new SessionState<Delivery>(),
  ) {
    this.version = version;
    this.session = session;
    this.machine = new ServerConnection(this, { ...LIMITS, ...limits }, new BlockPool(), this.now);
  }

  /** Sends CONNECT and accepts it. @returns What the client was sent, CONNACK first. */
  connect(packet: Partial<ConnectPacket> = {}, sessionPresent = false): Packet[] {
    this.onConnect = ({ keepAlive }) => this.accept(keepAlive, sessionPresent);
    this.receive(connectPacket({ protocolVersion: this.version, ...packet }));
    assert.ok(this.machine.isConnected);
    return this.sent();
  }

  accept(keepAlive = 0, sessionPresent = false): void {
    const { session } = this;
    this.machine.acceptConnect({ session, sessionPresent, keepAlive, properties: NO_PROPERTIES }, this.now);
  }

  /** Gives the machine packets of the client, in one chunk. */
  receive(...packets: Packet[]): void {
    this.receiveBytes(new Uint8Array(Buffer.concat(packets.map((packet) => encodePacket(packet, this.version)))));
  }

  receiveBytes(bytes: Uint8Array): void {
    this.machine.handleBytes(bytes, this.now);
  }

  /** What the machine has sent since the last call. */
  sent(): Packet[] {
    return writtenPackets(this.machine.output, this.version);
  }

  /** Lets time pass, acting on every deadline in between. */
  advance(milliseconds: number): void {
    const end = this.now + milliseconds;
    while (this.machine.nextDeadline <= end) {
      this.now = Math.max(this.now, this.machine.nextDeadline);
      this.machine.handleTimeout(this.now);
    }
    this.now = end;
  }

  /** How the connection ended: exactly once. */
  get closing(): Closing {
    assert.equal(this.closings.length, 1, 'closed exactly once');
    assert.equal(this.machine.isClosed, true);
    return this.closings[0] ?? assert.fail();
  }

  handleConnect(packet: ConnectPacket): void {
    this.connects.push(packet);
    this.onConnect(packet);
  }

  handleAuth(packet: AuthPacket): void {
    this.auths.push(packet);
  }

  handlePublish(view: PublishView): ReasonCode | typeof LATER {
    const { qos, packetId, dup, payload } = view;
    const topicName = decodeUtf8(view.topicBytes, view.topicStart, view.topicEnd);
    const published = { topicName, qos, packetId, dup, text: decodeUtf8(payload, 0, payload.length) };
    this.published.push(published);
    return this.answer(published);
  }

  handleSubscribe(packet: SubscribePacket): void {
    this.subscribes.push(packet);
  }

  handleUnsubscribe(packet: UnsubscribePacket): void {
    this.unsubscribes.push(packet);
  }

  handleDelivered(delivery: Delivery, reasonCode: ReasonCode): void {
    this.delivered.push([delivery, reasonCode]);
  }

  handleCompleted(packetId: number): void {
    this.completed.push(packetId);
  }

  handleReleased(packetId: number): void {
    this.released.push(packetId);
  }

  handleUndeliverable(delivery: Delivery): void {
    this.undeliverable.push(delivery);
  }

  handleWindow(): void {
    this.windows++;
  }

  handleClosing(closing: Closing): void {
    this.closings.push(closing);
  }
}
