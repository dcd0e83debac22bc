import type { MessageContent } from '@busbar/protocol';
import { expectOptions } from '../call-check.ts';
import { ClientError } from '../errors.ts';
import { Fifo } from '../fifo.ts';
import type { Publication } from './publication.ts';

/** How many messages may wait while there is no connection, or while the server takes no more. */
export interface QueueOptions {
  /** Messages; default 1,000. */
  readonly maximumMessages?: number;
  /** Bytes of topics and payloads together; default 16,777,216. */
  readonly maximumBytes?: number;
  /** Milliseconds that a message may wait before it is given up with `expired`; default: as long as it takes. */
  readonly maximumAgeMs?: number;
  /**
   * What happens when it is full: `refuse` rejects the new message with `queue-full` (default), `drop-oldest` rejects the
   * oldest with `dropped`.
   */
  readonly policy?: 'refuse' | 'drop-oldest';
  /** Whether messages of QoS 0 wait for a connection too; default false: they are refused with `offline`. */
  readonly qos0?: boolean;
}

const RULES = {
  maximumMessages: 0,
  maximumBytes: 0,
  maximumAgeMs: 1,
  policy: ['refuse', 'drop-oldest'],
  qos0: 'boolean',
} as const;

/** What a message takes in memory besides its topic and payload, roughly. */
const OVERHEAD = 100;

/** Messages that wait to be sent, bounded by count, bytes and age. */
export class PublishQueue {
  readonly keepsQos0: boolean;
  readonly maximumAgeMs: number;
  readonly #waiting = new Fifo<Publication>();
  readonly #maximumMessages: number;
  readonly #maximumBytes: number;
  readonly #dropsOldest: boolean;
  #byteLength = 0;
  #qos0Count = 0;

  constructor(options: QueueOptions) {
    expectOptions(options, RULES, 'queue.');
    this.#maximumMessages = options.maximumMessages ?? 1_000;
    this.#maximumBytes = options.maximumBytes ?? 16 * 1024 * 1024;
    this.#dropsOldest = options.policy === 'drop-oldest';
    this.keepsQos0 = options.qos0 ?? false;
    this.maximumAgeMs = options.maximumAgeMs ?? Number.POSITIVE_INFINITY;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** When the first of them expires; Infinity for never. Looks at all of them. */
  get nextExpiry(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (let at = 0; at < this.length; at++) earliest = Math.min(earliest, this.#waiting.at(at)?.expiresAt ?? earliest);
    return earliest;
  }

  get hasQos0(): boolean {
    return this.#qos0Count > 0;
  }

  peek(): Publication | undefined {
    return this.#waiting.peek();
  }

  /**
   * Takes a message in.
   *
   * @returns The messages that had to make room for it, in order.
   * @throws {ClientError} `queue-full`: it is not taken.
   */
  push(publication: Publication): Publication[] {
    const byteLength = byteLengthOf(publication.message);
    const dropped: Publication[] = [];
    while (!this.#hasRoomFor(byteLength)) {
      const oldest = this.#dropsOldest && byteLength <= this.#maximumBytes ? this.shift() : undefined;
      if (oldest === undefined) throw this.#full();
      dropped.push(oldest);
    }
    this.#waiting.push(publication);
    this.#count(publication, 1);
    return dropped;
  }

  /** Puts messages that had been let go before all others; they have been admitted once and are not refused now. */
  putBack(publications: readonly Publication[]): void {
    this.#waiting.unshift(publications);
    for (const publication of publications) this.#count(publication, 1);
  }

  shift(): Publication | undefined {
    const publication = this.#waiting.shift();
    if (publication !== undefined) this.#count(publication, -1);
    return publication;
  }

  /** @returns Whether it was waiting. */
  remove(publication: Publication): boolean {
    if (this.#waiting.take((each) => each === publication) === undefined) return false;
    this.#count(publication, -1);
    return true;
  }

  /** Takes out all messages, or those that are chosen, in order. */
  clear(isChosen: (publication: Publication) => boolean = () => true): Publication[] {
    const all = this.#waiting.clear();
    this.#byteLength = 0;
    this.#qos0Count = 0;
    const chosen: Publication[] = [];
    const others: Publication[] = [];
    for (const publication of all) (isChosen(publication) ? chosen : others).push(publication);
    this.putBack(others);
    return chosen;
  }

  #hasRoomFor(byteLength: number): boolean {
    return this.length < this.#maximumMessages && this.#byteLength + byteLength <= this.#maximumBytes;
  }

  #count({ message }: Publication, sign: 1 | -1): void {
    this.#byteLength += sign * byteLengthOf(message);
    if (message.qos === 0) this.#qos0Count += sign;
  }

  #full(): ClientError {
    const what = `${this.length} messages of ${this.#byteLength} bytes wait`;
    const limits = `at most ${this.#maximumMessages} of ${this.#maximumBytes} may`;
    return new ClientError('queue-full', `the queue is full: ${what}, ${limits}`);
  }
}

function byteLengthOf({ topicName, payload }: MessageContent): number {
  return topicName.length + payload.length + OVERHEAD;
}
