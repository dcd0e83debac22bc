import { packet, u16 } from './bytes.ts';
import type { GivenProperties, Version } from './packet-writer.ts';
import { propertyBytes } from './property.ts';

/** What a CONNACK says. */
export interface ConnackFields {
  readonly sessionPresent?: boolean;
  /** Default success; the return code below 5.0. */
  readonly reasonCode?: number;
  readonly properties?: GivenProperties;
}

/** CONNACK (section 3.2). */
export function connack(version: Version, { sessionPresent = false, reasonCode = 0, properties }: ConnackFields = {}) {
  return packet(0x20, sessionPresent ? 1 : 0, reasonCode, version === 5 ? propertyBytes(properties) : []);
}

/** SUBACK (section 3.9). */
export function suback(version: Version, packetId: number, reasonCodes: readonly number[]): Uint8Array {
  return packet(0x90, u16(packetId), version === 5 ? propertyBytes() : [], reasonCodes);
}

/** UNSUBACK (section 3.11). */
export function unsuback(version: Version, packetId: number, reasonCodes: readonly number[]): Uint8Array {
  return version === 5 ? packet(0xb0, u16(packetId), propertyBytes(), reasonCodes) : packet(0xb0, u16(packetId));
}

/** PINGRESP (section 3.13). */
export const PINGRESP = packet(0xd0);
