/** A message as a store keeps it: the packet it came in, and what that does not say. */
export interface MessageRecord {
  /** The whole PUBLISH packet, as it came. */
  readonly packet: Uint8Array;
  /** Whether the packet is one of 5.0. */
  readonly version5: boolean;
  /** The Topic Name in UTF-8. */
  readonly topicBytes: Uint8Array;
  /** Whether the packet itself spells the Topic Name, so that nobody has to keep it twice. */
  readonly spellsTopic: boolean;
  /** The Client Identifier of the publisher; `''` for the broker's own messages. */
  readonly publisher: string;
  /** Milliseconds of the broker's clock at which it expires; Infinity for never. */
  readonly expiresAt: number;
}

/** What has to be known beside a packet to make its message again; see {@link MessageRecord}. */
export interface MessageOrigin extends Omit<MessageRecord, 'packet' | 'topicBytes' | 'spellsTopic'> {
  /** Undefined where the packet spells the Topic Name. */
  readonly topicBytes: Uint8Array | undefined;
}
