import { Violation } from '../run/violation.ts';

/** How long an answer may take, in milliseconds. Only what does not come costs this time. */
export const PATIENCE_MS = 10_000;

/** A packet, the end of the Network Connection, or bytes that no server may send. */
export type Arrival<Packet> =
  | { readonly kind: 'packet'; readonly packet: Packet }
  | { readonly kind: 'closed' }
  | { readonly kind: 'violation'; readonly violation: Violation };

interface Waiter<Packet> {
  readonly isWanted: (arrival: Arrival<Packet>) => boolean;
  readonly settle: (arrival: Arrival<Packet> | undefined) => void;
}

/** What has come and has not been looked at, in order; waits for what has not come. */
export class Inbox<Packet> {
  readonly #packets: Extract<Arrival<Packet>, { kind: 'packet' }>[] = [];
  /** The last that comes; it stays. */
  #end: Exclude<Arrival<Packet>, { kind: 'packet' }> | undefined;
  readonly #waiters = new Set<Waiter<Packet>>();
  readonly #describe: (packet: Packet) => string;

  /** @param describe A packet in one line, for reports. */
  constructor(describe: (packet: Packet) => string) {
    this.#describe = describe;
  }

  add(arrival: Arrival<Packet>): void {
    if (arrival.kind !== 'packet') {
      this.#end ??= arrival;
      for (const waiter of this.#waiters) waiter.settle(this.#end);
      return;
    }
    for (const waiter of this.#waiters) {
      if (waiter.isWanted(arrival)) return waiter.settle(arrival);
    }
    this.#packets.push(arrival);
  }

  /**
   * The first arrival that is wanted; packets before it stay.
   *
   * @param expected What is waited for, for the report.
   * @throws {Violation} It has not come in time, the connection has ended before, or the server sent what it may not send.
   */
  async take(
    expected: string,
    isWanted: Waiter<Packet>['isWanted'],
    timeoutMs = PATIENCE_MS,
  ): Promise<Arrival<Packet>> {
    const at = this.#packets.findIndex(isWanted);
    const [packet] = at < 0 ? [] : this.#packets.splice(at, 1);
    const arrival = packet ?? this.#end ?? (await this.#wait(isWanted, timeoutMs));
    if (arrival === undefined) throw new Violation(expected, `${this.#unwanted()}nothing for ${timeoutMs / 1000} s`);
    if (arrival.kind === 'violation') throw arrival.violation;
    if (!isWanted(arrival)) throw new Violation(expected, `${this.#unwanted()}the end of the connection`);
    return arrival;
  }

  #wait(isWanted: Waiter<Packet>['isWanted'], timeoutMs: number): Promise<Arrival<Packet> | undefined> {
    return new Promise((resolve) => {
      const settle = (arrival: Arrival<Packet> | undefined): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        resolve(arrival);
      };
      const waiter = { isWanted, settle };
      const timer = setTimeout(() => settle(undefined), timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  #unwanted(): string {
    const shown = this.#packets.slice(0, 3).map(({ packet }) => `${this.#describe(packet)}, `);
    return shown.length === 0 ? '' : `${shown.join('')}then `;
  }
}
