import {
  type ByteTransport,
  dialTcp,
  dialTls,
  dialUnix,
  dialWebSocket,
  type TlsClientOptions,
} from '@busbar/transport';
import { LONGEST_TIMER_MS } from '../clock.ts';
import type { ServerAddress } from './server-address.ts';

/**
 * Makes a Network Connection to a server: what a program gives that brings its own transport.
 *
 * @param signal Aborted when the attempt is given up; a transport that comes after that is destroyed.
 */
export type Dial = (server: ServerAddress, signal: AbortSignal) => Promise<ByteTransport>;

/** What is dialled with, but over TCP. */
const DIALS = new Map<string, (target: ServerAddress & DialOptions) => Promise<ByteTransport>>([
  ['mqtts:', dialTls],
  ['ws:', dialWebSocket],
  ['wss:', dialWebSocket],
  ['unix:', dialUnix],
]);

/** What dialling needs beyond the server's address. */
export interface DialOptions {
  /** For `mqtts:` and `wss:`. */
  readonly tls?: TlsClientOptions;
  /** Further headers of the request, for `ws:` and `wss:`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Makes the dialling of a client that brings no transport of its own: over TCP, TLS, WebSocket or a Unix socket, as the
 * server's URL says.
 *
 * @param subprotocol What a WebSocket server is asked for.
 */
export function makeDial(
  tls: DialOptions['tls'] | undefined,
  headers: DialOptions['headers'] | undefined,
  subprotocol: 'mqtt' | 'mqttv3.1',
): Dial {
  const given = { subprotocols: [subprotocol], ...(tls && { tls }), ...(headers && { headers }) };
  return (server, signal) => {
    // The client's own timeout ends an attempt; this one only has to be longer.
    const target = { ...server, ...given, signal, timeoutMs: LONGEST_TIMER_MS };
    return (DIALS.get(server.protocol) ?? dialTcp)(target);
  };
}
