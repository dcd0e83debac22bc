import type { Packet, ProtocolVersion } from '@busbar/codec';
import { hex } from '../hex.ts';

/** Bytes of a whole packet and what they say, written by hand from the standard. */
export interface PacketVector {
  readonly name: string;
  /** What the connection has agreed upon. */
  readonly version: ProtocolVersion;
  readonly bytes: Uint8Array;
  readonly packet: Packet;
  /** Whether the bytes are the form in which the packet is sent; any other form is only understood. */
  readonly canonical: boolean;
}

export const MQTT_31 = 3;
export const MQTT_311 = 4;
export const MQTT_5 = 5;
export const EVERY_VERSION = [MQTT_31, MQTT_311, MQTT_5] as const;

/** A packet in the form in which it is sent; the bytes in the notation of {@link hex}. */
export function vector(name: string, version: ProtocolVersion, notation: string, packet: Packet): PacketVector {
  return { name, version, bytes: hex(notation), packet, canonical: true };
}

/** A packet in a form that is understood and never sent. */
export function understood(name: string, version: ProtocolVersion, notation: string, packet: Packet): PacketVector {
  return { name, version, bytes: hex(notation), packet, canonical: false };
}
