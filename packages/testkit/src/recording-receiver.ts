import type { ByteTransport, TransportError, TransportReceiver } from '@busbar/transport';

/**
 * A {@link TransportReceiver} that keeps what it is told, for tests: `await receiver.until(() => receiver.closed > 0)`.
 *
 * A call that comes while {@link within} runs breaks the transport's promise never to call from within, and is counted
 * in `callsFromWithin`.
 */
export class RecordingReceiver implements TransportReceiver {
  /** Every chunk as it arrived, not copied. */
  readonly chunks: Uint8Array[] = [];
  /** All calls in order: `bytes`, `writable`, `closed`. */
  readonly calls: ('bytes' | 'writable' | 'closed')[] = [];
  byteLength = 0;
  writable = 0;
  closed = 0;
  error: TransportError | undefined;
  callsFromWithin = 0;
  /** Called with each chunk after it was recorded. */
  onBytes: ((bytes: Uint8Array) => void) | undefined;
  onWritable: (() => void) | undefined;
  #isInside = false;
  readonly #waiters: { condition: () => boolean; resolve: () => void }[] = [];

  handleBytes(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.byteLength += bytes.byteLength;
    this.#record('bytes');
    this.onBytes?.(bytes);
    this.#wake();
  }

  handleWritable(): void {
    this.writable += 1;
    this.#record('writable');
    this.onWritable?.();
    this.#wake();
  }

  handleClosed(error?: TransportError): void {
    this.closed += 1;
    this.error = error;
    this.#record('closed');
    this.#wake();
  }

  /** Attaches itself to `transport` and returns itself. */
  attachTo(transport: ByteTransport): this {
    this.within(() => transport.attach(this));
    return this;
  }

  /** Runs `act` and counts the calls that come from within it. */
  within(act: () => void): void {
    this.#isInside = true;
    act();
    this.#isInside = false;
  }

  /** Resolves once `condition` holds; it is asked now and after every call. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ condition, resolve }));
  }

  untilClosed(): Promise<void> {
    return this.until(() => this.closed > 0);
  }

  untilBytes(byteLength: number): Promise<void> {
    return this.until(() => this.byteLength >= byteLength);
  }

  /** Everything that arrived, in one piece. */
  bytes(): Uint8Array {
    const joined = new Uint8Array(this.byteLength);
    let at = 0;
    for (const chunk of this.chunks) {
      joined.set(chunk, at);
      at += chunk.byteLength;
    }
    return joined;
  }

  #record(call: 'bytes' | 'writable' | 'closed'): void {
    this.calls.push(call);
    if (this.#isInside) this.callsFromWithin += 1;
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) {
      if (waiter.condition()) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }
}
