import type { TracedPacket } from './traced-packet.ts';

/** Is told each packet of a client that it traces, as it happens. Must be quick: the broker waits. */
export type TraceListener = (packet: TracedPacket) => void;

/** Who traces which client. */
export class Traces {
  readonly #listeners = new Map<string, Set<TraceListener>>();

  get isEmpty(): boolean {
    return this.#listeners.size === 0;
  }

  /** Those who trace a client; undefined when nobody does. The set lives as long as somebody is in it. */
  of(clientIdentifier: string): ReadonlySet<TraceListener> | undefined {
    return this.#listeners.get(clientIdentifier);
  }

  add(clientIdentifier: string, listener: TraceListener): void {
    const listeners = this.#listeners.get(clientIdentifier) ?? new Set();
    this.#listeners.set(clientIdentifier, listeners.add(listener));
  }

  /** @returns Whether it was the last one of this client. */
  remove(clientIdentifier: string, listener: TraceListener): boolean {
    const listeners = this.#listeners.get(clientIdentifier);
    if (listeners?.delete(listener) !== true || listeners.size > 0) return false;
    this.#listeners.delete(clientIdentifier);
    return true;
  }
}
