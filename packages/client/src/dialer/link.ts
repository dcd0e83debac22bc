import type { ClientConnection } from '@busbar/protocol';
import type { ByteTransport, TransportError, TransportReceiver } from '@busbar/transport';
import type { Clock } from '../clock.ts';

const NEVER = Number.POSITIVE_INFINITY;
/** What gathers in one turn beyond this is written at once, so that a turn that never ends cannot fill the memory. */
const MOST_GATHERED_BYTES = 65_536;

/**
 * One connection: all that joins a machine to the world, and the only code that knows transport, machine and clock.
 *
 * What the machine wants written in one turn of the event loop leaves in one write: after bytes have come at the end of that
 * call, otherwise at the end of the turn.
 */
export class Link implements TransportReceiver {
  readonly machine: ClientConnection;
  /** Resolves when the transport is closed. */
  readonly closed: Promise<void>;
  readonly #transport: ByteTransport;
  readonly #clock: Clock;
  readonly #handleWritable: () => void;
  #resolveClosed: () => void = () => {};
  #isFlushDue = false;
  #isEnding = false;
  #timerDueAt = NEVER;
  #cancelTimer: (() => void) | undefined;

  /** @param handleWritable Called when {@link isCongested} is no longer true. */
  constructor(machine: ClientConnection, transport: ByteTransport, clock: Clock, handleWritable: () => void) {
    this.machine = machine;
    this.#transport = transport;
    this.#clock = clock;
    this.#handleWritable = handleWritable;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** Starts: CONNECT leaves. */
  open(): void {
    this.#transport.attach(this);
    this.machine.handleConnectionMade(this.#clock.now());
    this.#settle();
  }

  /** Whether the server reads more slowly than is written. */
  get isCongested(): boolean {
    return !this.#transport.isWritable;
  }

  /** The machine has been asked for something: what it wants written leaves with this turn. */
  touch(): void {
    if (this.machine.pendingBytes >= MOST_GATHERED_BYTES) this.machine.flushTo(this.#transport);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#clock.endOfTurn(() => {
      this.#isFlushDue = false;
      this.#settle();
    });
  }

  /** The machine has closed: writes what is left and closes the transport. @param isDead Nobody is there to take anything. */
  end(isDead: boolean): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#disarm();
    if (isDead) {
      this.#transport.destroy();
      return;
    }
    this.machine.flushTo(this.#transport);
    this.#transport.end(); // [MQTT-3.14.4-2]
  }

  handleBytes(bytes: Uint8Array): void {
    // Node brings Buffers; what users get of them are to be plain Uint8Arrays, as in browsers.
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.machine.handleBytes(plain, this.#clock.now());
    this.#settle();
  }

  handleWritable(): void {
    this.#handleWritable();
    this.#settle();
  }

  handleClosed(error?: TransportError): void {
    this.machine.handleConnectionLost(this.#clock.now(), error);
    this.#isEnding = true;
    this.#disarm();
    this.#resolveClosed();
  }

  #settle(): void {
    if (this.#isEnding) return;
    this.machine.flushTo(this.#transport);
    const deadline = this.machine.nextDeadline;
    if (deadline < this.#timerDueAt) this.#arm(deadline);
  }

  /** A deadline that has moved away meanwhile costs one early ring, and no work with every packet. */
  #arm(deadline: number): void {
    this.#disarm();
    this.#timerDueAt = deadline;
    this.#cancelTimer = this.#clock.schedule(() => this.#ring(), Math.max(0, deadline - this.#clock.now()));
  }

  #ring(): void {
    this.#timerDueAt = NEVER;
    this.machine.handleTimeout(this.#clock.now());
    this.#settle();
  }

  #disarm(): void {
    this.#timerDueAt = NEVER;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
