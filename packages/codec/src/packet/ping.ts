import { PacketType } from '../packet-type.ts';

/** PINGREQ (section 3.12): the client is alive and asks whether the server is. */
export interface PingreqPacket {
  readonly type: typeof PacketType.pingreq;
}

/** PINGRESP (section 3.13). */
export interface PingrespPacket {
  readonly type: typeof PacketType.pingresp;
}

export const PINGREQ: PingreqPacket = Object.freeze({ type: PacketType.pingreq });
export const PINGRESP: PingrespPacket = Object.freeze({ type: PacketType.pingresp });
