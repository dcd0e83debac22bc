import type { TransportError, TransportReceiver } from './byte-transport.ts';

/**
 * What stands between a source that cannot be stopped at once and an owner who may pause, or is not there yet: bytes that have
 * come wait here, and so does the close, until the owner has had them.
 *
 *     push --> waiting --> handleBytes        close --(when nothing waits)--> handleClosed, once and last
 *
 * Calls the owner only from within {@link push} and {@link close}, or from a microtask of its own.
 */
export class InboundQueue {
  readonly #onWanted: () => void;
  readonly #waiting: Uint8Array[] = [];
  #receiver: TransportReceiver | undefined;
  #isPaused = false;
  #isDeliveryDue = false;
  #isDiscarding = false;
  #isClosed = false;
  #isReported = false;
  #error: TransportError | undefined;

  /** @param onWanted The owner wants bytes, and none are waiting: the source may flow. May be called again and again. */
  constructor(onWanted: () => void) {
    this.#onWanted = onWanted;
  }

  get receiver(): TransportReceiver | undefined {
    return this.#receiver;
  }

  attach(receiver: TransportReceiver): void {
    if (this.#receiver !== undefined) throw new Error('a transport takes one receiver, and it has one already');
    this.#receiver = receiver;
    this.#flow();
  }

  pause(): void {
    if (!this.#isDiscarding) this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#flow();
  }

  push(bytes: Uint8Array): void {
    if (this.#isDiscarding || bytes.byteLength === 0) return;
    if (this.#isPaused || this.#receiver === undefined || this.#waiting.length > 0) this.#waiting.push(bytes);
    else this.#receiver.handleBytes(bytes);
  }

  /** The owner wants nothing more, only to be told of the close. */
  discard(): void {
    this.#isDiscarding = true;
    this.#isPaused = false;
    this.#waiting.length = 0;
    if (this.#isClosed) this.#flow();
  }

  /** The connection is over. After an error nobody wants what came before it. */
  close(error: TransportError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    if (error !== undefined) this.#waiting.length = 0;
    if (this.#waiting.length > 0) this.#flow();
    else this.#report();
  }

  /** Soon, for an owner is not called from within its own calls. */
  #flow(): void {
    if (this.#receiver === undefined || this.#isPaused || this.#isDeliveryDue) return;
    if (this.#waiting.length === 0 && !this.#isClosed) {
      this.#onWanted();
      return;
    }
    this.#isDeliveryDue = true;
    queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    this.#isDeliveryDue = false;
    while (!this.#isPaused) {
      const bytes = this.#waiting.shift();
      if (bytes === undefined) break;
      this.#receiver?.handleBytes(bytes);
    }
    if (this.#waiting.length > 0) return;
    if (this.#isClosed) this.#report();
    else if (!this.#isPaused) this.#onWanted();
  }

  #report(): void {
    if (this.#receiver === undefined || this.#isReported) return;
    this.#isReported = true;
    this.#isDiscarding = true;
    this.#receiver.handleClosed(this.#error);
  }
}
