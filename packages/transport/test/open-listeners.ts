import { connect, type Socket } from 'node:net';
import { type ByteTransport, TransportError, type TransportListener } from '@busbar/transport';
import { onTestFinished } from 'vitest';

/** What a listener has accepted so far, and a wait for the next. */
export class Accepted {
  readonly transports: ByteTransport[] = [];
  #wake = () => {};

  readonly accept = (transport: ByteTransport): void => {
    this.transports.push(transport);
    onTestFinished(() => transport.destroy());
    this.#wake();
  };

  /** The connection of that number, counted from 0, as soon as it is there. */
  async at(index: number): Promise<ByteTransport> {
    for (;;) {
      const transport = this.transports[index];
      if (transport !== undefined) return transport;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Opens a listener for one test. */
export async function opened<Listener extends TransportListener>(
  listen: (accept: (transport: ByteTransport) => void) => Promise<Listener>,
): Promise<{ listener: Listener; accepted: Accepted }> {
  const accepted = new Accepted();
  const listener = await listen(accepted.accept);
  onTestFinished(() => listener.close());
  return { listener, accepted };
}

/** Dials for one test. */
export async function dialled(dialling: Promise<ByteTransport>): Promise<ByteTransport> {
  const transport = await dialling;
  onTestFinished(() => transport.destroy());
  return transport;
}

/** What a listener calls when something happens, to be awaited: `await events.next()`. */
export class Calls<Arguments extends readonly unknown[]> {
  readonly all: Arguments[] = [];
  #taken = 0;
  #wake = () => {};

  readonly record = (...call: Arguments): void => {
    this.all.push(call);
    this.#wake();
  };

  async next(): Promise<Arguments> {
    for (;;) {
      const call = this.all[this.#taken];
      if (call !== undefined) {
        this.#taken += 1;
        return call;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** A plain connection for one test: what an attacker, a proxy or an old client sends. */
export class RawPeer {
  readonly socket: Socket;
  readonly #received: Buffer[] = [];
  #isClosed = false;
  #wake = () => {};

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' });
    this.socket.on('data', (bytes) => {
      this.#received.push(bytes);
      this.#wake();
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
    onTestFinished(() => void this.socket.destroy());
  }

  /** Everything that came so far. */
  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  async until(condition: (received: Buffer, isClosed: boolean) => boolean): Promise<Buffer> {
    while (!condition(this.received, this.#isClosed)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.received;
  }

  untilClosed(): Promise<Buffer> {
    return this.until((_, isClosed) => isClosed);
  }
}

/** The error an attempt fails with. */
export async function failure(attempt: Promise<unknown>): Promise<TransportError> {
  const error: unknown = await attempt.then(
    () => new Error('the attempt succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof TransportError) return error;
  throw error;
}
