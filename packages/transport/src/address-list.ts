import { BlockList, isIP } from 'node:net';
import { codedError } from './byte-transport.ts';

/**
 * A set of addresses, given as single ones and as networks: `new AddressList(['10.0.0.0/8', '2001:db8::1'])`.
 *
 * `unix` stands for every peer on a Unix socket.
 */
export class AddressList {
  readonly #addresses = new BlockList();
  readonly #names = new Set<string>();

  /** @throws {TransportError} `ERR_ADDRESS`: an entry is neither an address nor a network. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) this.#add(entry);
  }

  has(address: string): boolean {
    const version = isIP(address);
    return version === 0 ? this.#names.has(address) : this.#addresses.check(address, familyOf(version));
  }

  #add(entry: string): void {
    if (entry === 'unix') {
      this.#names.add(entry);
      return;
    }
    const [address = '', prefix, ...rest] = entry.split('/');
    const version = isIP(address);
    const bits = prefix === undefined ? undefined : Number(prefix);
    const isPrefix = bits === undefined || (/^\d{1,3}$/.test(prefix ?? '') && bits <= (version === 4 ? 32 : 128));
    if (version === 0 || !isPrefix || rest.length > 0) {
      const what = `expected an address such as 192.0.2.1 or a network such as 10.0.0.0/8, '${entry}' came`;
      throw codedError('ERR_ADDRESS', `${what}`);
    }
    if (bits === undefined) this.#addresses.addAddress(address, familyOf(version));
    else this.#addresses.addSubnet(address, bits, familyOf(version));
  }
}

function familyOf(version: number): 'ipv4' | 'ipv6' {
  return version === 4 ? 'ipv4' : 'ipv6';
}
