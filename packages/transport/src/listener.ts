import type { ListenOptions, Server } from 'node:net';
import { numericAddress } from './address.ts';
import type { TransportAddress, TransportError } from './byte-transport.ts';
import { transportError } from './system-error.ts';

/** An open door: every connection that comes goes to the `accept` function given when it was opened. */
export interface TransportListener {
  /** The numeric address it listens on (`::` for every address), a name for listeners without addresses. */
  readonly address: string;
  /** The port it listens on, 0 where there is none. */
  readonly port: number;
  /** Accepts no more connections and frees the port; those accepted already stay open. May be called again. */
  close(): Promise<void>;
}

/** What an open listener tells besides its connections. */
export interface ListenerEvents {
  /**
   * A connection could not be accepted (`ENOBUFS`, `EMFILE` and the like); the listener goes on. On Unix, Node itself
   * closes what comes while no file is free and tells nobody: there `maxConnections` is the bound to set.
   */
  readonly onError?: (error: TransportError) => void;
  /** A connection was closed at once because `maxConnections` are open. */
  readonly onRefused?: (remote: TransportAddress) => void;
}

/**
 * Opens a `node:net` server (or one derived from it) as a {@link TransportListener}.
 *
 * @param attempt What is tried, as an error message begins: `cannot listen on *:1883`.
 * @throws {TransportError} The system refused the address.
 */
export function openListener(
  server: Server,
  where: ListenOptions,
  attempt: string,
  events: ListenerEvents,
): Promise<TransportListener> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(transportError(attempt, error));
    server.once('error', fail);
    server.listen(where, () => {
      server.off('error', fail);
      const bound = server.address();
      const [address, port] =
        bound === null || typeof bound === 'string' ? [bound ?? '', 0] : [bound.address, bound.port];
      const what = `cannot accept a connection on ${address}`;
      server.on('error', (error) => events.onError?.(transportError(what, error)));
      server.on('drop', (data) => events.onRefused?.(droppedPeer(data)));
      resolve({ address, port, close: async () => void server.close() });
    });
  });
}

function droppedPeer(data: { remoteAddress?: string; remotePort?: number } | undefined): TransportAddress {
  return { address: numericAddress(data?.remoteAddress ?? ''), port: data?.remotePort ?? 0 };
}
