import { TokenBucket } from '../clock/token-bucket.ts';
import type { BrokerLimits } from '../config/limits.ts';

/** Which of a client's rates is over its limit. */
export type RateLimit = 'maximumMessageRate' | 'maximumByteRate';

/** What a client has sent beyond its rate. */
export interface Excess {
  readonly limit: RateLimit;
  /** Milliseconds until it is within its rate again. */
  readonly waitMs: number;
}

/** Shorter pauses are saved up: the clock of the broker has larger steps. */
const SHORTEST_PAUSE_MS = 50;

/** How much one client publishes per second. There is none where nothing bounds it. */
export class ClientRate {
  readonly #limits: BrokerLimits;
  readonly #messages: TokenBucket;
  readonly #bytes: TokenBucket;
  #messagesSince = 0;
  /** Why the latest message was refused; undefined when it was not. */
  refusal: string | undefined = undefined;
  /** The limit that the latest refusal was for. */
  refusedBy: RateLimit = 'maximumMessageRate';

  /** @returns Undefined where a client may publish as much as it likes. */
  static of(limits: BrokerLimits, now: number): ClientRate | undefined {
    const { maximumMessageRate, maximumByteRate } = limits;
    return maximumMessageRate > 0 || maximumByteRate > 0 ? new ClientRate(limits, now) : undefined;
  }

  private constructor(limits: BrokerLimits, now: number) {
    this.#limits = limits;
    this.#messages = new TokenBucket(now);
    this.#bytes = new TokenBucket(now);
  }

  /** A PUBLISH of so many bytes has come. @returns Whether it may be routed; where clients are paused, it always may. */
  admits(byteLength: number, now: number): boolean {
    const { maximumMessageRate, maximumByteRate, ratePolicy } = this.#limits;
    this.refusal = undefined;
    this.#messagesSince++;
    if (ratePolicy === 'pause') return true;
    if (maximumMessageRate > 0 && !this.#messages.tryTake(1, maximumMessageRate, now)) {
      return this.#refuse('maximumMessageRate', `more than ${maximumMessageRate} messages a second`);
    }
    if (maximumByteRate === 0 || this.#bytes.tryTake(byteLength, maximumByteRate, now)) return true;
    return this.#refuse('maximumByteRate', `more than ${maximumByteRate} bytes a second`);
  }

  /**
   * So many bytes have come, of packets of all types, and in them the messages since the last call.
   *
   * @returns Undefined when the client may be read on.
   */
  takeExcess(byteLength: number, now: number): Excess | undefined {
    const messages = this.#messagesSince;
    this.#messagesSince = 0;
    const { maximumMessageRate, maximumByteRate, ratePolicy } = this.#limits;
    if (ratePolicy !== 'pause') return undefined;
    const forMessages = maximumMessageRate > 0 ? this.#messages.take(messages, maximumMessageRate, now) : 0;
    const forBytes = maximumByteRate > 0 ? this.#bytes.take(byteLength, maximumByteRate, now) : 0;
    const waitMs = Math.max(forMessages, forBytes);
    if (waitMs < SHORTEST_PAUSE_MS) return undefined;
    return { limit: forMessages >= forBytes ? 'maximumMessageRate' : 'maximumByteRate', waitMs };
  }

  #refuse(limit: RateLimit, refusal: string): false {
    this.refusedBy = limit;
    this.refusal = refusal;
    return false;
  }
}
