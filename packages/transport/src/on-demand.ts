import type { ByteTransport } from './byte-transport.ts';
import type { TransportListener } from './listener.ts';
import type { DialTlsOptions, ListenTlsOptions, TlsListener } from './tls.ts';
import type { DialWebSocketOptions, ListenSecureWebSocketOptions, ListenWebSocketOptions } from './websocket.ts';

/*
 * The doors to TLS and WebSocket. What stands behind them is loaded when the first one goes through: most programs use plain
 * TCP, and loading `node:tls` and `ws` takes longer than connecting.
 */

type Accept = (transport: ByteTransport) => void;

/**
 * Connects to a TLS listener, with TLS 1.2 or 1.3, and verifies that the server is the one that was dialled.
 *
 *     const transport = await dialTls({ host: 'broker.example', port: 8883, tls: { ca: await readFile('ca.pem') } });
 *
 * @throws {TransportError} As `dialTcp`, and OpenSSL's codes: `CERT_HAS_EXPIRED`, `SELF_SIGNED_CERT_IN_CHAIN`,
 *   `UNABLE_TO_VERIFY_LEAF_SIGNATURE`, `ERR_TLS_CERT_ALTNAME_INVALID`, `ERR_SSL_...`; the message says what is wrong.
 */
export async function dialTls(options: DialTlsOptions): Promise<ByteTransport> {
  return (await import('./tls.ts')).dialTls(options);
}

/**
 * Listens for TLS connections and gives each to `accept` when its handshake is done.
 *
 *     const listener = await listenTls({ port: 8883, tls: { certificates: [{ cert, key }] } }, accept);
 *
 * @throws {TransportError} As `listenTcp`, and credentials that cannot be used.
 */
export async function listenTls(options: ListenTlsOptions, accept: Accept): Promise<TlsListener> {
  return (await import('./tls.ts')).listenTls(options, accept);
}

/**
 * Connects to a WebSocket listener, with `wss:` over TLS as `dialTls` does it.
 *
 *     const transport = await dialWebSocket({ url: 'wss://broker.example:8084/mqtt' });
 *
 * @throws {TransportError} As `dialTcp` and `dialTls`; `ERR_WS_HANDSHAKE`: the server answered, but not with a WebSocket.
 */
export async function dialWebSocket(options: DialWebSocketOptions): Promise<ByteTransport> {
  return (await import('./websocket.ts')).dialWebSocket(options);
}

/**
 * Listens for WebSocket connections (`ws:`) and gives each to `accept` when its handshake is done.
 *
 *     const listener = await listenWebSocket({ port: 8083, path: '/mqtt' }, accept);
 *
 * @throws {TransportError} As `listenTcp`.
 */
export async function listenWebSocket(options: ListenWebSocketOptions, accept: Accept): Promise<TransportListener> {
  return (await import('./websocket.ts')).listenWebSocket(options, accept);
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
  accept: Accept,
): Promise<TlsListener> {
  return (await import('./websocket.ts')).listenSecureWebSocket(options, accept);
}

/**
 * Loads what listening to TLS or WebSocket takes. Whoever opens several doors calls it before the first: otherwise the first
 * clients are at a door, and are not answered, while the next one is loaded.
 */
export async function loadListening(kind: 'tls' | 'websocket'): Promise<void> {
  await (kind === 'tls' ? import('./tls.ts') : import('./websocket.ts'));
}
