/** Keep Alive never ends a connection when it is 0 (section 3.1.2.10). */
export const NEVER = Number.POSITIVE_INFINITY;

/**
 * The server's side of Keep Alive (section 3.1.2.10): when the client has been silent for one and a half times its
 * Keep Alive, it is gone. Times in milliseconds of any monotonic clock.
 */
export class ClientSilence {
  #allowedMs = NEVER;
  #lastHeardAt = 0;

  /** @param keepAliveSeconds 0 turns it off. */
  start(keepAliveSeconds: number, now: number): void {
    this.#allowedMs = keepAliveSeconds === 0 ? NEVER : keepAliveSeconds * 1500; // [MQTT-3.1.2-22]
    this.#lastHeardAt = now;
  }

  /** A packet has come, of any type. */
  handleReceived(now: number): void {
    this.#lastHeardAt = now;
  }

  /** When the silence becomes too long, unless something comes. */
  get deadline(): number {
    return this.#lastHeardAt + this.#allowedMs;
  }
}

/**
 * The client's side of Keep Alive: PINGREQ when for a Keep Alive nothing has been sent [MQTT-3.1.2-20] or nothing has come,
 * so that a connection which takes bytes and gives none is noticed too; and the end when the PINGRESP stays out while nothing
 * else comes. Times in milliseconds of any monotonic clock.
 */
export class ClientPing {
  #intervalMs = NEVER;
  #timeoutMs = NEVER;
  #lastSentAt = 0;
  #lastReceivedAt = 0;
  #pingedAt = NEVER;

  /**
   * @param keepAliveSeconds As agreed with the server; 0 turns it off.
   * @param timeoutMs How long the PINGRESP may take.
   */
  start(keepAliveSeconds: number, timeoutMs: number, now: number): void {
    this.#intervalMs = keepAliveSeconds === 0 ? NEVER : keepAliveSeconds * 1000;
    this.#timeoutMs = timeoutMs;
    this.#lastSentAt = now;
    this.#lastReceivedAt = now;
    this.#pingedAt = NEVER;
  }

  handleSent(now: number): void {
    this.#lastSentAt = now;
  }

  /** Bytes have come, of whatever packet. */
  handleReceived(now: number): void {
    this.#lastReceivedAt = now;
  }

  handlePingSent(now: number): void {
    this.#lastSentAt = now;
    if (this.#pingedAt === NEVER) this.#pingedAt = now;
  }

  handlePingresp(): void {
    this.#pingedAt = NEVER;
  }

  /** When the next PINGREQ is due. */
  get pingDeadline(): number {
    const isAsking = this.#pingedAt !== NEVER;
    return (isAsking ? this.#lastSentAt : Math.min(this.#lastSentAt, this.#lastReceivedAt)) + this.#intervalMs;
  }

  /** When the server is to be given up, unless something comes. */
  get deadline(): number {
    return this.#pingedAt === NEVER ? NEVER : Math.max(this.#pingedAt, this.#lastReceivedAt) + this.#timeoutMs;
  }
}
