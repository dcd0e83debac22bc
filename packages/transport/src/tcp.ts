import { connect, type LookupFunction, type Socket } from 'node:net';
import { formatAddress } from './address.ts';
import { type HandshakeOptions, Handshakes } from './arrival.ts';
import type { ByteTransport } from './byte-transport.ts';
import { type DialLimits, type Dialling, dial } from './dialling.ts';
import {
  createGatedServer,
  type ListenerOptions,
  openListener,
  socketOptions,
  type TransportListener,
} from './listener.ts';
import { SocketTransport, type TransportLimits } from './socket-transport.ts';

/** Where a TCP connection goes. */
export interface TcpTarget {
  /** A name or a numeric address. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** Idle milliseconds after which TCP itself probes the peer; absent: never, MQTT's Keep Alive does it. */
  readonly keepAliveMs?: number;
  /** Resolves the name in place of the system's resolver. */
  readonly lookup?: LookupFunction;
}

/** Where and how to dial. */
export interface DialTcpOptions extends TcpTarget, DialLimits, TransportLimits {}

/**
 * Connects to a TCP listener, trying a name's IPv6 and IPv4 addresses in turn as Node does, with Nagle's algorithm off.
 *
 *     const transport = await dialTcp({ host: 'localhost', port: 1883, signal: AbortSignal.timeout(5_000) });
 *
 * @throws {TransportError} The connection was not made: the system's code, `ETIMEDOUT` after `timeoutMs`, `ABORT_ERR`
 *   when `signal` was aborted (its reason is the `cause`).
 */
export function dialTcp(options: DialTcpOptions): Promise<ByteTransport> {
  const attempt = `cannot connect to ${formatAddress(options.host, options.port)}`;
  return dial(attempt, options, (dialling) => {
    connectTcp(options, dialling, (socket) => dialling.succeed(new SocketTransport(socket, options)));
  });
}

/** The first step of every attempt over TCP. */
export function connectTcp(
  { host, port, lookup, keepAliveMs }: TcpTarget,
  dialling: Pick<Dialling<never>, 'watch'>,
  next: (socket: Socket) => void,
): void {
  const resolver = lookup !== undefined && { lookup };
  const socket = connect({ host, port, ...resolver, ...socketOptions({ keepAliveMs }), autoSelectFamily: true });
  dialling.watch(socket);
  socket.once('connect', () => next(socket));
}

/** Where and how a listener on TCP, with or without more on top of it, listens. */
export interface TcpListenerOptions extends TransportLimits, ListenerOptions, HandshakeOptions {
  /** A name or numeric address of this machine; absent: every address, IPv4 and IPv6. */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Idle milliseconds after which TCP itself probes a peer; absent: never, MQTT's Keep Alive does it. */
  readonly keepAliveMs?: number;
}

/** Where and how to listen. */
export interface ListenTcpOptions extends TcpListenerOptions {}

/**
 * Listens for TCP connections and gives each to `accept`, with Nagle's algorithm off.
 *
 *     const listener = await listenTcp({ port: 1883 }, (transport) => transport.attach(new Connection(transport)));
 *
 * @throws {TransportError} The port cannot be had: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL` and the like.
 */
export async function listenTcp(
  options: ListenTcpOptions,
  accept: (transport: ByteTransport) => void,
): Promise<TransportListener> {
  if (options.proxyProtocol !== true) {
    return openTcp(options, (socket) => accept(new SocketTransport(socket, options)));
  }
  const handshakes = new Handshakes(options);
  const enter = (socket: Socket) =>
    handshakes.begin(socket, undefined, (arrival) => {
      arrival.complete();
      accept(new SocketTransport(socket, options, { remote: arrival.remote }));
    });
  return openTcp(options, enter, () => handshakes.close());
}

/** Listens on TCP and gives each socket to `enter`. */
export function openTcp(
  options: TcpListenerOptions,
  enter: (socket: Socket) => void,
  onClose?: () => void,
): Promise<TransportListener> {
  const { host, port } = options;
  const attempt = `cannot listen on ${formatAddress(host ?? '*', port)}`;
  const where = { port, ...(host !== undefined && { host }) };
  return openListener(createGatedServer(options, enter), where, attempt, options, onClose);
}
