import { BoundedTable } from './bounded-table.ts';

/** How failed logins are slowed down. */
export interface BackOffOptions {
  /** Failures of one address before it has to wait. Default: 20. */
  readonly addressFailures?: number | undefined;
  /** Failures with one user name before logins with it have to wait, from wherever they come. Default: 5. */
  readonly nameFailures?: number | undefined;
  /** Seconds of the first wait; each further failure doubles it. Default: 1. */
  readonly firstWaitSeconds?: number | undefined;
  /** Longest wait of an address in seconds. Default: 300. */
  readonly addressWaitSeconds?: number | undefined;
  /** Longest wait of a user name in seconds: whoever fails on purpose keeps its owner out no longer. Default: 10. */
  readonly nameWaitSeconds?: number | undefined;
  /** Addresses, and user names, that are remembered at the most. Default: 20,000. */
  readonly tableSize?: number | undefined;
}

interface Failures {
  readonly count: number;
  readonly at: number;
  readonly until: number;
}

/** A failure is forgotten when nothing else happened for so long. */
const MEMORY_MS = 15 * 60_000;

/**
 * Makes guessing slow: who fails often has to wait longer and longer, and until then is refused without a look at the password.
 * Counted by address, of IPv6 by the network of 64 bits that one household has, and by user name. Addresses of this machine are
 * everybody's who comes through a proxy on it, and do not count.
 */
export class LoginBackOff {
  readonly #byAddress: FailureTable;
  readonly #byName: FailureTable;

  constructor(options: BackOffOptions = {}) {
    const { addressFailures = 20, nameFailures = 5, firstWaitSeconds = 1, tableSize = 20_000 } = options;
    const { addressWaitSeconds = 300, nameWaitSeconds = 10 } = options;
    const firstWaitMs = firstWaitSeconds * 1000;
    this.#byAddress = new FailureTable(addressFailures, firstWaitMs, addressWaitSeconds * 1000, tableSize);
    this.#byName = new FailureTable(nameFailures, firstWaitMs, nameWaitSeconds * 1000, tableSize);
  }

  /** Milliseconds until a login may be tried; 0 when it may be now. */
  waitMs(address: string, userName: string | undefined, now: number): number {
    const ofName = userName === undefined ? 0 : this.#byName.waitMs(userName, now);
    return Math.max(ofName, this.#byAddress.waitMs(networkOf(address), now));
  }

  handleFailure(address: string, userName: string | undefined, now: number): void {
    if (!isLoopback(address)) this.#byAddress.add(networkOf(address), now);
    if (userName !== undefined) this.#byName.add(userName, now);
  }

  /** The name's owner is in. Its address stays as it is: one good account is no licence to guess others. */
  handleSuccess(userName: string | undefined): void {
    if (userName !== undefined) this.#byName.forget(userName);
  }
}

class FailureTable {
  readonly #free: number;
  readonly #firstWaitMs: number;
  readonly #longestWaitMs: number;
  readonly #table: BoundedTable<Failures>;

  constructor(free: number, firstWaitMs: number, longestWaitMs: number, size: number) {
    this.#free = free;
    this.#firstWaitMs = firstWaitMs;
    this.#longestWaitMs = longestWaitMs;
    this.#table = new BoundedTable(size);
  }

  waitMs(key: string, now: number): number {
    return Math.max(0, (this.#table.get(key)?.until ?? now) - now);
  }

  add(key: string, now: number): void {
    const before = this.#table.get(key);
    const count = before === undefined || now - before.at > MEMORY_MS ? 1 : before.count + 1;
    const doublings = Math.min(count - this.#free, 30);
    const waitMs = doublings <= 0 ? 0 : Math.min(this.#firstWaitMs * 2 ** (doublings - 1), this.#longestWaitMs);
    this.#table.set(key, { count, at: now, until: now + waitMs });
  }

  forget(key: string): void {
    this.#table.delete(key);
  }
}

/** The address, or of IPv6 its first 64 bits. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail = ''] = address.split('%', 1)[0]?.split('::') ?? [];
  const before = head === '' ? [] : head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  const zeros = address.includes('::')
    ? Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0')
    : [];
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
