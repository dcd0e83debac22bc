import {
  type AcknowledgementPacket,
  type AcknowledgementType,
  type ConnackPacket,
  type Packet,
  PacketType,
  type ProtocolVersion,
  type PublishProperties,
  type QoS,
  type SubscribeProperties,
  type SubscriptionRequest,
} from '@busbar/codec';
import type { ToolSettings } from '../tool/tool-settings.ts';
import { ofType, ProbeConnection } from './probe-connection.ts';

/** What CONNECT is to say beside what the options say. */
export interface ProbeConnect {
  readonly version: ProtocolVersion;
  readonly clientIdentifier?: string;
  readonly cleanStart?: boolean;
  readonly sessionExpiryInterval?: number;
}

/** A connection on which CONNECT was said, and what the server answered. */
export interface ProbeSession {
  readonly connection: ProbeConnection;
  /** Undefined: the server hung up, or said nothing. */
  readonly connack: ConnackPacket | undefined;
  /** From CONNECT to CONNACK. */
  readonly connackMs: number;
}

/** A name that nobody else uses. */
export function newName(): string {
  return `busbar-probe-${Math.random().toString(36).slice(2, 10)}`;
}

/** Connects with the options' user and password. @throws {DialFailure} */
export async function openSession(settings: ToolSettings, connect: ProbeConnect): Promise<ProbeSession> {
  const { version, clientIdentifier = newName(), cleanStart = true, sessionExpiryInterval } = connect;
  const connection = await ProbeConnection.open(settings, version);
  const startedAt = performance.now();
  connection.send({
    type: PacketType.connect,
    protocolVersion: version,
    bridge: false,
    cleanStart,
    keepAlive: 60,
    clientIdentifier,
    will: undefined,
    userName: settings.userName,
    password: settings.password === undefined ? undefined : Buffer.from(settings.password),
    properties:
      version === 5
        ? { topicAliasMaximum: 10, ...(sessionExpiryInterval !== undefined && { sessionExpiryInterval }) }
        : {},
  });
  const connack = await connection.next(ofType(PacketType.connack));
  return { connection, connack, connackMs: performance.now() - startedAt };
}

let lastPacketId = 0;

function nextPacketId(): number {
  lastPacketId = (lastPacketId % 65_535) + 1;
  return lastPacketId;
}

/** Subscribes. @returns The Reason Codes, undefined without an answer. */
export async function subscribe(
  connection: ProbeConnection,
  subscriptions: readonly (Partial<SubscriptionRequest> & { topicFilter: string })[],
  properties: SubscribeProperties = {},
): Promise<readonly number[] | undefined> {
  const packetId = nextPacketId();
  const requests = subscriptions.map((each) => ({
    qos: 2 as const,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0 as const,
    ...each,
  }));
  connection.send({ type: PacketType.subscribe, packetId, subscriptions: requests, properties });
  const isAnswer = (packet: Packet): packet is Extract<Packet, { type: typeof PacketType.suback }> =>
    packet.type === PacketType.suback && packet.packetId === packetId;
  return (await connection.next(isAnswer))?.reasonCodes;
}

/** Publishes. @returns Whether the flow of its QoS came to its end, and with which Reason Code. */
export async function publish(
  connection: ProbeConnection,
  topicName: string,
  payload: string,
  { qos = 0, retain = false, properties = {} }: { qos?: QoS; retain?: boolean; properties?: PublishProperties } = {},
): Promise<number | undefined> {
  const packetId = qos === 0 ? 0 : nextPacketId();
  const bytes = Buffer.from(payload);
  connection.send({
    type: PacketType.publish,
    dup: false,
    qos,
    retain,
    topicName,
    packetId,
    properties,
    payload: bytes,
  });
  if (qos === 0) return 0;
  if (qos === 1) return (await connection.next(acknowledgementOf(PacketType.puback)))?.reasonCode;
  const pubrec = await connection.next(acknowledgementOf(PacketType.pubrec));
  if (pubrec === undefined || pubrec.reasonCode >= 0x80) return pubrec?.reasonCode;
  connection.send({ type: PacketType.pubrel, packetId, reasonCode: 0, properties: {} });
  return (await connection.next(acknowledgementOf(PacketType.pubcomp)))?.reasonCode;
}

/** Whether a packet is an acknowledgement of a type. */
export function acknowledgementOf(type: AcknowledgementType) {
  return (packet: Packet): packet is AcknowledgementPacket => packet.type === type;
}
