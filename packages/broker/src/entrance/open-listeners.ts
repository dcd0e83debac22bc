import {
  type ByteTransport,
  type ConnectionGate,
  type GateRefusal,
  listenSecureWebSocket,
  listenTcp,
  listenTls,
  listenUnix,
  listenWebSocket,
  loadListening,
  type TlsListener,
  type TransportAddress,
  TransportError,
  type TransportListener,
} from '@busbar/transport';
import type { BrokerLimits } from '../config/limits.ts';
import type { ListenerOptions, ListenerTransport } from './listener-options.ts';

/** What listeners tell besides connections. */
export interface ListenerReports {
  readonly onError: (error: TransportError) => void;
  readonly onRefused: (remote: TransportAddress, reason: GateRefusal) => void;
  readonly onHandshakeFailed: (remote: TransportAddress, error: TransportError) => void;
}

type Opened = TransportListener & Partial<Pick<TlsListener, 'replaceCertificates'>>;
type Accept = (transport: ByteTransport) => void;

const DEFAULT_PORTS: Readonly<Record<Exclude<ListenerTransport, 'unix'>, number>> = {
  tcp: 1883,
  tls: 8883,
  ws: 8083,
  wss: 8084,
};
const LOOPBACK_4 = '127.0.0.1';
const LOOPBACK_6 = '::1';
/** What a machine without IPv6 says to `::1`. */
const NO_IPV6 = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);
/** A WebSocket frame may hold a few packets more than the largest. */
const FRAME_ALLOWANCE = 65_536;

/** Loads what the listeners take, so that they all open at once. */
export async function loadListeners(listeners: readonly ListenerOptions[]): Promise<void> {
  const transports = new Set(listeners.map(({ transport }) => transport));
  if (transports.has('tls')) await loadListening('tls');
  if (transports.has('ws') || transports.has('wss')) await loadListening('websocket');
}

/**
 * Opens what one entry of `listeners` stands for: one socket, or one for each loopback address.
 *
 * @param gate Stands before all of them.
 *
 * @throws {TransportError} It cannot be listened there, or the certificates cannot be used. Then nothing stays open.
 */
export async function openListeners(
  options: ListenerOptions,
  limits: BrokerLimits,
  gate: ConnectionGate,
  reports: ListenerReports,
  accept: Accept,
): Promise<Opened[]> {
  const { transport = 'tcp', host = 'localhost', path = '' } = options;
  const common = { ...options, ...reports, gate };
  if (transport === 'unix') return [await listenUnix({ ...common, path }, accept)];

  const { port = DEFAULT_PORTS[transport] } = options;
  const listen = (address: string, at: number) =>
    listenOn(transport, { ...common, host: address, port: at }, limits, accept);
  if (host !== 'localhost') return [await listen(host, port)];
  const first = await listen(LOOPBACK_4, port);
  try {
    return [first, await listen(LOOPBACK_6, first.port)];
  } catch (error) {
    if (error instanceof TransportError && NO_IPV6.has(error.code)) return [first];
    await first.close();
    throw error;
  }
}

function listenOn(
  transport: Exclude<ListenerTransport, 'unix'>,
  options: ListenerOptions & ListenerReports & { readonly host: string; readonly port: number },
  limits: BrokerLimits,
  accept: Accept,
): Promise<Opened> {
  const { tls = { certificates: [] } } = options;
  const maximumPayload = limits.maximumPacketSize + FRAME_ALLOWANCE;
  switch (transport) {
    case 'tcp':
      return listenTcp(options, accept);
    case 'tls':
      return listenTls({ ...options, tls }, accept);
    case 'ws':
      return listenWebSocket({ ...options, maximumPayload }, accept);
    case 'wss':
      return listenSecureWebSocket({ ...options, maximumPayload, tls }, accept);
  }
}
