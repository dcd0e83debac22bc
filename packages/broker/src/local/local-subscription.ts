import { ReasonCode } from '@busbar/codec';
import type { Delivery } from '@busbar/protocol';
import type { Clock } from '../clock/clock.ts';
import { HookMessage } from '../hook/hook-message.ts';
import type { InProcessHandler, InProcessMessage, InProcessSubscription } from '../hook/in-process-client.ts';
import type { BrokerLog } from '../observe/log.ts';
import { QuietLine } from '../observe/quiet-line.ts';
import type { ClientDescription, Outlet } from '../session/outlet.ts';
import type { Session } from '../session/session.ts';

/** A message that was taken from the session and is not done with. */
interface Taken {
  readonly delivery: Delivery;
  /** 0 at QoS 0. */
  readonly packetId: number;
  readonly message: InProcessMessage;
}

/** What a {@link LocalSubscription} works with. */
export interface LocalSubscriptionParts {
  readonly session: Session;
  readonly topicFilter: string;
  /** Undefined where the subscription is iterated. */
  readonly handler: InProcessHandler | undefined;
  readonly maximumInFlight: number;
  readonly log: BrokerLog;
  readonly clock: Clock;
  readonly end: (subscription: LocalSubscription) => void;
}

/**
 * A subscription of the broker's own program: the outlet of a session without a connection. It takes a bounded number of
 * messages, hands them over one by one after the turn in which they came, and a message is acknowledged when the handler or
 * the loop is done with it; what it does not take waits in the session, within the limits for queues.
 */
export class LocalSubscription implements InProcessSubscription, Outlet {
  readonly #parts: LocalSubscriptionParts;
  readonly #taken: Taken[] = [];
  readonly #since: number;
  readonly #failures: QuietLine;
  #isDue = false;
  #isWorking = false;
  #isEnded = false;
  #awaiting: (() => void) | undefined = undefined;

  constructor(parts: LocalSubscriptionParts) {
    this.#parts = parts;
    this.#since = parts.clock.now();
    // Whoever publishes what the handler cannot take could fill the log.
    this.#failures = new QuietLine(parts.log, 'the handler of a subscription of the program has failed', {
      level: 'error',
      perSecond: 10,
      later: (callback, delayMs) => parts.clock.schedule(callback, delayMs),
    });
    parts.session.record.flows.outbound.handleConnected(parts.maximumInFlight);
    parts.session.connect(this);
  }

  get topicFilter(): string {
    return this.#parts.topicFilter;
  }

  get waiting(): number {
    return this.#taken.length + this.#parts.session.record.queue.length;
  }

  unsubscribe(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    // What the handler is at work on counts as taken.
    const current = this.#isWorking ? this.#taken[0] : undefined;
    if (current !== undefined) this.#acknowledge(current, ReasonCode.success);
    this.#taken.length = 0;
    this.#parts.end(this);
    this.#awaiting?.();
  }

  // --- outlet ----------------------------------------------------------------------------------------------------------

  get isWritable(): boolean {
    return !this.#isEnded && this.#taken.length < this.#parts.maximumInFlight;
  }

  get hasRoom(): boolean {
    return this.#parts.session.record.flows.outbound.hasRoom;
  }

  accepts(): boolean {
    return true;
  }

  deliver(delivery: Delivery): number {
    const { qos } = delivery;
    const packetId = qos === 0 ? 0 : this.#parts.session.record.flows.outbound.send(delivery, qos);
    delivery.message.own();
    this.#taken.push({ delivery, packetId, message: messageOf(delivery) });
    this.#workLater();
    this.#awaiting?.();
    return packetId;
  }

  pumpLater(): void {
    this.#parts.clock.endOfTurn(() => this.#pump());
  }

  acceptPublish(): boolean {
    return false;
  }

  describe(): ClientDescription {
    const connectedSeconds = Math.floor((this.#parts.clock.now() - this.#since) / 1000);
    return { remote: 'in-process', protocolVersion: '5.0', connectedSeconds, bufferedBytes: 0 };
  }

  kick(message: string): void {
    this.#parts.log.info({ filter: this.topicFilter }, `a subscription of the program ends: ${message}`);
    this.unsubscribe();
  }

  cutOff(): void {
    this.#parts.log.warn(
      { filter: this.topicFilter },
      'a subscription of the program ends: it does not take its messages',
    );
    this.unsubscribe();
  }

  takeOver(): void {
    this.unsubscribe();
  }

  // --- handler ---------------------------------------------------------------------------------------------------------

  #workLater(): void {
    if (this.#parts.handler === undefined || this.#isDue || this.#isWorking) return;
    this.#isDue = true;
    this.#parts.clock.endOfTurn(() => {
      this.#isDue = false;
      this.#work(this.#taken.length);
    });
  }

  /** @param most As many as were there when it began: what comes meanwhile has its turn after everybody else. */
  #work(most: number): void {
    const { handler } = this.#parts;
    for (let done = 0; done < most; done++) {
      const next = this.#taken[0];
      if (next === undefined || handler === undefined) return;
      this.#isWorking = true;
      try {
        const working = handler(next.message);
        if (working instanceof Promise) {
          void this.#finishLater(working);
          return;
        }
        this.#finish(ReasonCode.success);
      } catch (error) {
        this.#handleFailure(error);
      }
    }
    if (this.#taken.length > 0) this.#workLater();
  }

  async #finishLater(working: Promise<void>): Promise<void> {
    try {
      await working;
      this.#finish(ReasonCode.success);
    } catch (error) {
      this.#handleFailure(error);
    }
    if (this.#taken.length > 0) this.#workLater();
  }

  #handleFailure(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#failures.write({ filter: this.topicFilter, error: text }, this.#parts.clock.now());
    this.#finish(ReasonCode.unspecifiedError);
  }

  /** The first of those taken is done with. */
  #finish(reasonCode: ReasonCode): void {
    this.#isWorking = false;
    if (this.#isEnded) return;
    const done = this.#taken.shift();
    if (done === undefined) return;
    this.#acknowledge(done, reasonCode);
    this.#pump();
  }

  #acknowledge({ delivery, packetId }: Taken, reasonCode: ReasonCode): void {
    const { session } = this.#parts;
    const { outbound } = session.record.flows;
    if (delivery.qos === 0) return;
    if (delivery.qos === 1) outbound.handlePuback(packetId);
    else outbound.handleRefusingPubrec(packetId);
    session.handleDelivered(delivery, reasonCode, packetId);
  }

  #pump(): void {
    if (!this.#isEnded) this.#parts.session.pump(this.#parts.clock.now());
  }

  // --- iteration -------------------------------------------------------------------------------------------------------

  async *[Symbol.asyncIterator](): AsyncGenerator<InProcessMessage, void> {
    try {
      for (;;) {
        const next = this.#taken[0];
        if (this.#isEnded) return;
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            this.#awaiting = resolve;
          });
          continue;
        }
        this.#isWorking = true;
        yield next.message;
        this.#finish(ReasonCode.success);
      }
    } finally {
      this.unsubscribe();
    }
  }
}

function messageOf({ message, qos, retain, subscriptionIdentifiers }: Delivery): InProcessMessage {
  const seen = HookMessage.of(message);
  return {
    topicName: message.topicName,
    publisher: message.publisher,
    qos,
    retain,
    get payload() {
      return seen.payload;
    },
    get properties() {
      return subscriptionIdentifiers === undefined
        ? seen.properties
        : { ...seen.properties, subscriptionIdentifiers: [...subscriptionIdentifiers] };
    },
    text: () => seen.text(),
    json: () => seen.json(),
  };
}
