import type { DeliveryQueue } from '@busbar/broker';
import { type Delivery, type InFlight, PacketIdMap, Stage } from '@busbar/protocol';
import type { BatchedQueue } from '../batch/batch.ts';
import type { OutboundSummary } from '../format/outbound-format.ts';
import { Chunk, Entry } from './chunk.ts';
import { ChunkReader } from './chunk-reader.ts';
import type { QueueSurroundings } from './queue-surroundings.ts';
import { QueueWindow } from './queue-window.ts';

/**
 * A session's queue and what is in flight of it: on the disk, but for its front and for what is not written yet.
 *
 *     head                   windowEnd                                   tail
 *      | window, on the heap     | chunks on the disk | chunks not written |
 *
 * Entries have sequence numbers without gaps. Entries from `head` on wait; those in flight are before it. While nobody reads
 * the queue, because its client is away, the window is empty.
 */
export class DurableQueue implements DeliveryQueue, BatchedQueue {
  readonly session: number;
  readonly #around: QueueSurroundings;
  readonly #reader: ChunkReader;
  readonly #window: QueueWindow;
  /** Chunks with entries in the window or in flight, and those not written, by their first sequence number. */
  readonly #chunks = new Map<number, Chunk>();
  /** In their order. */
  #unwritten: Chunk[] = [];
  /** By Packet Identifier, in the order of sending. */
  readonly #flights = new PacketIdMap<Entry>();
  #head = 0;
  #windowEnd = 0;
  #tail = 0;
  #byteLength = 0;
  #isRead = true;
  readonly isOnDisk = true;
  #hasShared = false;
  /** Whether its session has ended: nothing of it is written any more. */
  isRemoved = false;
  /** Whether the disk has a record of it that says more than nothing. */
  hasRecord = false;

  constructor(session: number, around: QueueSurroundings) {
    this.session = session;
    this.#around = around;
    this.#reader = new ChunkReader(session, around);
    this.#window = new QueueWindow(around.heap);
  }

  get length(): number {
    return this.#tail - this.#head;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  get hasShared(): boolean {
    return this.#hasShared;
  }

  get head(): number {
    return this.#head;
  }

  get tail(): number {
    return this.#tail;
  }

