import { expectOptions } from '../call-check.ts';

/** How a client waits between attempts. */
export interface ReconnectOptions {
  /** Milliseconds: the longest wait before the first attempt; default 1,000. */
  readonly initialDelayMs?: number;
  /** Milliseconds that no wait exceeds; default 30,000. */
  readonly maximumDelayMs?: number;
  /** Milliseconds that a connection must have stood for its end to count as the first failure again; default 10,000. */
  readonly healthyAfterMs?: number;
  /**
   * Asked after each failed attempt and each lost connection; true ends the client with this error. Default: never.
   *
   * @example
   * const giveUp = (error: Error) => error instanceof ConnectionRefusedError && error.reasonCode === ReasonCode.banned;
   * const client = createClient(url, { reconnect: { giveUp } });
   */
  readonly giveUp?: (error: Error) => boolean;
}

const RULES = { initialDelayMs: 0, maximumDelayMs: 0, healthyAfterMs: 0, giveUp: 'function' } as const;

/**
 * Exponential back-off with full jitter: each wait is a random part of a bound that doubles with every failure. A server that
 * restarts is so not met by all its clients at once, and a connection that is accepted and dropped at once counts as a
 * failure, or two clients with one Client Identifier would chase each other for ever.
 */
export class BackOff {
  readonly #initialDelayMs: number;
  readonly #maximumDelayMs: number;
  readonly #healthyAfterMs: number;
  readonly #random: () => number;
  readonly #giveUp: ((error: Error) => boolean) | undefined;
  #failures = 0;

  constructor(options: ReconnectOptions, random: () => number) {
    expectOptions({ reconnect: options }, { reconnect: 'object' });
    expectOptions(options, RULES, 'reconnect.');
    this.#initialDelayMs = options.initialDelayMs ?? 1_000;
    this.#maximumDelayMs = options.maximumDelayMs ?? 30_000;
    this.#healthyAfterMs = options.healthyAfterMs ?? 10_000;
    this.#random = random;
    this.#giveUp = options.giveUp;
  }

  /** A connection is over. @param stoodMs How long it has stood. @returns Whether that was a healthy time. */
  handleDisconnected(stoodMs: number): boolean {
    const isHealthy = stoodMs >= this.#healthyAfterMs;
    if (isHealthy) this.#failures = 0;
    return isHealthy;
  }

  /** Whether the program wants no further attempt after this. */
  givesUp(error: Error): boolean {
    return this.#giveUp?.(error) ?? false;
  }

  /** Milliseconds to wait now. @param leastMs What the server asks for; the jitter comes on top, or all would come at once. */
  nextDelayMs(leastMs = 0): number {
    const bound = Math.min(this.#maximumDelayMs, this.#initialDelayMs * 2 ** this.#failures);
    this.#failures++;
    return Math.round(leastMs + bound * this.#random());
  }
}
