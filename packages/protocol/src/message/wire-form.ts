/**
 * A PUBLISH packet encoded in one wire form - 5.0 or below, with or without Packet Identifier - to be shared by all
 * receivers of that form. What differs per receiver is patched in the copy: first byte, Packet Identifier, remaining
 * Message Expiry Interval. All offsets count from `start`.
 *
 *     first byte | Remaining Length | topic | Packet Identifier | Property Length | properties | payload
 *                                     ^topicOffset                                  ^propertiesOffset
 *                                             ^packetIdOffset                                    ^headLength
 */
export interface WireForm {
  bytes: Uint8Array;
  start: number;
  /** Where the bytes of this form end: with the payload, or with the head when {@link isWhole} is false. */
  end: number;
  readonly topicOffset: number;
  /** Where the Packet Identifier is, or would be in a form without. */
  readonly packetIdOffset: number;
  /** Where the value of the Message Expiry Interval is, -1 when there is none. */
  readonly expiryOffset: number;
  readonly propertiesOffset: number;
  /** Everything but the payload, in bytes. */
  readonly headLength: number;
  /** Whether the payload follows the head in these bytes; a large one stays where it is. */
  readonly isWhole: boolean;
  /** The whole packet in bytes, payload included, as Maximum Packet Size counts it. */
  readonly packetSize: number;
}

/** Payloads from this size on are never copied to be sent: they leave from where they lie. */
export const LARGE_PAYLOAD = 16 * 1024;
