/** @busbar/codec: bytes to MQTT Control Packets and back, for 3.1, 3.1.1 and 5.0. Pure: no I/O, no clock, no dependency. */
export { ByteReader } from './byte-reader.ts';
export { ByteWriter } from './byte-writer.ts';
export { decodePacket } from './decode.ts';
export { decodeServerPacket } from './decode-from-server.ts';
export { encodePacket } from './encode.ts';
export { encodeClientPacket } from './encode-from-client.ts';
export type {
  AcknowledgementPacket,
  AcknowledgementProperties,
  AcknowledgementType,
} from './packet/acknowledgement.ts';
export type { AuthPacket, AuthProperties } from './packet/auth.ts';
export type { ConnackPacket, ConnackProperties } from './packet/connack.ts';
export type { ConnectPacket, ConnectProperties, WillMessage, WillProperties } from './packet/connect.ts';
export type { DisconnectPacket, DisconnectProperties } from './packet/disconnect.ts';
export type { Packet } from './packet/packet.ts';
export { isReasonCodeOf } from './packet/packet-reason.ts';
export { PINGREQ, PINGRESP, type PingreqPacket, type PingrespPacket } from './packet/ping.ts';
export { DUP, type PublishPacket, type PublishProperties, RETAIN } from './packet/publish.ts';
export type { SubackPacket, SubackProperties } from './packet/suback.ts';
export {
  RetainHandling,
  type SubscribePacket,
  type SubscribeProperties,
  type SubscriptionRequest,
} from './packet/subscribe.ts';
export type { UnsubackPacket, UnsubackProperties } from './packet/unsuback.ts';
export type { UnsubscribePacket, UnsubscribeProperties } from './packet/unsubscribe.ts';
export {
  malformed,
  PacketError,
  type PacketErrorCode,
  packetTooLarge,
  protocolError,
  topicAliasInvalid,
  topicNameInvalid,
  UsageError,
  unsupportedProtocolVersion,
} from './packet-error.ts';
export { PacketSplitter, packetSize } from './packet-splitter.ts';
export { PacketType, type ProtocolVersion, packetTypeName, type QoS } from './packet-type.ts';
export { NO_PROPERTIES, PROPERTIES, type Properties, type PropertyName } from './property.ts';
export { PublishView } from './publish-view.ts';
export { describeReasonCode, FIRST_FAILURE, ReasonCode } from './reason-code.ts';
export { decodeUtf8, utf8ByteLength, utf8Fault, writeUtf8 } from './utf8.ts';
export {
  MAXIMUM_VARIABLE_BYTE_INTEGER,
  variableByteIntegerLength,
  writeVariableByteInteger,
} from './variable-byte-integer.ts';
