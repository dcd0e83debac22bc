import { ApplicationMessage, type MessageOrigin } from '@busbar/protocol';
import type { Identity } from '../authorization/identity.ts';
import type { StoredRetained } from '../store/store.ts';
import { TextSlab } from './text-slab.ts';

/** Packets of up to so many bytes rest as text. Of longer ones the bytes themselves count for more than what holds them. */
const LONGEST_TEXT = 256;

const slab = new TextSlab();

/**
 * A message at rest: there may be millions, and hardly one of them is asked for. It is the packet it came in and what that does
 * not say, a third of an {@link ApplicationMessage}.
 *
 * A short packet is kept as a text with a character for each byte: bytes of its own take 200 more, and the collector of garbage
 * has to look into them.
 */
export class RetainedMessage implements StoredRetained, MessageOrigin {
  readonly version5: boolean;
  /** Where the packet does not spell it: it came with a Topic Alias. */
  readonly topicBytes: Uint8Array | undefined;
  readonly publisher: string;
  readonly expiresAt: number;
  readonly source: Identity | undefined;
  readonly #packet: string | Uint8Array;

  /**
   * Copies what it needs of a message, which goes its way.
   *
   * @param source Whose rights it depends on, where somebody asks.
   */
  constructor(message: ApplicationMessage, source: Identity | undefined) {
    const { packet, version5, topicBytes, spellsTopic, publisher, expiresAt } = message.toRecord();
    this.version5 = version5;
    this.topicBytes = spellsTopic ? undefined : new Uint8Array(topicBytes);
    this.publisher = publisher;
    this.expiresAt = expiresAt;
    this.source = source;
    this.#packet = packet.length <= LONGEST_TEXT ? textOf(packet) : new Uint8Array(packet);
  }

  /** Bytes that it counts for. */
  get byteLength(): number {
    return this.#packet.length;
  }

  /** The message, new each time: to be kept or owned if it is to stay. */
  get message(): ApplicationMessage {
    const packet = this.#packet;
    const { version5, topicBytes, publisher, expiresAt } = this;
    if (typeof packet !== 'string')
      return ApplicationMessage.fromRecord({ packet, version5, topicBytes, publisher, expiresAt });
    const start = slab.write(packet);
    return ApplicationMessage.fromPacket(slab.bytes, start, start + packet.length, this);
  }
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}
