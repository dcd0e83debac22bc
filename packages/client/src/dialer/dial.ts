import { UsageError } from '@busbar/codec';
import { type ByteTransport, dialTcp } from '@busbar/transport';
import type { ServerAddress } from './server-address.ts';

/**
 * Makes a Network Connection to a server: what a program gives that brings its own transport.
 *
 * @param signal Aborted when the attempt is given up; a transport that comes after that is destroyed.
 */
export type Dial = (server: ServerAddress, signal: AbortSignal) => Promise<ByteTransport>;

/** The client's own timeout ends an attempt; this one only has to be longer. */
const LONGEST_TIMER_MS = 0x7fff_ffff;

/** Dials over TCP. @throws {TransportError} The connection was not made. */
export const dialServer: Dial = async ({ host, port }, signal) =>
  dialTcp({ host, port, signal, timeoutMs: LONGEST_TIMER_MS });

/** @throws {UsageError} {@link dialServer} does not speak this server's protocol. */
export function expectDiallable({ protocol }: ServerAddress): void {
  if (protocol === 'mqtt:') return;
  const message = `${protocol}// is not supported yet: use mqtt://, or bring your own transport with the option dial`;
  throw new UsageError('scheme-not-supported', message);
}
