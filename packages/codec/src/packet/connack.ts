import type { ByteReader } from '../byte-reader.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { malformed, protocolError } from '../packet-error.ts';
import { PacketType, type ProtocolVersion } from '../packet-type.ts';
import type { Properties } from '../property.ts';
import { readProperties, writeProperties } from '../property-set.ts';
import { connectReturnCodeOf, FIRST_FAILURE, type ReasonCode, reasonCodeOfConnectReturnCode } from '../reason-code.ts';
import { readReasonCode, writeReasonCode } from './packet-reason.ts';

export type ConnackProperties = Pick<
  Properties,
  | 'sessionExpiryInterval'
  | 'receiveMaximum'
  | 'maximumQoS'
  | 'retainAvailable'
  | 'maximumPacketSize'
  | 'assignedClientIdentifier'
  | 'topicAliasMaximum'
  | 'reasonString'
  | 'userProperties'
  | 'wildcardSubscriptionAvailable'
  | 'subscriptionIdentifiersAvailable'
  | 'sharedSubscriptionAvailable'
  | 'serverKeepAlive'
  | 'responseInformation'
  | 'serverReference'
  | 'authenticationMethod'
  | 'authenticationData'
>;

/** CONNACK (section 3.2): the server's answer to CONNECT. 3.1.1's return codes come as the Reason Codes that mean the same. */
export interface ConnackPacket {
  readonly type: typeof PacketType.connack;
  readonly sessionPresent: boolean;
  readonly reasonCode: ReasonCode;
  /** Empty below 5.0. */
  readonly properties: Readonly<ConnackProperties>;
}

/** Return code of 3.1.1 for a refusal that it has no word for: server unavailable. */
const SERVER_UNAVAILABLE = 3;

/** Decodes what follows the fixed header of a CONNACK packet. @throws {PacketError} The bytes are not a CONNACK packet. */
export function decodeConnack(reader: ByteReader, version: ProtocolVersion): ConnackPacket {
  const flags = reader.readByte('the Connect Acknowledge Flags');
  // 3.1 does not use this byte (its section 3.2).
  if (version !== 3 && flags > 1) throw malformed('reserved Connect Acknowledge Flags are set', 'MQTT-3.2.2-1');
  // A server that knows only earlier versions refuses 5.0 with a packet of its own [MQTT311-3.1.2-2].
  const form = reader.remaining === 1 && reader.bytes[reader.end - 1] ? 4 : version;
  const reasonCode = form === 5 ? readReasonCode(reader, PacketType.connack) : readReturnCode(reader);
  const properties = readProperties(reader, PacketType.connack, form);
  reader.expectEnd('CONNACK');
  const sessionPresent = (flags & 1) !== 0 && version !== 3;
  if (sessionPresent && reasonCode) throw protocolError('a refusing CONNACK has Session Present set', 'MQTT-3.2.2-6');
  return { type: PacketType.connack, sessionPresent, reasonCode, properties };
}

function readReturnCode(reader: ByteReader): ReasonCode {
  const returnCode = reader.readByte('the Connect Return Code');
  const reasonCode = reasonCodeOfConnectReturnCode(returnCode);
  if (reasonCode === undefined) throw protocolError(`CONNACK has return code ${returnCode}, 0 to 5 exist`);
  return reasonCode;
}

/** Encodes what follows the fixed header of a CONNACK packet. @throws {UsageError} Values that MQTT cannot carry. */
export function encodeConnack(writer: ByteWriter, packet: ConnackPacket, version: ProtocolVersion): void {
  writer.writeByte(packet.sessionPresent && version !== 3 && packet.reasonCode < FIRST_FAILURE ? 1 : 0); // [MQTT-3.2.2-6]
  if (version === 5) {
    writeReasonCode(writer, PacketType.connack, packet.reasonCode);
    writeProperties(writer, PacketType.connack, packet.properties, version);
  } else {
    writer.writeByte(connectReturnCodeOf(packet.reasonCode) ?? SERVER_UNAVAILABLE);
  }
}
