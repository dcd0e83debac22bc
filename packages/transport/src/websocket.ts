import type { LookupFunction, Socket } from 'node:net';
import { WebSocket } from 'ws';
import { type Arrival, Handshakes } from './arrival.ts';
import { type ByteTransport, codedError } from './byte-transport.ts';
import { type Dialling, dial } from './dialling.ts';
import type { TransportListener } from './listener.ts';
import type { SocketFacts } from './socket-transport.ts';
import { connectTcp, openTcp, type TcpListenerOptions } from './tcp.ts';
import type { TlsListener } from './tls.ts';
import { connectTls, TlsClient, type TlsClientOptions } from './tls-client.ts';
import { TlsServer, type TlsServerOptions } from './tls-server.ts';
import { MQTT_SUBPROTOCOLS, type WebSocketTarget } from './websocket-options.ts';
import { WebSocketAcceptor } from './websocket-server.ts';
import type { WebSocketServerOptions } from './websocket-server-options.ts';
import { WebSocketTransport } from './websocket-transport.ts';

/** Where and how to dial. What goes beyond {@link WebSocketTarget} is Node's alone; a browser has its own ways. */
export interface DialWebSocketOptions extends WebSocketTarget {
  /** For `wss:`. */
  readonly tls?: TlsClientOptions;
  /** Further headers of the request, such as `Authorization` or `Origin`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of the longest message (a frame with its continuations) that the server may send; default 268,435,460. */
  readonly maximumPayload?: number;
  /** Whether compression is offered to the server; default false. */
  readonly perMessageDeflate?: boolean;
  /** Idle milliseconds after which TCP itself probes the peer; absent: never, MQTT's Keep Alive does it. */
  readonly keepAliveMs?: number;
  /** Resolves the name in place of the system's resolver. */
  readonly lookup?: LookupFunction;
}

/** What the standard allows a packet to have. */
const LARGEST_PACKET = 268_435_460;
const HTTP = ['http/1.1'];

/**
 * Connects to a WebSocket listener, with `wss:` over TLS as `dialTls` does it.
 *
 *     const transport = await dialWebSocket({ url: 'wss://broker.example:8084/mqtt' });
 *
 * @throws {TransportError} As `dialTcp` and `dialTls`; `ERR_WS_HANDSHAKE`: the server answered, but not with a WebSocket.
 */
export async function dialWebSocket(options: DialWebSocketOptions): Promise<ByteTransport> {
  const { url, tls, lookup, keepAliveMs } = options;
  const target = new URL(url);
  const isSecure = target.protocol === 'wss:';
  if (!isSecure && target.protocol !== 'ws:')
    throw new TypeError(`expected a URL with ws: or wss:, ${target.protocol} came`);
  const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(target.port) || (isSecure ? 443 : 80);
  const secure = isSecure ? new TlsClient(host, HTTP, tls) : undefined;
  const place = { host, port, ...(lookup && { lookup }), ...(keepAliveMs !== undefined && { keepAliveMs }) };
  return dial(`cannot connect to ${target.origin}${target.pathname}`, options, (dialling) => {
    connectTcp(place, dialling, (carrier) => {
      if (secure === undefined) return openWebSocket(carrier, options, dialling, {});
      connectTls(carrier, secure, dialling, (socket, session) => {
        openWebSocket(socket, options, dialling, { carrier, tls: session });
      });
    });
  });
}

/** The last step of an attempt: the handshake on a connected socket. */
function openWebSocket(
  socket: Socket,
  options: DialWebSocketOptions,
  dialling: Dialling<ByteTransport>,
  facts: SocketFacts,
): void {
  const { url, subprotocols = MQTT_SUBPROTOCOLS.slice(0, 1), headers, maximumPayload = LARGEST_PACKET } = options;
  const { perMessageDeflate = false } = options;
  const refuse = (what: string) => {
    dialling.fail(codedError('ERR_WS_HANDSHAKE', `${dialling.attempt}: ${what}`));
  };
  let webSocket: WebSocket;
  try {
    const settings = { perMessageDeflate, maxPayload: maximumPayload, headers: { ...headers } };
    webSocket = new WebSocket(url, [...subprotocols], { ...settings, createConnection: () => socket });
  } catch (error) {
    refuse((error as Error).message); // a sub-protocol or header that HTTP does not allow
    return;
  }
  webSocket.on('open', () => dialling.succeed(new WebSocketTransport(webSocket, socket, options, facts)));
  webSocket.on('unexpected-response', (_, { statusCode, statusMessage }) => {
    refuse(`expected a WebSocket, the server answered ${statusCode} ${statusMessage}`);
  });
  webSocket.on('error', ({ message }) => refuse(message));
  socket.once('close', () => refuse('the server closed the connection during the WebSocket handshake'));
}

/** Where and how to listen. */
export interface ListenWebSocketOptions extends TcpListenerOptions, WebSocketServerOptions {}

/** Where and how to listen. */
export interface ListenSecureWebSocketOptions extends ListenWebSocketOptions {
  readonly tls: TlsServerOptions;
}

/**
 * Listens for WebSocket connections (`ws:`) and gives each to `accept` when its handshake is done.
 *
 *     const listener = await listenWebSocket({ port: 8083, path: '/mqtt' }, accept);
 *
 * @throws {TransportError} As `listenTcp`.
 */
export async function listenWebSocket(
  options: ListenWebSocketOptions,
  accept: (transport: ByteTransport) => void,
): Promise<TransportListener> {
  const handshakes = new Handshakes(options);
  const acceptor = new WebSocketAcceptor(options);
  const enter = (carrier: Socket) =>
    handshakes.begin(carrier, undefined, (arrival) => takeUp(acceptor, arrival, carrier, {}, options, accept));
  return openTcp(options, enter, () => handshakes.close());
}

/**
 * Listens for WebSocket connections over TLS (`wss:`) and gives each to `accept` when its handshakes are done.
 *
 *     const listener = await listenSecureWebSocket({ port: 8084, tls: { certificates: [{ cert, key }] } }, accept);
 *
 * @throws {TransportError} As `listenTls`.
 */
export async function listenSecureWebSocket(
  options: ListenSecureWebSocketOptions,
  accept: (transport: ByteTransport) => void,
): Promise<TlsListener> {
  const handshakes = new Handshakes(options);
  const acceptor = new WebSocketAcceptor(options);
  const server = new TlsServer(options.tls, HTTP, handshakes.timeoutMs);
  const enter = (carrier: Socket) =>
    handshakes.begin(carrier, undefined, (arrival) => {
      server.secure(arrival, (socket, tls) => takeUp(acceptor, arrival, socket, { tls }, options, accept));
    });
  const listener = await openTcp(options, enter, () => handshakes.close());
  return { ...listener, replaceCertificates: (credentials) => server.replaceCertificates(credentials) };
}

/** The last step of a connection's way in. */
function takeUp(
  acceptor: WebSocketAcceptor,
  arrival: Arrival,
  socket: Socket,
  facts: SocketFacts,
  options: ListenWebSocketOptions,
  accept: (transport: ByteTransport) => void,
): void {
  acceptor.upgrade(arrival, socket, (webSocket) => {
    const { remote, carrier } = arrival;
    const transport = new WebSocketTransport(webSocket, socket, options, { ...facts, remote, carrier });
    arrival.complete();
    accept(transport);
  });
}
