import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { peerOf } from './address.ts';
import type { TransportAddress, TransportError } from './byte-transport.ts';
import type { ConnectionGate, GateRefusal } from './connection-gate.ts';
import { transportError } from './system-error.ts';

/** An open door: every connection that comes goes to the `accept` function given when it was opened. */
export interface TransportListener {
  /** The numeric address it listens on (`::` for every address), the path of a Unix socket, `memory`. */
  readonly address: string;
  /** The port it listens on, 0 where there is none. */
  readonly port: number;
  /** Accepts no more connections and frees the port; those accepted already stay open. May be called again. */
  close(): Promise<void>;
}

/** What every listener on sockets has. */
export interface ListenerOptions {
  /** Turns away what is too much; `onRefused` tells. Default: everybody may come. */
  readonly gate?: ConnectionGate;
  /** Connections the kernel queues until they are accepted; default 511, and the system has its own bound. */
  readonly backlog?: number;
  /**
   * A connection could not be accepted (`ENOBUFS`, `EMFILE` and the like); the listener goes on. On Unix, Node itself
   * closes what comes while no file is free and tells nobody: there a {@link ConnectionGate} is the bound to set.
   */
  readonly onError?: (error: TransportError) => void;
  /** A connection was closed at once because the gate has had enough. */
  readonly onRefused?: (remote: TransportAddress, reason: GateRefusal) => void;
}

/** A `node:net` server that gives `enter` what its gate lets in. */
export function createGatedServer(
  options: ListenerOptions & { readonly keepAliveMs?: number | undefined },
  enter: (socket: Socket) => void,
): Server {
  const { gate, onRefused } = options;
  if (gate === undefined) return createServer(socketOptions(options), enter);
  return createServer(socketOptions(options), (socket) => {
    const refusal = gate.admit(socket);
    if (refusal === undefined) {
      enter(socket);
      return;
    }
    const remote = peerOf(socket);
    socket.destroy();
    onRefused?.(remote, refusal);
  });
}

/** Nagle's algorithm is off, for MQTT writes whole packets. */
export function socketOptions({ keepAliveMs }: { readonly keepAliveMs?: number | undefined }) {
  const keepAlive = keepAliveMs !== undefined && { keepAlive: true, keepAliveInitialDelay: keepAliveMs };
  return { noDelay: true, ...keepAlive };
}

/**
 * Opens a `node:net` server as a {@link TransportListener}.
 *
 * @param attempt What is tried, as an error message begins: `cannot listen on *:1883`.
 * @param onClose Called with the first close.
 * @throws {TransportError} The system refused the address.
 */
export function openListener(
  server: Server,
  where: ListenOptions,
  attempt: string,
  { backlog, onError }: Pick<ListenerOptions, 'backlog' | 'onError'>,
  onClose: () => void = () => {},
): Promise<TransportListener> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(transportError(attempt, error));
    server.once('error', fail);
    server.listen({ ...where, ...(backlog !== undefined && { backlog }) }, () => {
      server.off('error', fail);
      const bound = server.address();
      const [address, port] =
        bound === null || typeof bound === 'string' ? [bound ?? '', 0] : [bound.address, bound.port];
      const what = `cannot accept a connection on ${address}`;
      server.on('error', (error) => onError?.(transportError(what, error)));
      const close = async () => {
        if (!server.listening) return;
        server.close();
        onClose();
      };
      resolve({ address, port, close });
    });
  });
}
