import { isIP } from 'node:net';
import { numericAddress } from './address.ts';
import type { AddressList } from './address-list.ts';
import type { TransportAddress } from './byte-transport.ts';

/**
 * The client that `X-Forwarded-For` names: going from the nearest proxy outwards, the first address that is not a trusted
 * proxy's. What stands beyond it anybody may have written.
 *
 * @param peer The nearest address, known from the connection itself.
 * @param header The header's value; several headers joined by commas.
 */
export function forwardedAddress(
  peer: TransportAddress,
  header: string | undefined,
  trusted: AddressList,
): TransportAddress {
  let client = peer;
  const entries = header?.split(',') ?? [];
  while (trusted.has(client.address)) {
    const next = parseEntry(entries.pop()?.trim() ?? '');
    if (next === undefined) break;
    client = next;
  }
  return client;
}

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`. */
function parseEntry(entry: string): TransportAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(entry) ?? [];
  const address = bracketed ?? plain ?? entry;
  const port = Number(digits ?? 0);
  return isIP(address) === 0 || port > 65_535 ? undefined : { address: numericAddress(address), port };
}
