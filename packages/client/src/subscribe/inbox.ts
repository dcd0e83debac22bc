import type { Tally } from '../counters.ts';
import { Fifo } from '../fifo.ts';
import type { Message } from '../message.ts';
import type { Receipt } from './receipt.ts';

/** Takes a message. Where it answers a promise, the next message comes when that is settled. */
export type InboxHandler = (message: Message) => unknown;

interface Entry {
  readonly message: Message;
  /** Of a message beyond the bound, until there is room. */
  receipt: Receipt | undefined;
}

interface Waiter {
  readonly resolve: (result: IteratorResult<Message, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The messages of one subscription on their way to its handler or its `for await`, one at a time, in order, bounded.
 *
 *     message --> handler is free, or somebody waits --> taken
 *            \--> buffer has room --> kept
 *             \-> full: QoS 0 drops the oldest of QoS 0; QoS 1 and 2 are held unacknowledged, and so hold back the server
 *
 * As long as nobody has begun to iterate, it keeps the newest messages and holds nothing back: perhaps nobody ever will.
 */
export class Inbox {
  readonly #bound: number;
  readonly #handler: InboxHandler | undefined;
  readonly #handleError: (error: unknown, message: Message) => void;
  readonly #tally: Tally;
  readonly #buffer = new Fifo<Entry>();
  readonly #waiters = new Fifo<Waiter>();
  #isBusy = false;
  #isIterated = false;
  #isEnded = false;
  #error: unknown;

  /** @param bound Messages that may be kept, at least 1. */
  constructor(
    bound: number,
    handler: InboxHandler | undefined,
    handleError: (error: unknown, message: Message) => void,
    tally: Tally,
  ) {
    this.#bound = bound;
    this.#handler = handler;
    this.#handleError = handleError;
    this.#tally = tally;
  }

  /** @returns Whether the message is taken; if not, it must be {@link hold | held}. */
  take(message: Message): boolean {
    if (this.#isEnded) return true;
    if (this.#handler !== undefined && !this.#isBusy) {
      this.#run(this.#handler, message);
      return true;
    }
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value: message });
      return true;
    }
    if (this.#buffer.length >= this.#bound) {
      if (this.#handler === undefined && !this.#isIterated) this.#buffer.shift();
      else if (message.qos > 0) return false;
      else if (!this.#dropQos0()) return true;
    }
    this.#buffer.push({ message, receipt: undefined });
    return true;
  }

  /** Keeps a message beyond the bound, unacknowledged. */
  hold(message: Message, receipt: Receipt): void {
    receipt.hold();
    this.#buffer.push({ message, receipt });
  }

  /** Somebody iterates from now on. */
  iterate(): void {
    this.#isIterated = true;
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    const message = this.#shift();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /**
   * Nothing more comes. What is kept may still be looped over, unless it is discarded; no handler gets it. What is held is
   * acknowledged.
   */
  end(error: unknown, isDiscarding: boolean): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    const entries = this.#buffer.clear();
    for (const { message, receipt } of entries) {
      receipt?.release();
      if (!isDiscarding && this.#handler === undefined) this.#buffer.push({ message, receipt: undefined });
    }
    for (const { resolve, reject } of this.#waiters.clear()) {
      if (error === undefined) resolve({ done: true, value: undefined });
      else reject(error);
    }
  }

  #shift(): Message | undefined {
    const entry = this.#buffer.shift();
    this.#releaseFirstHeld();
    return entry?.message;
  }

  /** There is room for one more: the first message beyond the bound is within it now. */
  #releaseFirstHeld(): void {
    const entry = this.#buffer.at(this.#bound - 1);
    const receipt = entry?.receipt;
    if (entry === undefined || receipt === undefined) return;
    entry.receipt = undefined;
    receipt.release();
  }

  /** @returns Whether there is room now; if not, the new message is the one that is dropped. */
  #dropQos0(): boolean {
    this.#tally.bufferDropped++;
    const dropped = this.#buffer.take(({ message }) => message.qos === 0);
    if (dropped === undefined) return false;
    this.#releaseFirstHeld();
    return true;
  }

  #run(handler: InboxHandler, message: Message): void {
    let answer: unknown;
    try {
      answer = handler(message);
    } catch (error) {
      this.#handleError(error, message);
      return;
    }
    if (!(answer instanceof Promise)) return;
    this.#isBusy = true;
    answer
      .catch((error: unknown) => this.#handleError(error, message))
      .then(() => {
        this.#isBusy = false;
        this.#runOn(handler);
      });
  }

  #runOn(handler: InboxHandler): void {
    while (!this.#isBusy) {
      const message = this.#shift();
      if (message === undefined) return;
      this.#run(handler, message);
    }
  }
}