  /** What is in flight, in order. */
  get flights(): Iterable<Entry> {
    return [...this.#flights.values()].sort((one, other) => one.sequence - other.sequence);
  }

  /** Whether there is nothing to keep of it. */
  get isBlank(): boolean {
    return this.length === 0 && this.#flights.size === 0;
  }

  // --- what the broker does with it ------------------------------------------------------------------------------------

  push(delivery: Delivery): void {
    delivery.message.own();
    const entry = this.#enter(delivery);
    this.#byteLength += delivery.message.byteLength;
    if (delivery.successor !== undefined) this.#hasShared = true;
    if (!this.#isRead || this.#windowEnd !== entry.sequence || !this.#window.takesMore) return;
    this.#window.push(entry);
    this.#windowEnd++;
  }

  peek(): Delivery | undefined {
    this.#fillWindow();
    return this.#window.first?.delivery;
  }

  drop(): Delivery | undefined {
    const entry = this.#take();
    const delivery = entry?.delivery;
    if (entry !== undefined) this.#release(entry);
    return delivery;
  }

  send(packetId: number): Delivery | undefined {
    const entry = this.#take();
    if (entry !== undefined) this.#fly(entry, packetId);
    return entry?.delivery;
  }

  clear(): void {
    // What is on the heap, or in a chunk that partly is, leaves one by one; the rest in the middle unread.
    while (this.#head < this.#windowEnd) this.drop();
    if (this.length > 0) this.drop();
    while (this.#head < this.#windowEnd) this.drop();
    const end = this.#unwritten.find(({ lastSequence }) => lastSequence >= this.#head)?.firstSequence ?? this.#tail;
    if (end > this.#head) this.#around.bury(this.session, this.#head, end);
    this.#head = Math.max(this.#head, end);
    this.#windowEnd = this.#head;
    while (this.length > 0) this.drop();
    this.#byteLength = 0;
    this.#hasShared = false;
    this.#around.collect(true).queues.add(this);
  }

  // --- flows -----------------------------------------------------------------------------------------------------------

  /** A delivery that did not wait is in flight: the queue is empty. */
  sent(packetId: number, delivery: Delivery): void {
    const entry = this.#enter(delivery);
    this.#head = this.#tail;
    this.#windowEnd = this.#tail;
    this.#fly(entry, packetId);
  }

  received(packetId: number): void {
    const entry = this.#flights.get(packetId);
    if (entry === undefined) return;
    entry.stage = Stage.awaitingPubcomp;
    this.#release(entry);
  }

  finished(packetId: number): void {
    const entry = this.#flights.get(packetId);
    if (entry === undefined) return;
    this.#flights.delete(packetId);
    this.#release(entry);
  }

  // --- what the store does with it -------------------------------------------------------------------------------------

  /** Takes up what the disk has of it. @returns What is in flight, for the protocol's machines. */
  restore({ head, tail, byteLength, hasShared, flights }: OutboundSummary): InFlight<Delivery>[] {
    this.#head = head;
    this.#windowEnd = head;
    this.#tail = tail;
    this.#byteLength = byteLength;
    this.#hasShared = hasShared;
    this.#isRead = false;
    this.hasRecord = true;
    const entries = this.#reader.readFlights(flights, head, this.#chunks);
    for (const entry of entries) this.#flights.set(entry.packetId, entry);
    return entries.map(({ packetId, stage, delivery }) => ({ packetId, stage, message: delivery }));
  }

  /** Whether there is a connection that reads it: otherwise all of it that is written may leave the heap. */
  setRead(isRead: boolean): void {
    this.#isRead = isRead;
    if (isRead) return;
    this.#window.clear();
    this.#windowEnd = this.#head;
    for (const chunk of this.#chunks.values()) if (chunk.entries === undefined) this.#forget(chunk);
  }

  /** A chunk is on the disk, or nothing of it was left to write. */
  handleWritten(chunk: Chunk): void {
    chunk.entries = undefined;
    this.#unwritten = this.#unwritten.filter((each) => each !== chunk);
    if (chunk.live === 0) this.#chunks.delete(chunk.firstSequence);
    else this.#forget(chunk);
  }

  /** The session has ended: everything of it goes, and nothing that is told later comes back. */
  remove(): void {
    this.clear();
    for (const packetId of [...this.#flights.packetIds()]) this.finished(packetId);
    this.isRemoved = true;
  }

  // --- inside ----------------------------------------------------------------------------------------------------------

  #enter(delivery: Delivery): Entry {
    const batch = this.#around.collect(delivery.qos !== 0);
    const { message } = delivery;
    let chunk = this.#unwritten.at(-1);
    if (chunk === undefined || !chunk.takesMore) {
      chunk = new Chunk(this.#tail);
      this.#unwritten.push(chunk);
      this.#chunks.set(chunk.firstSequence, chunk);
      if (!this.isRemoved) batch.chunks.push({ queue: this, chunk });
    }
    const entry = new Entry(this.#tail++, chunk, delivery);
    chunk.add(entry, message.byteLength);
    if (this.isRemoved) return entry;
    this.#around.messages.enter(entry, message, batch);
    batch.queues.add(this);
    return entry;
  }

  #take(): Entry | undefined {
    this.#fillWindow();
    const entry = this.#window.take();
    if (entry === undefined) return undefined;
    this.#head = entry.sequence + 1;
    this.#byteLength -= entry.delivery?.message.byteLength ?? 0;
    if (!this.isRemoved) this.#around.collect(entry.delivery?.qos !== 0).queues.add(this);
    return entry;
  }

  #fly(entry: Entry, packetId: number): void {
    entry.packetId = packetId;
    entry.stage = entry.delivery?.qos === 2 ? Stage.awaitingPubrec : Stage.awaitingPuback;
    this.#flights.set(packetId, entry);
  }

  /** The message of an entry is no longer needed here. */
  #release(entry: Entry): void {
    const batch = this.#around.collect(true);
    batch.queues.add(this);
    if (entry.delivery === undefined) return;
    entry.delivery = undefined;
    this.#around.messages.leave(entry, batch);
    const { chunk } = entry;
    chunk.live--;
    if (chunk.live > 0 || chunk.collects) return;
    this.#chunks.delete(chunk.firstSequence);
    batch.removedChunks.push({ queue: this, chunk });
  }

  #fillWindow(): void {
    if (!this.#window.isEmpty || this.length === 0) return;
    const next = this.#unwritten.find(({ lastSequence }) => lastSequence >= this.#windowEnd);
    if (next !== undefined && next.firstSequence <= this.#windowEnd) this.#fillFrom(next);
    else
      this.#windowEnd = this.#reader.readInto(
        this.#window,
        this.#windowEnd,
        next?.firstSequence ?? this.#tail,
        this.#chunks,
      );
    // Rows that should be there are not: what the disk has lost cannot be delivered.
    const first = this.#window.first?.sequence ?? this.#windowEnd;
    if (first !== this.#head) this.#skipTo(first);
  }

  #fillFrom(chunk: Chunk): void {
    for (const entry of chunk.entries ?? []) {
      if (entry.sequence < this.#windowEnd) continue;
      this.#window.push(entry);
    }
    this.#windowEnd = chunk.lastSequence + 1;
  }

  #skipTo(sequence: number): void {
    this.#head = sequence;
    if (this.length === 0) this.#byteLength = 0;
    else this.#fillWindow();
  }

  /** Written chunks that begin behind the window have nothing on the heap. */
  #forget(chunk: Chunk): void {
    if (chunk.firstSequence >= this.#windowEnd) this.#chunks.delete(chunk.firstSequence);
  }
}
