import { PacketSplitter } from '@busbar/codec';
import { NONE } from '../session/none.ts';

/** Bytes of a packet still to come from which on it takes its time. */
const LONG_REST = 1_000;
/** Packets between two questions whether it is time for somebody else. */
const STRETCH = 64;

/**
 * What has come from a client and is not read yet: the Control Packets in it one by one, unless somebody holds them back.
 *
 * It is held while somebody takes time for an answer, so that what the client sends keeps its order; and it rests when others
 * are to have their turn, for one chunk may hold a thousand packets.
 */
export class ClientInput {
  readonly splitter: PacketSplitter;
  isHeld = false;
  isResting = false;
  #waiting: Uint8Array[] = NONE;
  #untilQuestion = STRETCH;

  /** @param maximumPacketSize Of the first packet, in bytes. */
  constructor(maximumPacketSize: number) {
    this.splitter = new PacketSplitter(maximumPacketSize);
  }

  /** Whether packets may be read now. */
  get isOpen(): boolean {
    return !this.isHeld && !this.isResting;
  }

  /**
   * Whether much of a packet is still to come. While its client sends one, it can send no PINGREQ: over a slow line, what is
   * longer than one and a half times the Keep Alive would never arrive, however often it is sent again. As with Mosquitto, its
   * bytes count then.
   */
  get isLongPacketUnderWay(): boolean {
    const { announced = 0, arrived = 0 } = this.splitter.unfinished ?? {};
    return announced - arrived > LONG_REST;
  }

  /** Whether something has come behind the packet that is being worked on. */
  get hasMore(): boolean {
    return this.#waiting.length > 0 || !this.splitter.isEmptied;
  }

  /** A chunk that is read when what came before it has been. */
  keep(bytes: Uint8Array): void {
    if (this.#waiting === NONE) this.#waiting = [bytes];
    else this.#waiting.push(bytes);
  }

  /** Finds the next whole packet; it lies where the splitter says. @throws {PacketError} What comes is no packet. */
  next(): boolean {
    if (this.isHeld || this.isResting) return false;
    while (!this.splitter.next()) {
      if (this.#waiting.length === 0) return false;
      const chunk = this.#waiting.shift() as Uint8Array;
      this.splitter.push(chunk);
    }
    return true;
  }

  /**
   * Shows each packet to somebody before it is read. Whoever does not look pays nothing: only this connection gets another
   * {@link next}.
   *
   * @param show Told when the splitter has found one; undefined ends it.
   */
  tap(show: ((splitter: PacketSplitter) => void) | undefined): void {
    const { next } = ClientInput.prototype;
    this.next = next;
    if (show === undefined) return;
    this.next = () => {
      const isFound = next.call(this);
      if (isFound) show(this.splitter);
      return isFound;
    };
  }

  /** A packet has been read. @returns Whether so many have that it is worth asking whether others wait for their turn. */
  handleRead(isLong: boolean): boolean {
    if (!isLong && --this.#untilQuestion > 0) return false;
    this.#untilQuestion = STRETCH;
    return true;
  }

  clear(): void {
    this.#waiting = NONE;
  }
}
