import type { ApplicationMessage } from '@busbar/protocol';
import { Stage } from '@busbar/protocol';
import { type ChunkEntry, deliveryOf, readChunk } from '../format/chunk-format.ts';
import { keyOf, keyOfPair, LAST, secondNumberOf } from '../format/keys.ts';
import { readMessage } from '../format/message-format.ts';
import type { Flight } from '../format/outbound-format.ts';
import { RecordError, RecordReader } from '../format/record-reader.ts';
import { Chunk, Entry } from './chunk.ts';
import type { QueueSurroundings } from './queue-surroundings.ts';
import type { QueueWindow } from './queue-window.ts';

/** A chunk as the disk has it. */
interface Found {
  readonly firstSequence: number;
  readonly entries: readonly ChunkEntry[];
}

/** Reads the entries of one session's queue back from the disk. */
export class ChunkReader {
  readonly #session: number;
  readonly #around: QueueSurroundings;

  constructor(session: number, around: QueueSurroundings) {
    this.#session = session;
    this.#around = around;
  }

  /**
   * Fills the window with whole chunks, from a sequence number on until it is full.
   *
   * @param end Chunks from here on are not written, or there is none.
   * @param chunks Those that are known; the ones that are read join them.
   * @returns Where the window ends now.
   */
  readInto(window: QueueWindow, start: number, end: number, chunks: Map<number, Chunk>): number {
    for (const { firstSequence, entries } of this.#chunksFrom(start, end)) {
      const wanted = entries.filter(({ sequence }) => sequence >= start);
      const chunk = this.#chunkOf(firstSequence, entries, wanted.length, chunks);
      for (const entry of wanted) window.push(this.#entryOf(entry, chunk));
      const windowEnd = chunk.lastSequence + 1;
      if (!window.takesMore || windowEnd >= end) return Math.max(start, Math.min(windowEnd, end));
      start = Math.max(start, windowEnd);
    }
    return end;
  }

  /** The entries that are in flight, in order, with their messages where they are still needed. */
  readFlights(flights: readonly Flight[], head: number, chunks: Map<number, Chunk>): Entry[] {
    let found: Found | undefined;
    return flights.flatMap(({ packetId, sequence, stage }) => {
      let entry: Entry | undefined;
      if (stage === Stage.awaitingPubcomp) entry = withoutMessage(sequence);
      else {
        if (found === undefined || !holds(found, sequence)) found = this.#chunkWith(sequence);
        const wanted = found?.entries.find((each) => each.sequence === sequence);
        // A delivery that the disk has lost is as if it were done.
        if (found === undefined || wanted === undefined) return [];
        const waiting = found.entries.filter((each) => each.sequence >= head).length;
        const chunk = this.#chunkOf(found.firstSequence, found.entries, waiting, chunks);
        chunk.live++;
        entry = this.#entryOf(wanted, chunk);
      }
      entry.packetId = packetId;
      entry.stage = stage;
      return [entry];
    });
  }

  #chunkOf(firstSequence: number, entries: readonly ChunkEntry[], live: number, chunks: Map<number, Chunk>): Chunk {
    const known = chunks.get(firstSequence);
    if (known !== undefined) return known;
    const chunk = Chunk.written(firstSequence, entries.at(-1)?.sequence ?? firstSequence, live);
    chunks.set(firstSequence, chunk);
    return chunk;
  }

  #entryOf(entry: ChunkEntry, chunk: Chunk): Entry {
    const { messages, time, successorOf } = this.#around;
    const { messageNumber, sequence } = entry;
    const shared =
      messageNumber === 0 ? undefined : messages.open(messageNumber, () => this.#readShared(messageNumber));
    const waiting = new Entry(sequence, chunk, deliveryOf(entry, shared?.message, time, successorOf));
    waiting.shared = shared;
    return waiting;
  }

  #readShared(number: number): ApplicationMessage {
    const record = this.#around.disk.get('messages', keyOf(number));
    if (record === undefined) throw new RecordError(`message ${number} is missing`);
    return readMessage(new RecordReader(record), this.#around.time);
  }

  *#chunksFrom(start: number, end: number): Iterable<Found> {
    const first = this.#firstSequenceOf(start) ?? start;
    const range = { start: keyOfPair(this.#session, first), end: keyOfPair(this.#session, end) };
    for (const { key, value } of this.#around.disk.range('chunks', range)) {
      const firstSequence = secondNumberOf(key);
      yield { firstSequence, entries: readChunk(firstSequence, value) };
    }
  }

  #chunkWith(sequence: number): Found | undefined {
    const firstSequence = this.#firstSequenceOf(sequence);
    if (firstSequence === undefined) return undefined;
    const value = this.#around.disk.get('chunks', keyOfPair(this.#session, firstSequence));
    return value === undefined ? undefined : { firstSequence, entries: readChunk(firstSequence, value) };
  }

  /** Of the chunk that may hold an entry: the last one that does not begin behind it. */
  #firstSequenceOf(sequence: number): number | undefined {
    // The end of a range that goes backwards is not part of it.
    const end = keyOfPair(this.#session - 1, LAST);
    for (const { key } of this.#around.disk.range('chunks', {
      start: keyOfPair(this.#session, sequence),
      end,
      reverse: true,
    })) {
      return secondNumberOf(key);
    }
    return undefined;
  }
}

function holds({ firstSequence, entries }: Found, sequence: number): boolean {
  return firstSequence <= sequence && sequence <= (entries.at(-1)?.sequence ?? LAST);
}

/** A QoS 2 delivery that the client has taken over: only its Packet Identifier and its place in the order are left. */
function withoutMessage(sequence: number): Entry {
  return new Entry(sequence, Chunk.written(sequence, sequence, 0), undefined);
}
