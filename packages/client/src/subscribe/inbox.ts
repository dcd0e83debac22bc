import type { ReasonCode } from '@busbar/codec';
import type { Tally } from '../counters.ts';
import { Fifo } from '../fifo.ts';
import { Message } from '../message.ts';
import { type Settleable, settleable } from '../settleable.ts';
import type { Receipt, ReceiptSource } from './receipt.ts';

/** Takes a message. Where it answers a promise, it is done with the message when that is settled. */
export type InboxHandler = (message: Message) => unknown;

/**
 * When a message of QoS 1 or 2 is acknowledged:
 *
 * - `handled`: when the handler is done with it, its promise settled; in a loop, when the next one is asked for.
 * - `received`: when it has come.
 * - `manual`: when the program calls {@link Message.acknowledge}.
 */
export type AcknowledgeMode = 'handled' | 'received' | 'manual';

/** What an {@link Inbox} works by. */
export interface InboxSettings {
  /** Messages that may be kept, at least 1: of QoS 0 where others are held, of any where they are not. */
  readonly bound: number;
  readonly mode: AcknowledgeMode;
  /** Messages that the handler may be busy with at a time. */
  readonly concurrency: number;
  readonly handler: InboxHandler | undefined;
  readonly handleError: (error: unknown, message: Message) => void;
  readonly tally: Tally;
}

interface Entry {
  readonly message: Message;
  /** Of a message that is not acknowledged yet. */
  readonly receipt: Receipt | undefined;
}

/**
 * The messages of one subscription on their way to its handler or its `for await`, in order, bounded.
 *
 *     message --> handler is free, or somebody waits --> taken, and acknowledged when it is done with
 *            \--> kept: QoS 1 and 2 unacknowledged, so that the server's window is the bound; QoS 0 up to the bound, then the
 *                 oldest of QoS 0 is dropped
 *
 * As long as nobody has begun to iterate, it keeps the newest messages and holds nothing back: perhaps nobody ever will.
 */
export class Inbox {
  readonly #settings: InboxSettings;
  readonly #buffer = new Fifo<Entry>();
  readonly #waiters = new Fifo<Settleable<Entry | undefined>>();
  #running = 0;
  #keptQos0 = 0;
  #isIterated = false;
  #isEnded = false;
  #error: unknown;
  #waitingForIdle: (() => void)[] = [];

  constructor(settings: InboxSettings) {
    this.#settings = settings;
  }

