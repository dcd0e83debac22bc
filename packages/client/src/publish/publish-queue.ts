import { UsageError } from '@busbar/codec';
import type { MessageContent } from '@busbar/protocol';
import { ClientError } from '../errors.ts';
import { Fifo } from '../fifo.ts';
import type { Publication } from './publication.ts';

/** How many messages may wait while there is no connection, or while the server takes no more. */
export interface QueueOptions {
  /** Messages; default 1,000. */
  readonly maximumMessages?: number;
  /** Bytes of topics and payloads together; default 16,777,216. */
  readonly maximumBytes?: number;
  /**
   * What happens when it is full: `refuse` rejects the new message with `queue-full` (default), `drop-oldest` rejects the
   * oldest with `dropped`.
   */
  readonly policy?: 'refuse' | 'drop-oldest';
  /** Whether messages of QoS 0 wait for a connection too; default false: they are refused with `offline`. */
  readonly qos0?: boolean;
}

/** What a message takes in memory besides its topic and payload, roughly. */
const OVERHEAD = 100;

/** Messages that wait to be sent, bounded by count and bytes. */
export class PublishQueue {
  readonly keepsQos0: boolean;
  readonly #waiting = new Fifo<Publication>();
  readonly #maximumMessages: number;
  readonly #maximumBytes: number;
  readonly #dropsOldest: boolean;
  #byteLength = 0;
  #qos0Count = 0;

  constructor(options: QueueOptions) {
    this.#maximumMessages = expectCount(options.maximumMessages ?? 1_000, 'queue.maximumMessages');
    this.#maximumBytes = expectCount(options.maximumBytes ?? 16 * 1024 * 1024, 'queue.maximumBytes');
    this.#dropsOldest = options.policy === 'drop-oldest';
    this.keepsQos0 = options.qos0 ?? false;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get byteLength(): number {
    return this.#byteLength;
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

  /** Empties it, or takes out only the messages of QoS 0. */
  clear(qos0Only = false): Publication[] {
    const all = this.#waiting.clear();
    this.#byteLength = 0;
    this.#qos0Count = 0;
    if (!qos0Only) return all;
    this.putBack(all.filter(({ message }) => message.qos > 0));
    return all.filter(({ message }) => message.qos === 0);
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

function expectCount(value: number, name: string): number {
  if (Number.isInteger(value) && value >= 0) return value;
  throw new UsageError('option-invalid', `${name} must be a whole number from 0, not ${value}`);
}
