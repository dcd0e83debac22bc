import type { ApplicationMessage } from '@busbar/protocol';
import { type Disk, DiskChanges } from '../disk/disk.ts';
import { writeChunkEntry } from '../format/chunk-format.ts';
import { writeGrave } from '../format/grave-format.ts';
import { keyOf, keyOfName, keyOfPair, keyOfSessionName } from '../format/keys.ts';
import { writeMessage } from '../format/message-format.ts';
import { META_KEY, type Meta, writeMeta } from '../format/meta-format.ts';
import { writeInbound, writeOutbound } from '../format/outbound-format.ts';
import { RecordReader } from '../format/record-reader.ts';
import { RecordWriter } from '../format/record-writer.ts';
import { writeRetained } from '../format/retained-format.ts';
import { writeSession, writeSubscription } from '../format/session-format.ts';
import type { StoreTime } from '../format/store-time.ts';
import type { Entry } from '../session/chunk.ts';
import type { Batch, OwnedChunk } from './batch.ts';
import type { SharedMessages } from './shared-messages.ts';

/** Counters that go into every batch. */
export interface Numbers {
  nextSession: number;
  nextMessage: number;
  nextGrave: number;
}

/** A message's references: by how many they change, and the message where it may have to be written. */
interface ReferenceChange {
  change: number;
  message: ApplicationMessage | undefined;
}

/**
 * Turns a batch into rows. A message that one entry alone needs is written with it; one that several need is written once,
 * with a count of them. Counts are read from the disk, where the batch before has left them.
 *
 * A batch may be encoded again after it could not be written: then from how things are by that time.
 */
export class BatchEncoder {
  readonly #disk: Disk;
  readonly #messages: SharedMessages;
  readonly #numbers: Numbers;
  readonly #writer = new RecordWriter();
  readonly #scratch = new RecordWriter();
  readonly #time: StoreTime;

  constructor(disk: Disk, messages: SharedMessages, numbers: Numbers, time: StoreTime) {
    this.#disk = disk;
    this.#messages = messages;
    this.#numbers = numbers;
    this.#time = time;
  }

  /** @returns Rows that are valid until the next call. */
  encode(batch: Batch, meta: () => Meta): DiskChanges {
    this.#writer.reset();
    this.#messages.handleBatch();
    const changes = new DiskChanges();
    for (const shared of batch.messages) {
      shared.written = shared.change;
      shared.change = 0;
    }
    for (const owned of batch.chunks) this.#putChunk(changes, owned);
    this.#putReferences(changes, batch);
    for (const { queue, chunk } of batch.removedChunks) {
      changes.remove('chunks', keyOfPair(queue.session, chunk.firstSequence));
    }
    this.#putSessions(changes, batch);
    this.#putRetained(changes, batch);
    this.#putGraves(changes, batch);
    if (changes.size > 0 || batch.isDue) {
      changes.put(
        'meta',
        META_KEY,
        this.#record((writer) => writeMeta(writer, meta())),
      );
    }
    return changes;
  }

  /** The batch was not written: what its messages' counts were to change by is still to be done. */
  takeBack(batch: Batch): void {
    for (const shared of batch.messages) {
      shared.change += shared.written;
      shared.written = 0;
    }
    // What the disk has of them is not known: they are written in any case.
    for (const session of batch.sessions) session.hasRecord = true;
    for (const queue of batch.queues) queue.hasRecord = true;
  }

  #putChunk(changes: DiskChanges, { queue, chunk }: OwnedChunk): void {
    chunk.collects = false;
    if (chunk.live === 0 || chunk.entries === undefined) return;
    this.#writer.begin();
    for (const entry of chunk.entries) {
      const { delivery } = entry;
      if (delivery === undefined) continue;
      const offset = entry.sequence - chunk.firstSequence;
      writeChunkEntry(this.#writer, this.#scratch, offset, delivery, this.#numberOf(entry), this.#time);
    }
    changes.put('chunks', keyOfPair(queue.session, chunk.firstSequence), this.#writer.end());
  }

  /** The number of an entry's message, which gets one when it is not alone; 0 when it is. */
  #numberOf(entry: Entry): number {
    const { shared } = entry;
    if (shared === undefined) return 0;
    if (shared.number === 0 && shared.written < 2) {
      entry.shared = undefined;
      shared.written--;
      return 0;
    }
    if (shared.number === 0) {
      shared.number = this.#numbers.nextMessage++;
      this.#messages.handleNumbered(shared);
    }
    return shared.number;
  }

