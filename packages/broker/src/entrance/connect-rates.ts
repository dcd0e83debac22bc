import { BoundedTable } from '../auth/bounded-table.ts';
import { networkOf } from '../auth/login-back-off.ts';
import { TokenBucket } from '../clock/token-bucket.ts';
import type { BrokerLimits } from '../config/limits.ts';

/** Addresses whose rate is remembered: one that is forgotten begins anew. */
const MOST_ADDRESSES = 20_000;

/** Bounds how many CONNECT packets come per second: in all, and from each address. */
export class ConnectRates {
  readonly #limits: BrokerLimits;
  readonly #all: TokenBucket;
  readonly #byNetwork = new BoundedTable<TokenBucket>(MOST_ADDRESSES);

  constructor(limits: BrokerLimits, now: number) {
    this.#limits = limits;
    this.#all = new TokenBucket(now);
  }

  /** Takes note of a CONNECT. @returns The limit that it is over; undefined when it may go on. */
  handleConnect(address: string, now: number): 'maximumConnectRate' | 'maximumConnectRatePerAddress' | undefined {
    const { maximumConnectRate, maximumConnectRatePerAddress } = this.#limits;
    // One address that comes too often should not use up what is for all.
    if (maximumConnectRatePerAddress > 0 && !this.#of(address, now).tryTake(1, maximumConnectRatePerAddress, now)) {
      return 'maximumConnectRatePerAddress';
    }
    if (maximumConnectRate === 0 || this.#all.tryTake(1, maximumConnectRate, now)) return undefined;
    return 'maximumConnectRate';
  }

  #of(address: string, now: number): TokenBucket {
    const network = networkOf(address);
    const bucket = this.#byNetwork.get(network) ?? new TokenBucket(now);
    this.#byNetwork.set(network, bucket);
    return bucket;
  }
}
