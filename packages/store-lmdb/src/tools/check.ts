import type { Disk, RangeOptions } from '../disk/disk.ts';
import { readChunk } from '../format/chunk-format.ts';
import { readGrave } from '../format/grave-format.ts';
import { firstNumberOf, keyOf, keyOfName, keyOfSessionName, secondNumberOf } from '../format/keys.ts';
import { readMessage } from '../format/message-format.ts';
import { META_KEY, NEW_META, readMeta } from '../format/meta-format.ts';
import { type OutboundSummary, readInbound, readOutbound } from '../format/outbound-format.ts';
import { RecordReader } from '../format/record-reader.ts';
import { readRetained } from '../format/retained-format.ts';
import { readSession, readSubscription } from '../format/session-format.ts';
import { StoreTime } from '../format/store-time.ts';

const EVERYTHING: RangeOptions = { start: Uint8Array.of(0) };
const AWAITING_PUBCOMP = 3;

/** What {@link checkDisk} went through, and what is wrong. */
export interface CheckResult {
  readonly sessions: number;
  readonly subscriptions: number;
  /** Deliveries that wait. */
  readonly queued: number;
  /** Deliveries in flight. */
  readonly inFlight: number;
  readonly retained: number;
  /** Messages that several queues hold. */
  readonly shared: number;
  /** One line each, at most {@link MOST_PROBLEMS}; empty for a sound store. */
  readonly problems: readonly string[];
}

export const MOST_PROBLEMS = 100;

/** One session's rows, as far as they have been seen. */
interface Seen {
  readonly client: string;
  readonly outbound: OutboundSummary | undefined;
  /** Sequence numbers of flights whose message is still needed, and not yet found. */
  readonly missing: Set<number>;
  queued: number;
  byteLength: number;
}

/** Reads every row of a store and holds them against each other. */
export function checkDisk(disk: Disk): CheckResult {
  return new Check(disk).run();
}

class Check {
  readonly #disk: Disk;
  readonly #problems: string[] = [];
  readonly #time = new StoreTime(undefined, 0, 0);
  readonly #sessions = new Map<number, Seen>();
  /** Sessions, or parts of their queues, that are about to be deleted. */
  readonly #graves: { session: number; from: number; to: number; kind: string }[] = [];
  readonly #references = new Map<number, number>();
  readonly #sizes = new Map<number, number>();
  #subscriptions = 0;
  #inFlight = 0;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  run(): CheckResult {
    this.#checkMeta();
    this.#checkEach('graves', (key, value) => this.#graves.push(readGrave(key, value)));
    this.#checkEach('messages', (key, value) => this.#checkMessage(key, value));
    this.#checkEach('sessions', (key, value) => this.#checkSession(key, value));
    this.#checkEach('subscriptions', (key, value) => this.#checkSubscription(key, value));
    this.#checkEach('inbound', (key, value) => this.#checkInbound(key, value));
    this.#checkEach('outbound', (key) => this.#expectSession('outbound', firstNumberOf(key)));
    this.#checkEach('chunks', (key, value) => this.#checkChunk(key, value));
    for (const [number, seen] of this.#sessions) this.#checkQueue(number, seen);
    this.#checkReferences();
    const retained = this.#checkEach('retained', (key, value) => this.#checkRetained(key, value));
    const queued = [...this.#sessions.values()].reduce((sum, seen) => sum + seen.queued, 0);
    return {
      sessions: this.#sessions.size,
      subscriptions: this.#subscriptions,
      queued,
      inFlight: this.#inFlight,
      retained,
      shared: this.#sizes.size,
      problems: this.#problems,
    };
  }

  #report(problem: string): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push(problem);
  }

  /** @returns The number of rows. */
  #checkEach(table: Parameters<Disk['range']>[0], check: (key: Uint8Array, value: Uint8Array) => void): number {
    let count = 0;
    for (const { key, value } of this.#disk.range(table, EVERYTHING)) {
      count++;
      try {
        check(key, value);
      } catch (error) {
        const name = Buffer.from(key).toString('hex');
        this.#report(`${table} ${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return count;
  }

  #checkMeta(): void {
    const value = this.#disk.get('meta', META_KEY);
    const { nextSession, nextMessage, nextGrave } = value === undefined ? NEW_META : readMeta(value);
    this.#expectBelow('sessions', nextSession);
    this.#expectBelow('chunks', nextSession);
    this.#expectBelow('messages', nextMessage);
    this.#expectBelow('graves', nextGrave);
  }

