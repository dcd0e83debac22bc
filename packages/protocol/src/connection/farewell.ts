import {
  type ConnackPacket,
  type ConnackProperties,
  type DisconnectPacket,
  type DisconnectProperties,
  FIRST_FAILURE,
  isReasonCodeOf,
  type Packet,
  PacketType,
  ReasonCode,
} from '@busbar/codec';

/** The CONNACK that refuses a client (section 3.2.2.2). */
export function refusalOf(reasonCode: ReasonCode, properties: ConnackProperties): ConnackPacket {
  const { connack: type } = PacketType;
  return { type, sessionPresent: false, reasonCode: sayable(type, reasonCode), properties };
}

/** The DISCONNECT that lets a client go (section 3.14). */
export function farewellOf(reasonCode: ReasonCode, properties: DisconnectProperties): DisconnectPacket {
  const { disconnect: type } = PacketType;
  return { type, reasonCode: sayable(type, reasonCode), properties };
}

/** The Reason Code as this packet may carry it: programs that authenticate clients may answer with any [MQTT-3.2.2-8] [MQTT-3.14.2-1]. */
function sayable(type: PacketType, reasonCode: ReasonCode): ReasonCode {
  return isReasonCodeOf(type, reasonCode) ? reasonCode : ReasonCode.unspecifiedError;
}

/** What ends the connection in any case, whether the client is told or not. */
export function isFarewell(packet: Packet): boolean {
  if (packet.type === PacketType.disconnect) return true;
  return packet.type === PacketType.connack && packet.reasonCode >= FIRST_FAILURE;
}
