/** How many connections a {@link ConnectionGate} lets in. */
export interface ConnectionGateLimits {
  /** Connections that may be open at a time; default no bound. */
  readonly maximumConnections?: number;
  /** Connections per second, as a mean; as many may come at once after a quiet second. Default no bound. */
  readonly connectionRate?: number;
}

/** Which bound turned a connection away. */
export type GateRefusal = 'maximumConnections' | 'connectionRate';

/**
 * Counts the connections of one listener, or of several that share it, and turns away what is too much: before TLS, where
 * it costs least.
 *
 *     const gate = new ConnectionGate({ maximumConnections: 10_000, connectionRate: 500 });
 *     await listenTls({ port: 8883, gate, tls }, accept);
 */
export class ConnectionGate {
  #maximumConnections = Number.POSITIVE_INFINITY;
  #connectionRate = Number.POSITIVE_INFINITY;
  /** Connections that may come at once after a quiet time. */
  #burst = Number.POSITIVE_INFINITY;
  readonly #now: () => number;
  #open = 0;
  /** Connections that may come at this moment, and when that was reckoned. */
  #allowance = Number.POSITIVE_INFINITY;
  #reckonedAt: number;

  /** @param now The time in milliseconds; default the machine's monotonic clock. */
  constructor(limits: ConnectionGateLimits, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#reckonedAt = now();
    this.replaceLimits(limits);
    this.#allowance = this.#burst;
  }

  /** Other bounds for the connections to come; those that are open stay. */
  replaceLimits(limits: ConnectionGateLimits): void {
    this.#maximumConnections = limits.maximumConnections ?? Number.POSITIVE_INFINITY;
    this.#connectionRate = limits.connectionRate ?? Number.POSITIVE_INFINITY;
    this.#burst = Math.max(this.#connectionRate, 1);
  }

  /** Connections that were let in and are open. */
  get open(): number {
    return this.#open;
  }

  /** Lets a connection in and counts it until it closes, or says what speaks against it. */
  admit(socket: { on(event: 'close', listener: () => void): unknown }): GateRefusal | undefined {
    if (this.#open >= this.#maximumConnections) return 'maximumConnections';
    if (!this.#takeAllowance()) return 'connectionRate';
    this.#open += 1;
    socket.on('close', this.#release);
    return undefined;
  }

  /** One for all connections: an idle one should cost nothing here. */
  readonly #release = (): void => {
    this.#open -= 1;
  };

  #takeAllowance(): boolean {
    if (this.#connectionRate === Number.POSITIVE_INFINITY) return true;
    const now = this.#now();
    const earned = ((now - this.#reckonedAt) / 1_000) * this.#connectionRate;
    this.#allowance = Math.min(this.#allowance + earned, this.#burst);
    this.#reckonedAt = now;
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }
}