  /** A number that is given out again would mix up two things. */
  #expectBelow(table: 'sessions' | 'chunks' | 'messages' | 'graves', next: number): void {
    for (const { key } of this.#disk.range(table, { start: keyOf(next) })) {
      this.#report(`${table} ${firstNumberOf(key)}: the next number to be given out is ${next}`);
      return;
    }
  }

  #checkMessage(key: Uint8Array, value: Uint8Array): void {
    const message = readMessage(new RecordReader(value), this.#time);
    this.#sizes.set(firstNumberOf(key), message.byteLength);
  }

  #checkSession(key: Uint8Array, value: Uint8Array): void {
    const number = firstNumberOf(key);
    const { clientIdentifier: client, isLasting, will } = readSession(value, this.#time);
    const stored = this.#disk.get('outbound', keyOf(number));
    const outbound = stored === undefined ? undefined : readOutbound(stored);
    if (!isLasting && (will === undefined || stored !== undefined)) {
      this.#report(`session ${number} (${client}): it ended with its connection, and is more than a Will`);
    }
    const needed = outbound?.flights.filter(({ stage }) => stage !== AWAITING_PUBCOMP) ?? [];
    this.#inFlight += outbound?.flights.length ?? 0;
    const missing = new Set(needed.map(({ sequence }) => sequence));
    this.#sessions.set(number, { client, outbound, missing, queued: 0, byteLength: 0 });
  }

  #checkSubscription(key: Uint8Array, value: Uint8Array): void {
    const number = firstNumberOf(key);
    const { topicFilter } = readSubscription(value);
    this.#subscriptions++;
    if (!Buffer.from(key).equals(keyOfSessionName(number, topicFilter))) {
      this.#report(`subscription of session ${number}: it is not under the key of its Topic Filter`);
    }
    const isBuried = this.#graves.some(({ kind, session }) => kind === 'subscriptions' && session === number);
    if (!isBuried) this.#expectSession('subscriptions', number);
  }

  #checkInbound(key: Uint8Array, value: Uint8Array): void {
    readInbound(value);
    this.#expectSession('inbound', firstNumberOf(key));
  }

  #expectSession(table: string, number: number): void {
    if (!this.#sessions.has(number)) this.#report(`${table}: session ${number} does not exist`);
  }

  #checkChunk(key: Uint8Array, value: Uint8Array): void {
    const number = firstNumberOf(key);
    const firstSequence = secondNumberOf(key);
    const entries = readChunk(firstSequence, value);
    const isBuried = this.#graves.some(
      ({ kind, session, from, to }) =>
        kind === 'chunks' && session === number && from <= firstSequence && firstSequence < to,
    );
    if (!isBuried) this.#expectSession('chunks', number);
    const seen = this.#sessions.get(number);
    let live = 0;
    for (const { sequence, messageNumber, record } of entries) {
      const isWaiting = !isBuried && seen?.outbound !== undefined && sequence >= seen.outbound.head;
      const isFlying = seen?.missing.delete(sequence) === true;
      if (messageNumber === 0) readMessage(new RecordReader(record), this.#time);
      if (!isBuried && !isWaiting && !isFlying) continue;
      live++;
      if (messageNumber !== 0) this.#references.set(messageNumber, (this.#references.get(messageNumber) ?? 0) + 1);
      if (!isWaiting || seen === undefined) continue;
      seen.queued++;
      seen.byteLength += this.#sizeOf(messageNumber, record);
    }
    if (live === 0) this.#report(`chunk ${firstSequence} of session ${number}: nobody needs any of it`);
  }

  #sizeOf(messageNumber: number, record: Uint8Array): number {
    if (messageNumber !== 0) return this.#sizes.get(messageNumber) ?? 0;
    return readMessage(new RecordReader(record), this.#time).byteLength;
  }

  #checkQueue(number: number, { client, outbound, missing, queued, byteLength }: Seen): void {
    const name = `session ${number} (${client})`;
    const length = outbound === undefined ? 0 : outbound.tail - outbound.head;
    if (length !== queued) this.#report(`${name}: ${length} messages should wait, there are ${queued}`);
    const bytes = outbound?.byteLength ?? 0;
    if (bytes !== byteLength) this.#report(`${name}: ${bytes} bytes should wait, there are ${byteLength}`);
    for (const sequence of missing) this.#report(`${name}: delivery ${sequence}, which is in flight, is missing`);
  }

  #checkReferences(): void {
    this.#checkEach('references', (key, value) => {
      const number = firstNumberOf(key);
      const count = new RecordReader(value).readCount();
      const counted = this.#references.get(number) ?? 0;
      this.#references.delete(number);
      if (count !== counted) this.#report(`message ${number}: ${count} entries should refer to it, ${counted} do`);
      if (!this.#sizes.has(number)) this.#report(`message ${number}: it is missing`);
    });
    for (const [number, counted] of this.#references) {
      this.#report(`message ${number}: ${counted} entries refer to it, and it has no count`);
    }
    for (const number of this.#sizes.keys()) {
      if (this.#disk.get('references', keyOf(number)) === undefined) this.#report(`message ${number}: it has no count`);
    }
  }

  #checkRetained(key: Uint8Array, value: Uint8Array): void {
    const { message } = readRetained(value, this.#time);
    if (!Buffer.from(key).equals(keyOfName(message.topicName))) {
      this.#report(`retained message: it is not under the key of its Topic Name`);
    }
  }
}
