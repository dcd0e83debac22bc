import { FIRST_FAILURE, PacketType } from '@busbar/codec';

const State = { free: 0, published: 1, released: 2 } as const;

/** What the owner of a window is to do about an acknowledgement. */
export type WindowVerdict = 'acknowledged' | 'refused' | 'release' | 'stray';

/**
 * The Packet Identifiers of one publisher: 1 to the size of its window, each in use by one message from its PUBLISH to its last
 * acknowledgement (sections 4.3.2 and 4.3.3).
 */
export class PacketWindow {
  readonly #states: Uint8Array;
  readonly #free: Uint16Array;
  #freeCount: number;

  constructor(size: number) {
    this.#states = new Uint8Array(size + 1);
    this.#free = Uint16Array.from({ length: size }, (_, at) => size - at);
    this.#freeCount = size;
  }

  /** How many messages may still leave. */
  get room(): number {
    return this.#freeCount;
  }

  /** Whether nothing is under way. */
  get isEmpty(): boolean {
    return this.#freeCount === this.#free.length;
  }

  /** Takes an identifier; there must be {@link room}. */
  take(): number {
    const packetId = this.#free[--this.#freeCount] as number;
    this.#states[packetId] = State.published;
    return packetId;
  }

  /** PUBACK, PUBREC or PUBCOMP came. `release` asks for a PUBREL. */
  handle(type: number, packetId: number, reasonCode: number, qos: number): WindowVerdict {
    const state = this.#states[packetId] ?? State.free;
    if (qos === 1 && type === PacketType.puback && state === State.published) return this.#end(packetId, reasonCode);
    if (qos === 2 && type === PacketType.pubrec && state === State.published) {
      if (reasonCode >= FIRST_FAILURE) return this.#end(packetId, reasonCode);
      this.#states[packetId] = State.released;
      return 'release';
    }
    if (qos === 2 && type === PacketType.pubcomp && state === State.released) return this.#end(packetId, reasonCode);
    return 'stray';
  }

  #end(packetId: number, reasonCode: number): WindowVerdict {
    this.#states[packetId] = State.free;
    this.#free[this.#freeCount++] = packetId;
    return reasonCode >= FIRST_FAILURE ? 'refused' : 'acknowledged';
  }
}
