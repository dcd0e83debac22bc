import type { ByteSink, ServerConnection } from '@busbar/protocol';
import type { ByteTransport } from '@busbar/transport';
import { Alarm } from '../clock/timer-wheel.ts';
import type { BrokerRooms } from './broker-rooms.ts';
import type { Flushable } from './turn.ts';

/** Whose output it is. */
export interface OutputOwner {
  /** The output of a turn has left: what found no room behind it may find it now. */
  handleFlushed(): void;
  /** It has rested for a turn. */
  handleRested(): void;
}

/** Output that does not wait for the end of the turn. */
const FLUSH_AT = 256 * 1024;

/**
 * What leaves for one client, and whether what comes from it is read: everything that was written in a turn of the event loop
 * leaves in one write, and a client that asks without reading the answers, or has had its share of the turn, waits in its socket.
 */
export class ClientOutput implements Flushable {
  readonly #rooms: BrokerRooms;
  readonly #transport: ByteTransport;
  /** The transport, or who stands before it. */
  #sink: ByteSink;
  readonly #connection: ServerConnection;
  readonly #owner: OutputOwner;
  readonly #flushAt: number;
  #isMarked = false;
  #isPaused = false;
  /** The client leaves so many answers unread that it is not read either. */
  #isChoked = false;
  /** It has had its share of this turn. */
  #isResting = false;
  #isLost = false;
  /** It has sent more than it may: until then it is not read. */
  #heldUntil = Number.NEGATIVE_INFINITY;
  #release: Alarm | undefined = undefined;

  constructor(rooms: BrokerRooms, transport: ByteTransport, connection: ServerConnection, owner: OutputOwner) {
    this.#rooms = rooms;
    this.#transport = transport;
    this.#sink = transport;
    this.#connection = connection;
    this.#owner = owner;
    this.#flushAt = Math.min(FLUSH_AT, rooms.limits.maximumBufferedBytes);
  }

  /** False while so much waits in the socket that further messages should wait in the session. */
  get isWritable(): boolean {
    if (this.#isLost) return false;
    const waiting = this.#transport.bufferedBytes + this.#connection.output.byteLength;
    return waiting < this.#rooms.bufferedBytes.maximum;
  }

  /** Does not read the client until then. */
  hold(until: number): void {
    this.#heldUntil = until;
    this.#release ??= new Alarm(() => this.settle());
    this.#rooms.wheel.set(this.#release, until);
  }

  /** Until when the client is not read, or was not; minus infinity where it always was. */
  get heldUntil(): number {
    return this.#heldUntil;
  }

  /** What leaves from now on goes here. */
  replaceSink(sink: ByteSink): void {
    this.#sink = sink;
  }

  /** Something is to leave at the end of the turn. */
  mark(): void {
    if (this.#isMarked) return;
    this.#isMarked = true;
    this.#rooms.turn.mark(this);
  }

  /** Something was delivered: it leaves with the turn, or at once when there is much of it. */
  handleDelivered(): void {
    this.mark();
    if (this.#connection.output.byteLength >= this.#flushAt) this.#write();
  }

  /** The others have their turn before this client's next bytes. */
  rest(): void {
    this.#isResting = true;
    this.mark();
  }

  /** The transport has drained. */
  handleWritable(): void {
    this.#isChoked = false;
  }

  /** The Network Connection is gone. */
  handleLost(): void {
    this.#isLost = true;
    if (this.#release !== undefined) this.#rooms.wheel.clear(this.#release);
  }

  flush(): void {
    this.#isMarked = false;
    this.#write();
    if (this.#connection.isClosed) {
      if (!this.#isLost) this.#transport.end();
      return;
    }
    if (this.#isResting) {
      this.#isResting = false;
      this.#owner.handleRested();
    }
    this.#owner.handleFlushed();
  }

  /** After every input: output leaves with the turn, and the socket waits while no input is wanted. */
  settle(): void {
    const connection = this.#connection;
    if (connection.isClosed || connection.output.byteLength > 0) this.mark();
    if (connection.output.byteLength >= this.#flushAt) this.#write();
    const isHeld = this.#isChoked || this.#isResting || (this.#release?.slot ?? -1) >= 0;
    const pause = (isHeld || !connection.wantsInput) && !connection.isClosed;
    if (pause === this.#isPaused) return;
    this.#isPaused = pause;
    if (pause) this.#transport.pause();
    else this.#transport.resume();
  }

  #write(): void {
    const { output } = this.#connection;
    const { byteLength } = output;
    if (byteLength === 0 || this.#isLost) return;
    this.#rooms.counters.bytesSent += byteLength;
    this.#rooms.counters.packetsSent += output.packets;
    output.packets = 0;
    output.flushTo(this.#sink);
    if (!this.#transport.isWritable) this.#bound();
  }

  /** Deliveries alone never bring so much together: the client asks, and does not read the answers. */
  #bound(): void {
    const { maximumBufferedBytes, maximumPacketSize } = this.#rooms.limits;
    if (this.#transport.bufferedBytes < 2 * maximumBufferedBytes + maximumPacketSize) return;
    this.#isChoked = true;
    this.#rooms.limitWatch.count('maximumBufferedBytes');
    this.settle();
  }
}
