import type { AcknowledgementProperties, PublishProperties, QoS, ReasonCode } from '@busbar/codec';
import type { MessageContent } from '@busbar/protocol';
import { onAbort, settleable } from '../settleable.ts';

/** How a message is published. */
export interface PublishOptions {
  /** Default 0. */
  readonly qos?: QoS;
  /** Whether the server keeps it for those who subscribe later; default false. An empty payload deletes what it keeps. */
  readonly retain?: boolean;
  /** 5.0 only; left out below, but that a Message Expiry Interval is counted while the message waits here in any version. */
  readonly properties?: Omit<PublishProperties, 'topicAlias' | 'subscriptionIdentifiers'>;
  /** Takes the message back if it still waits; what is on its way cannot be stopped, only no longer awaited. */
  readonly signal?: AbortSignal;
}

/** How a publication has ended. */
export interface PublishOutcome {
  /** Below 0x80. `noMatchingSubscribers` (0x10) where a 5.0 server says that nobody has subscribed. */
  readonly reasonCode: ReasonCode;
  /** Undefined at QoS 0. */
  readonly packetId: number | undefined;
  /** What a 5.0 server said besides. */
  readonly properties: Readonly<AcknowledgementProperties>;
}

/** A message on its way from the call that published it to the end of its flow. */
export class Publication {
  readonly message: MessageContent;
  /** Under which number a store keeps it; 0 for none. */
  readonly key: number;
  /** Milliseconds of the client's clock when it began to wait. */
  waitsSince = 0;
  /** Until when it may wait. */
  expiresAt: number = Number.POSITIVE_INFINITY;
  readonly #outcome = settleable<PublishOutcome>();
  #stopListening: (() => void) | undefined;

  constructor(message: MessageContent, key = 0) {
    this.message = message;
    this.key = key;
  }

  get outcome(): Promise<PublishOutcome> {
    return this.#outcome.promise;
  }

  /** Begins to wait. @param maximumAgeMs However long the message itself may live. */
  wait(since: number, maximumAgeMs: number): void {
    const { messageExpiryInterval = Number.POSITIVE_INFINITY } = this.message.properties;
    this.waitsSince = since;
    this.expiresAt = since + Math.min(maximumAgeMs, messageExpiryInterval * 1_000);
  }

  /** The message as it leaves after its wait: what it has waited is counted (section 3.3.2.3.3). */
  messageAt(now: number): MessageContent {
    const { messageExpiryInterval } = this.message.properties;
    const waitedSeconds = Math.floor((now - this.waitsSince) / 1_000);
    if (messageExpiryInterval === undefined || this.waitsSince === 0 || waitedSeconds === 0) return this.message;
    const left = Math.max(1, messageExpiryInterval - waitedSeconds);
    return { ...this.message, properties: { ...this.message.properties, messageExpiryInterval: left } };
  }

  listenTo(signal: AbortSignal, handleAbort: () => void): void {
    this.#stopListening = onAbort(signal, handleAbort);
  }

  succeed(outcome: PublishOutcome): void {
    this.#stopListening?.();
    this.#outcome.resolve(outcome);
  }

  /** Nobody has to await a publication: what the world does to it must not end the program. */
  fail(reason: unknown): void {
    this.#stopListening?.();
    this.outcome.catch(() => {});
    this.#outcome.reject(reason);
  }
}
