import type { ClientConnection } from '@busbar/protocol';
import type { ByteTransport, TransportError, TransportReceiver } from '@busbar/transport';
import type { Clock } from '../clock.ts';
import { settleable } from '../settleable.ts';

const NEVER = Number.POSITIVE_INFINITY;
/** What gathers in one turn beyond this is written at once, so that a turn that never ends cannot fill the memory. */
const MOST_GATHERED_BYTES = 65_536;

/** Holds back what a connection writes until a store has what must not be forgotten. */
export interface LinkGate {
  /** Whether something is still to be stored. */
  readonly isShut: boolean;
  /** Whether nothing will ever be stored again: then nothing may leave either. */
  readonly hasFailed: boolean;
  /** Calls back when everything up to now is stored, in the order of the calls. */
  pass(callback: () => void): void;
}

/**
 * One connection: all that joins a machine to the world, and the only code that knows transport, machine and clock.
 *
 * What the machine wants written in one turn of the event loop leaves in one write: after bytes have come at the end of that
 * call, otherwise at the end of the turn.
 */
export class Link implements TransportReceiver {
  readonly machine: ClientConnection;
  readonly #transport: ByteTransport;
  readonly #clock: Clock;
  readonly #gate: LinkGate | undefined;
  readonly #handleWritable: () => void;
  readonly #closed = settleable();
  #isFlushDue = false;
  #isEnding = false;
  #timerDueAt = NEVER;
  #cancelTimer: (() => void) | undefined;

  /** @param handleWritable Called when {@link isCongested} is no longer true. */
  constructor(
    machine: ClientConnection,
    transport: ByteTransport,
    clock: Clock,
    gate: LinkGate | undefined,
    handleWritable: () => void,
  ) {
    this.machine = machine;
    this.#transport = transport;
    this.#clock = clock;
    this.#gate = gate;
    this.#handleWritable = handleWritable;
  }

  /** Resolves when the transport is closed. */
  get closed(): Promise<void> {
    return this.#closed.promise;
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
    if (this.machine.pendingBytes >= MOST_GATHERED_BYTES) this.#flush();
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
    if (isDead || this.#gate?.hasFailed) {
      this.#transport.destroy();
      return;
    }
    this.#flush();
    if (this.#gate?.isShut) this.#gate.pass(() => this.#transport.end());
    else this.#transport.end(); // [MQTT-3.14.4-2]
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
    this.#closed.resolve();
  }

  #settle(): void {
    if (this.#isEnding) return;
    this.#flush();
    const deadline = this.machine.nextDeadline;
    if (deadline < this.#timerDueAt) this.#arm(deadline);
  }

  #flush(): void {
    if (!this.#gate?.isShut) {
      this.machine.flushTo(this.#transport);
      return;
    }
    const bytes = this.machine.takeBytes();
    if (bytes !== undefined) this.#gate.pass(() => this.#transport.write(bytes));
  }

  /** A deadline that has moved away meanwhile costs one early ring, and no work with every packet. */
  #arm(deadline: number): void {
    this.#disarm();
    this.#timerDueAt = deadline;
    this.#cancelTimer = this.#clock.schedule(() => this.#ring(), Math.max(0, deadline - this.#clock.now()));
  }

  /** What has come while the program was busy is read first: a handler that takes long is not a server that is silent. */
  #ring(): void {
    this.#timerDueAt = NEVER;
    this.#clock.endOfTurn(() => {
      if (this.#isEnding) return;
      this.machine.handleTimeout(this.#clock.now());
      this.#settle();
    });
  }

  #disarm(): void {
    this.#timerDueAt = NEVER;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
