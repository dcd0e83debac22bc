import { type ByteTransport, codedError } from './byte-transport.ts';
import type { TransportListener } from './listener.ts';
import { createMemoryPair, type MemoryPairOptions, type MemoryTransport } from './memory.ts';

/**
 * Listens within this process, without ports: whoever holds the listener can dial it, so a broker and its clients run in
 * one process without sockets.
 *
 *     const listener = new MemoryListener((transport) => broker.accept(transport));
 *     const transport = await dialMemory(listener);
 */
export class MemoryListener implements TransportListener {
  readonly address = 'memory';
  readonly port = 0;
  readonly #accept: (transport: ByteTransport) => void;
  readonly #options: MemoryPairOptions;
  #isClosed = false;

  /** @param options How the connections behave; `schedule` also decides when `accept` is called. */
  constructor(accept: (transport: ByteTransport) => void, options: MemoryPairOptions = {}) {
    this.#accept = accept;
    this.#options = options;
  }

  /** Makes a connection, gives one end to `accept` and the other to the caller; undefined when closed. */
  connect(): MemoryTransport | undefined {
    if (this.#isClosed) return undefined;
    const [near, far] = createMemoryPair(this.#options);
    this.#accept(far);
    return near;
  }

  /** Runs a task later, in the listener's own manner. */
  schedule(task: () => void): void {
    const { schedule = queueMicrotask } = this.#options;
    schedule(task);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }
}

/** How to dial in memory. */
export interface DialMemoryOptions {
  /** Gives the attempt up when aborted; a connection that is made already is not touched. */
  readonly signal?: AbortSignal;
}

/**
 * Connects to a {@link MemoryListener} in this process.
 *
 * @throws {TransportError} `ECONNREFUSED` when the listener is closed, `ABORT_ERR` when `signal` was aborted.
 */
export function dialMemory(listener: MemoryListener, { signal }: DialMemoryOptions = {}): Promise<MemoryTransport> {
  return new Promise((resolve, reject) => {
    listener.schedule(() => {
      if (signal?.aborted) {
        reject(codedError('ABORT_ERR', 'cannot connect in memory: aborted', { cause: signal.reason }));
        return;
      }
      const transport = listener.connect();
      if (transport !== undefined) resolve(transport);
      else reject(codedError('ECONNREFUSED', 'cannot connect in memory: the listener is closed'));
    });
  });
}
