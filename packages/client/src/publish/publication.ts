import type { AcknowledgementProperties, PublishProperties, QoS, ReasonCode } from '@busbar/codec';
import type { MessageContent } from '@busbar/protocol';

/** How a message is published. */
export interface PublishOptions {
  /** Default 0. */
  readonly qos?: QoS;
  /** Whether the server keeps it for those who subscribe later; default false. An empty payload deletes what it keeps. */
  readonly retain?: boolean;
  /** 5.0 only; left out below. */
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
  readonly outcome: Promise<PublishOutcome>;
  #resolve: (outcome: PublishOutcome) => void = () => {};
  #reject: (reason: unknown) => void = () => {};
  #stopListening: (() => void) | undefined;

  constructor(message: MessageContent) {
    this.message = message;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  listenTo(signal: AbortSignal, handleAbort: () => void): void {
    signal.addEventListener('abort', handleAbort, { once: true });
    this.#stopListening = () => signal.removeEventListener('abort', handleAbort);
  }

  succeed(outcome: PublishOutcome): void {
    this.#stopListening?.();
    this.#resolve(outcome);
  }

  /** Nobody has to await a publication: what the world does to it must not end the program. */
  fail(reason: unknown): void {
    this.#stopListening?.();
    this.outcome.catch(() => {});
    this.#reject(reason);
  }
}