  #putReferences(changes: DiskChanges, batch: Batch): void {
    const references = new Map<number, ReferenceChange>();
    const count = (number: number, change: number, message: ApplicationMessage | undefined): void => {
      const known = references.get(number);
      if (known === undefined) references.set(number, { change, message });
      else {
        known.change += change;
        known.message ??= message;
      }
    };
    for (const { number, written, message } of batch.messages) if (number !== 0) count(number, written, message);
    for (const { released } of batch.slices) for (const number of released) count(number, -1, undefined);
    for (const [number, { change, message }] of references) {
      if (change !== 0) this.#putReference(changes, number, change, message);
    }
  }

  #putReference(changes: DiskChanges, number: number, change: number, message: ApplicationMessage | undefined): void {
    const key = keyOf(number);
    const stored = this.#disk.get('references', key);
    const count = (stored === undefined ? 0 : new RecordReader(stored).readCount()) + change;
    if (count > 0) {
      changes.put(
        'references',
        key,
        this.#record((writer) => writer.writeCount(count)),
      );
      if (stored !== undefined || message === undefined) return;
      changes.put(
        'messages',
        key,
        this.#record((writer) => writeMessage(writer, message, this.#time)),
      );
    } else if (stored !== undefined) {
      changes.remove('references', key);
      changes.remove('messages', key);
    }
  }

  #putSessions(changes: DiskChanges, batch: Batch): void {
    for (const session of batch.sessions) {
      const key = keyOf(session.number);
      if (session.isKept) {
        changes.put(
          'sessions',
          key,
          this.#record((writer) => writeSession(writer, session.record, this.#time)),
        );
      } else if (session.hasRecord) this.#removeSession(changes, key);
      session.hasRecord = session.isKept;
    }
    for (const { number, unreleased, isRemoved } of batch.inbounds) {
      if (isRemoved) continue;
      if (unreleased.size === 0) changes.remove('inbound', keyOf(number));
      else
        changes.put(
          'inbound',
          keyOf(number),
          this.#record((writer) => writeInbound(writer, unreleased)),
        );
    }
    for (const queue of batch.queues) {
      if (queue.isRemoved || (queue.isBlank && !queue.hasRecord)) continue;
      const value = this.#record((writer) => writeOutbound(writer, queue));
      changes.put('outbound', keyOf(queue.session), value);
      queue.hasRecord = !queue.isBlank;
    }
    for (const [{ number, isRemoved }, filters] of batch.subscriptions) {
      for (const [topicFilter, subscription] of filters) {
        const key = keyOfSessionName(number, topicFilter);
        if (subscription === undefined) changes.remove('subscriptions', key);
        else if (!isRemoved) {
          changes.put(
            'subscriptions',
            key,
            this.#record((writer) => writeSubscription(writer, subscription)),
          );
        }
      }
    }
  }

  #removeSession(changes: DiskChanges, key: Uint8Array): void {
    changes.remove('sessions', key);
    changes.remove('outbound', key);
    changes.remove('inbound', key);
  }

  #putRetained(changes: DiskChanges, batch: Batch): void {
    for (const [topicName, retained] of batch.retained) {
      const key = keyOfName(topicName);
      if (retained === undefined) changes.remove('retained', key);
      else
        changes.put(
          'retained',
          key,
          this.#record((writer) => writeRetained(writer, retained, this.#time)),
        );
    }
  }

  #putGraves(changes: DiskChanges, batch: Batch): void {
    for (const grave of batch.graves) {
      changes.put(
        'graves',
        keyOf(grave.number),
        this.#record((writer) => writeGrave(writer, grave)),
      );
    }
    for (const { grave, keys, isLast } of batch.slices) {
      for (const key of keys) changes.remove(grave.kind, key);
      if (isLast) changes.remove('graves', keyOf(grave.number));
    }
  }

  #record(write: (writer: RecordWriter) => void): Uint8Array {
    this.#writer.begin();
    write(this.#writer);
    return this.#writer.end();
  }
}
