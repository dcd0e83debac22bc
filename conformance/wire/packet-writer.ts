import { binary, bytesOf, type Part, packet, text, u16 } from './bytes.ts';
import { type Properties, propertyBytes } from './property.ts';

export type Version = 3 | 4 | 5;
export type QoS = 0 | 1 | 2;

/** First bytes of the packets that a client sends, with the flags that the standard wants. */
export const FIRST_BYTE = {
  CONNECT: 0x10,
  PUBLISH: 0x30,
  PUBACK: 0x40,
  PUBREC: 0x50,
  PUBREL: 0x62,
  PUBCOMP: 0x70,
  SUBSCRIBE: 0x82,
  UNSUBSCRIBE: 0xa2,
  PINGREQ: 0xc0,
  DISCONNECT: 0xe0,
  AUTH: 0xf0,
} as const;

/** Given by name, or as the bytes behind the Property Length. */
export type GivenProperties = Properties | Uint8Array;

export interface WillFields {
  readonly topic: string | Uint8Array;
  readonly payload?: string | Uint8Array;
  readonly qos?: number;
  readonly retain?: boolean;
  readonly properties?: GivenProperties;
}

export interface ConnectFields {
  readonly version: Version;
  readonly clientId: string | Uint8Array;
  /** Clean Session below 5.0. Default true. */
  readonly cleanStart?: boolean;
  /** Seconds; default 60. */
  readonly keepAlive?: number;
  readonly properties?: GivenProperties;
  readonly will?: WillFields;
  readonly userName?: string | Uint8Array;
  readonly password?: string | Uint8Array;
  /** Instead of what the version says. */
  readonly protocolName?: string;
  readonly level?: number;
  /** Instead of what the other fields say. */
  readonly flags?: number;
}

/** CONNECT (section 3.1). */
export function connect(fields: ConnectFields): Uint8Array {
  const { version, clientId, keepAlive = 60, properties, will, userName, password } = fields;
  const name = fields.protocolName ?? (version === 3 ? 'MQIsdp' : 'MQTT');
  const body: Part[] = [text(name), fields.level ?? version, fields.flags ?? connectFlags(fields), u16(keepAlive)];
  if (version === 5) body.push(propertyBytes(properties));
  body.push(string(clientId));
  if (will !== undefined) {
    if (version === 5) body.push(propertyBytes(will.properties));
    body.push(string(will.topic), string(will.payload ?? ''));
  }
  if (userName !== undefined) body.push(string(userName));
  if (password !== undefined) body.push(string(password));
  return packet(FIRST_BYTE.CONNECT, ...body);
}

/** The Connect Flags that fit the other fields (section 3.1.2.3). */
export function connectFlags({ cleanStart = true, will, userName, password }: Partial<ConnectFields>): number {
  let flags = cleanStart ? 0x02 : 0;
  if (will !== undefined) flags |= 0x04 | ((will.qos ?? 0) << 3) | (will.retain === true ? 0x20 : 0);
  if (password !== undefined) flags |= 0x40;
  if (userName !== undefined) flags |= 0x80;
  return flags;
}

export interface PublishFields {
  readonly version: Version;
  readonly topic: string | Uint8Array;
  readonly payload?: string | Uint8Array;
  readonly qos?: QoS;
  readonly packetId?: number;
  readonly retain?: boolean;
  readonly dup?: boolean;
  readonly properties?: GivenProperties;
}

/** PUBLISH (section 3.3). */
export function publish(fields: PublishFields): Uint8Array {
  const { version, topic, payload = '', qos = 0, packetId = 1, retain = false, dup = false, properties } = fields;
  const flags = (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  const body: Part[] = [string(topic)];
  if (qos > 0) body.push(u16(packetId));
  if (version === 5) body.push(propertyBytes(properties));
  body.push(typeof payload === 'string' ? Buffer.from(payload) : payload);
  return packet(FIRST_BYTE.PUBLISH | flags, ...body);
}

export type AcknowledgementName = 'PUBACK' | 'PUBREC' | 'PUBREL' | 'PUBCOMP';

/** PUBACK, PUBREC, PUBREL, PUBCOMP (sections 3.4 to 3.7); without a Reason Code in the shortest form. */
export function acknowledgement(
  name: AcknowledgementName,
  packetId: number,
  reasonCode?: number,
  properties?: GivenProperties,
): Uint8Array {
  const body: Part[] = [u16(packetId)];
  if (reasonCode !== undefined) body.push(reasonCode);
  if (properties !== undefined) body.push(propertyBytes(properties));
  return packet(FIRST_BYTE[name], ...body);
}

export interface SubscriptionFields {
  readonly filter: string | Uint8Array;
  readonly qos?: number;
  readonly noLocal?: boolean;
  readonly retainAsPublished?: boolean;
  readonly retainHandling?: number;
  /** Instead of what the other fields say. */
  readonly options?: number;
}

export interface SubscribeFields {
  readonly version: Version;
  readonly packetId: number;
  readonly subscriptions: readonly SubscriptionFields[];
  readonly properties?: GivenProperties;
}

/** SUBSCRIBE (section 3.8). */
export function subscribe({ version, packetId, subscriptions, properties }: SubscribeFields): Uint8Array {
  const body: Part[] = [u16(packetId)];
  if (version === 5) body.push(propertyBytes(properties));
  for (const each of subscriptions) {
    const { qos = 0, noLocal = false, retainAsPublished = false, retainHandling = 0 } = each;
    const options = qos | (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | (retainHandling << 4);
    body.push(string(each.filter), each.options ?? options);
  }
  return packet(FIRST_BYTE.SUBSCRIBE, ...body);
}

export interface UnsubscribeFields {
  readonly version: Version;
  readonly packetId: number;
  readonly filters: readonly (string | Uint8Array)[];
  readonly properties?: GivenProperties;
}

/** UNSUBSCRIBE (section 3.10). */
export function unsubscribe({ version, packetId, filters, properties }: UnsubscribeFields): Uint8Array {
  const head = version === 5 ? bytesOf(u16(packetId), propertyBytes(properties)) : u16(packetId);
  return packet(FIRST_BYTE.UNSUBSCRIBE, head, ...filters.map(string));
}

/** PINGREQ (section 3.12). */
export const PINGREQ = packet(FIRST_BYTE.PINGREQ);

/** DISCONNECT (section 3.14); without a Reason Code in the shortest form, which is the only one below 5.0. */
export function disconnect(reasonCode?: number, properties?: GivenProperties): Uint8Array {
  const body: Part[] = [];
  if (reasonCode !== undefined) body.push(reasonCode);
  if (properties !== undefined) body.push(propertyBytes(properties));
  return packet(FIRST_BYTE.DISCONNECT, ...body);
}

/** AUTH (section 3.15). */
export function auth(reasonCode: number, properties?: GivenProperties): Uint8Array {
  return packet(FIRST_BYTE.AUTH, reasonCode, propertyBytes(properties));
}

function string(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? text(value) : binary(value);
}
