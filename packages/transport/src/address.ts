import type { TransportAddress } from './byte-transport.ts';

/**
 * The address of a peer as logs, limits and rules want it: an IPv4 peer of a dual-stack listener looks like any other
 * IPv4 peer (`::ffff:192.0.2.1` is `192.0.2.1`), and a link-local address loses its zone (`fe80::1%eth0` is `fe80::1`).
 */
export function numericAddress(address: string): string {
  const zoneAt = address.indexOf('%');
  const plain = zoneAt < 0 ? address : address.slice(0, zoneAt);
  return plain.startsWith('::ffff:') && plain.includes('.') ? plain.slice('::ffff:'.length) : plain;
}

/** A host and port as people write them: `broker.local:1883`, `[::1]:1883`. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A peer as messages name it: `192.0.2.1:50112`, `[::1]:50112`, `unix`. */
export function formatPeer({ address, port }: TransportAddress): string {
  return port === 0 ? address || 'an unknown peer' : formatAddress(address, port);
}

/** The peer of a socket, as far as the system still knows it. */
export function peerOf(socket: {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}): TransportAddress {
  return { address: numericAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
}
