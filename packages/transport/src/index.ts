/** @busbar/transport: moves bytes over TCP, TLS, WebSocket, Unix sockets and in memory; dials and listens. */

export { formatAddress, formatPeer, numericAddress } from './address.ts';
export { AddressList } from './address-list.ts';
export type { HandshakeOptions } from './arrival.ts';
export type { ByteTransport, TransportAddress, TransportReceiver } from './byte-transport.ts';
export { TransportError } from './byte-transport.ts';
export { ConnectionGate, type ConnectionGateLimits, type GateRefusal } from './connection-gate.ts';
export type { ListenerOptions, TransportListener } from './listener.ts';
export type { MemoryPairOptions, MemoryTransport } from './memory.ts';
export { createMemoryPair } from './memory.ts';
export type { DialMemoryOptions } from './memory-listener.ts';
export { dialMemory, MemoryListener } from './memory-listener.ts';
export {
  dialTls,
  dialWebSocket,
  listenSecureWebSocket,
  listenTls,
  listenWebSocket,
  loadListening,
} from './on-demand.ts';
export { SocketTransport, type TransportLimits } from './socket-transport.ts';
export { type DialTcpOptions, dialTcp, type ListenTcpOptions, listenTcp } from './tcp.ts';
export type { DialTlsOptions, ListenTlsOptions, TlsListener } from './tls.ts';
export type { Pem, TlsCertificate, TlsCredentials, TlsParameters } from './tls-certificates.ts';
export type { TlsClientOptions } from './tls-client.ts';
export type { TlsServerOptions } from './tls-server.ts';
export type { PeerCertificate, SubjectAltName, TlsSession } from './tls-session.ts';
export { type DialUnixOptions, dialUnix, type ListenUnixOptions, listenUnix } from './unix.ts';
export type { DialWebSocketOptions, ListenSecureWebSocketOptions, ListenWebSocketOptions } from './websocket.ts';
export type { WebSocketTarget } from './websocket-options.ts';
export type { WebSocketServerOptions } from './websocket-server-options.ts';
