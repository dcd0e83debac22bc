import {
  type QoS,
  type ReasonCode,
  RetainHandling,
  type SubscribeProperties,
  type SubscriptionRequest,
} from '@busbar/codec';
import type { Message } from '../message.ts';
import { onAbort, settleable } from '../settleable.ts';
import type { AcknowledgeMode, Inbox } from './inbox.ts';

/** What is asked of the server with a Topic Filter, and how messages wait here. */
export interface SubscribeOptions {
  /** The highest QoS with which messages are to come; default 0. */
  readonly qos?: QoS;
  /** 5.0: not the messages that this client itself publishes; default false. */
  readonly noLocal?: boolean;
  /** 5.0: RETAIN as the publisher set it; default false: only what was retained before comes with RETAIN. */
  readonly retainAsPublished?: boolean;
  /** 5.0: when retained messages come; default 0, at every SUBSCRIBE. */
  readonly retainHandling?: RetainHandling;
  /** 5.0: User Properties of the SUBSCRIBE packet. */
  readonly properties?: Pick<SubscribeProperties, 'userProperties'>;
  /**
   * Messages of QoS 0 that wait here while the handler or the loop is busy, at least 1; default 1,000. Those of QoS 1 and 2
   * wait unacknowledged, so that `receiveMaximum` bounds them.
   */
  readonly bufferSize?: number;
  /** When messages of QoS 1 and 2 are acknowledged; default `handled`: when the handler or the loop is done with them. */
  readonly acknowledge?: AcknowledgeMode;
  /** Messages that the handler may be busy with at a time, at least 1; default 1: one after the other. */
  readonly concurrency?: number;
  /** Ends the subscription; a loop over it throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What the server has granted. */
export interface Grant {
  readonly topicFilter: string;
  /** The Reason Code of SUBACK: 0, 1 or 2. */
  readonly reasonCode: ReasonCode;
  /** The same as a QoS. */
  readonly qos: QoS;
}

/**
 * One call of `subscribe`: to be awaited for what the server grants (it rejects with a SubscribeError when the server refuses),
 * to be looped over for its messages. Leaving the loop unsubscribes; the loop ends when the subscription or the client is
 * ended, and throws when the server refuses.
 *
 * @example
 * for await (const message of client.subscribe('plant/+/temperature', { qos: 1 })) {
 *   console.log(message.topicName, message.text());
 * }
 */
export interface Subscription extends PromiseLike<Grant>, AsyncIterable<Message, undefined> {
  readonly topicFilter: string;
  /**
   * Ends this subscription: its handler is not called any more, its loop ends with what has come. The server is told when it
   * was the last one with its Topic Filter.
   *
   * @returns Resolves when UNSUBACK has come, or when there is nothing to tell.
   */
  unsubscribe(): Promise<void>;
}

/** The same as the client sees it. */
export class ActiveSubscription implements Subscription {
  readonly topicFilter: string;
  readonly inbox: Inbox;
  /** Whether the server has answered, or never will. */
  isSettled = false;
  /** Whether somebody has asked for the grant, and so hears of a refusal. */
  isAwaited = false;
  readonly #end: (subscription: ActiveSubscription) => Promise<void>;
  readonly #grant = settleable<Grant>();
  #stopListening: (() => void) | undefined;

  /** @param end Takes it away and tells the server if need be. */
  constructor(topicFilter: string, inbox: Inbox, end: (subscription: ActiveSubscription) => Promise<void>) {
    this.topicFilter = topicFilter;
    this.inbox = inbox;
    this.#end = end;
    this.#grant.promise.catch(() => {}); // nobody has to await it: a refusal is told as an event too
  }

  // biome-ignore lint/suspicious/noThenProperty: `await client.subscribe(filter)` is what people write.
  then<Fulfilled = Grant, Rejected = never>(
    onFulfilled?: ((grant: Grant) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.isAwaited = true;
    return this.#grant.promise.then(onFulfilled, onRejected);
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    this.isAwaited = true;
    const iterator = this.inbox.iterate();
    return {
      next: () => iterator.next(),
      return: async () => {
        iterator.release();
        this.inbox.end(undefined, 'nothing');
        void this.unsubscribe(); // leaving a loop does not wait for the server
        return { done: true, value: undefined };
      },
    };
  }

  unsubscribe(): Promise<void> {
    const ended = this.#end(this);
    ended.catch(() => {}); // nobody has to await it, and those who leave a loop cannot
    return ended;
  }

  succeed(grant: Grant): void {
    this.isSettled = true;
    this.#grant.resolve(grant);
  }

  /** Ends it when the signal is aborted, which it is not yet. */
  listenTo(signal: AbortSignal): void {
    this.#stopListening = onAbort(signal, () => {
      this.fail(signal.reason);
      void this.unsubscribe();
    });
  }

  /** Nothing more comes. @param rest What of that which has come may still be looped over. */
  end(rest: 'all' | 'acknowledged' = 'all'): void {
    this.#stopListening?.();
    this.inbox.end(undefined, rest);
  }

  fail(error: unknown): void {
    this.#stopListening?.();
    this.isSettled = true;
    this.#grant.reject(error);
    this.inbox.end(error, 'nothing');
  }
}

/** The request in the standard's terms. */
export function requestOf(topicFilter: string, options: SubscribeOptions): SubscriptionRequest {
  return {
    topicFilter,
    qos: options.qos ?? 0,
    noLocal: options.noLocal ?? false,
    retainAsPublished: options.retainAsPublished ?? false,
    retainHandling: options.retainHandling ?? RetainHandling.atSubscribe,
  };
}
