import type { PublishProperties, QoS, ReasonCode } from '@busbar/codec';
import type { Identity } from '../authorization/identity.ts';

/** A message as the broker's own program gets it. */
export interface InProcessMessage {
  readonly topicName: string;
  /** The program's to keep. */
  readonly payload: Uint8Array;
  readonly qos: QoS;
  /** Whether it was retained before the subscription was made (or, with `retainAsPublished`, RETAIN as it was published). */
  readonly retain: boolean;
  readonly properties: Readonly<PublishProperties>;
  /** The Client Identifier of the publisher; `''` for the broker itself and its programs. */
  readonly publisher: string;
  /** The payload as UTF-8. */
  text(): string;
  /** The payload as JSON. @throws {SyntaxError} It is none. */
  json(): unknown;
}

export interface InProcessPublishOptions {
  /** Default: 0. */
  readonly qos?: QoS | undefined;
  /** Default: false. */
  readonly retain?: boolean | undefined;
  readonly properties?: Readonly<Omit<PublishProperties, 'topicAlias' | 'subscriptionIdentifiers'>> | undefined;
  /** Who publishes, for rules and `authorize` hooks, and with whose mount point. Default: the program, which may everything. */
  readonly identity?: Identity | undefined;
}

export interface InProcessSubscribeOptions {
  /** The highest QoS that messages come with. Default: 1. */
  readonly qos?: QoS | undefined;
  /** Whether retained messages come first. Default: true. */
  readonly retained?: boolean | undefined;
  /** Whether RETAIN stays as it was published. Default: false. */
  readonly retainAsPublished?: boolean | undefined;
  /** Messages that are taken from the broker before the handler is done with those before. Default: 64. */
  readonly maximumInFlight?: number | undefined;
  /** Who subscribes, for rules and `authorize` hooks, and with whose mount point. Default: the program, which may everything. */
  readonly identity?: Identity | undefined;
}

/** One at a time; while a promise is pending the next message waits. */
export type InProcessHandler = (message: InProcessMessage) => void | Promise<void>;

/** A subscription of the broker's own program. Iterating it takes its messages one by one; leaving the loop ends it. */
export interface InProcessSubscription extends AsyncIterable<InProcessMessage> {
  readonly topicFilter: string;
  /** Messages that wait for the handler or the loop, queued ones included. */
  readonly waiting: number;
  /** Ends it. What still waits is counted as lost; a message whose handler is at work is finished. */
  unsubscribe(): void;
}

/** The broker's own program as its client: no socket, no packets. */
export interface InProcessClient {
  /**
   * Publishes.
   *
   * @param payload A text is encoded as UTF-8.
   * @returns When router and store have the message: at QoS 1 and 2 what a client's PUBACK would say, a synced batch with a
   *   store on disk. The Reason Code is 0, or 0x10 when nobody has subscribed.
   * @throws {UsageError} `topic-name-invalid`, `qos-invalid`, `property-not-allowed`: content that MQTT cannot carry.
   * @throws {PublishRefusedError} Rules, a full queue or a full store are against it (`reasonCode`).
   * @example await broker.publish('plant/1/state', 'running', { qos: 1, retain: true });
   */
  publish(
    topicName: string,
    payload: string | Uint8Array,
    options?: InProcessPublishOptions,
  ): Promise<{ readonly reasonCode: ReasonCode }>;
  /**
   * Subscribes; messages come from the end of this turn on, retained ones first.
   *
   * @param handler Without one the subscription is to be iterated. What it throws is logged, and counted as `refused`.
   * @throws {UsageError} `topic-filter-invalid`, `qos-invalid`, `option-invalid`; `not-authorized`: the identity may not.
   * @example for await (const message of broker.subscribe('plant/#')) console.log(message.topicName, message.text());
   */
  subscribe(topicFilter: string, options?: InProcessSubscribeOptions): InProcessSubscription;
  subscribe(topicFilter: string, handler: InProcessHandler, options?: InProcessSubscribeOptions): InProcessSubscription;
}