  take(message: Message, source: ReceiptSource): void {
    if (this.#isEnded) return;
    const { handler, mode, concurrency } = this.#settings;
    if (handler !== undefined) {
      if (this.#running >= concurrency) this.#keep(message, source);
      else if (mode === 'manual') this.#run(handler, this.#holdManually(message, source));
      else this.#runFirst(handler, message, source);
      return;
    }
    if (this.#waiters.length === 0) this.#keep(message, source);
    else this.#waiters.shift()?.resolve(this.#entryOf(message, source));
  }

  /** Somebody iterates from now on. */
  iterate(): InboxIterator {
    this.#isIterated = true;
    return new InboxIterator(this);
  }

  /** The next message for a loop; undefined at the end. */
  next(): Promise<Entry | undefined> {
    const entry = this.#shift();
    if (entry !== undefined) return Promise.resolve(entry);
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#isEnded) return Promise.resolve(undefined);
    const waiter = settleable<Entry | undefined>();
    this.#waiters.push(waiter);
    return waiter.promise;
  }

  /** Resolves when the handler is done with everything that has come. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waitingForIdle.push(resolve));
  }

  /**
   * Nothing more comes. What is held is acknowledged, if its connection still stands.
   *
   * @param rest What of that which is kept may still be looped over; no handler gets it.
   */
  end(error: unknown, rest: 'all' | 'acknowledged' | 'nothing'): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    const { handler, mode } = this.#settings;
    for (const { message, receipt } of this.#buffer.clear()) {
      if (mode !== 'manual') receipt?.release();
      const isLeft = rest === 'all' || (rest === 'acknowledged' && receipt === undefined);
      if (isLeft && handler === undefined) this.#buffer.push({ message, receipt: undefined });
    }
    for (const { resolve, reject } of this.#waiters.clear()) {
      if (error === undefined) resolve(undefined);
      else reject(error);
    }
    if (this.#running === 0) this.#tellIdle();
  }

  #keep(message: Message, source: ReceiptSource): void {
    const { handler, bound } = this.#settings;
    const isHolding = handler !== undefined || this.#isIterated;
    if (!isHolding) {
      if (this.#buffer.length >= bound) this.#shift();
      this.#buffer.push({ message, receipt: undefined });
      return;
    }
    if (message.qos === 0) {
      if (this.#keptQos0 >= bound) this.#dropQos0();
      this.#keptQos0++;
    }
    this.#buffer.push(this.#entryOf(message, source));
  }

  #entryOf(message: Message, source: ReceiptSource): Entry {
    const { mode } = this.#settings;
    if (message.qos === 0 || mode === 'received') return { message, receipt: undefined };
    if (mode === 'manual') return { message: this.#holdManually(message, source), receipt: undefined };
    return { message, receipt: source.receipt.hold() };
  }

  #holdManually(message: Message, source: ReceiptSource): Message {
    if (message.qos === 0) return message;
    const receipt = source.receipt.hold();
    let isReleased = false;
    return new Message(message, (reasonCode: ReasonCode) => {
      if (isReleased) return;
      isReleased = true;
      receipt.release(reasonCode);
    });
  }

  #shift(): Entry | undefined {
    const entry = this.#buffer.shift();
    if (entry?.message.qos === 0 && this.#keptQos0 > 0) this.#keptQos0--;
    return entry;
  }

  #dropQos0(): void {
    this.#settings.tally.bufferDropped++;
    this.#buffer.take(({ message }) => message.qos === 0);
    this.#keptQos0--;
  }

  /** Most handlers are done at once: then nothing is held. */
  #runFirst(handler: InboxHandler, message: Message, source: ReceiptSource): void {
    const answer = this.#call(handler, message);
    if (answer === undefined) return;
    const isHeld = message.qos > 0 && this.#settings.mode === 'handled';
    this.#await(handler, message, answer, isHeld ? source.receipt.hold() : undefined);
  }

  #run(handler: InboxHandler, message: Message, receipt?: Receipt): void {
    const answer = this.#call(handler, message);
    if (answer === undefined) receipt?.release();
    else this.#await(handler, message, answer, receipt);
  }

  /** @returns What is to be waited for: of something that only looks like a promise one that is. */
  #call(handler: InboxHandler, message: Message): Promise<unknown> | undefined {
    try {
      const answer = handler(message) as Partial<PromiseLike<unknown>> | null | undefined;
      return typeof answer?.then === 'function' ? Promise.resolve(answer) : undefined;
    } catch (error) {
      this.#settings.handleError(error, message);
      return undefined;
    }
  }

  #await(handler: InboxHandler, message: Message, answer: Promise<unknown>, receipt: Receipt | undefined): void {
    this.#running++;
    const settle = () => {
      this.#running--;
      receipt?.release();
      this.#runOn(handler);
    };
    answer.then(settle, (error: unknown) => {
      this.#settings.handleError(error, message);
      settle();
    });
  }

  #runOn(handler: InboxHandler): void {
    while (this.#running < this.#settings.concurrency) {
      const entry = this.#shift();
      if (entry === undefined) break;
      this.#run(handler, entry.message, entry.receipt);
    }
    if (this.#running === 0) this.#tellIdle();
  }

  #tellIdle(): void {
    for (const resolve of this.#waitingForIdle.splice(0)) resolve();
  }
}

/** One loop over an inbox: it is done with a message when it asks for the next one, or is left. */
export class InboxIterator {
  readonly #inbox: Inbox;
  #inHand: Receipt | undefined;

  constructor(inbox: Inbox) {
    this.#inbox = inbox;
  }

  async next(): Promise<IteratorResult<Message, undefined>> {
    this.release();
    const entry = await this.#inbox.next();
    if (entry === undefined) return { done: true, value: undefined };
    this.#inHand = entry.receipt;
    return { done: false, value: entry.message };
  }

  release(): void {
    const receipt = this.#inHand;
    this.#inHand = undefined;
    receipt?.release();
  }
}
