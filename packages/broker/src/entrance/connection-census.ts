import { networkOf } from '../auth/login-back-off.ts';

/** Counts what is there by name, and forgets names of which nothing is left. */
class HeadCount {
  readonly #counts = new Map<string, number>();

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  add(name: string): void {
    this.#counts.set(name, this.of(name) + 1);
  }

  remove(name: string): void {
    const left = this.of(name) - 1;
    if (left > 0) this.#counts.set(name, left);
    else this.#counts.delete(name);
  }
}

/** Who is there: Network Connections by address, of IPv6 by the network of 64 bits, and clients by user name. */
export class ConnectionCensus {
  readonly #byNetwork = new HeadCount();
  readonly #byUser = new HeadCount();

  /** Network Connections that come from where this address is. */
  connectionsFrom(address: string): number {
    return this.#byNetwork.of(networkOf(address));
  }

  handleConnection(address: string): void {
    this.#byNetwork.add(networkOf(address));
  }

  handleConnectionEnd(address: string): void {
    this.#byNetwork.remove(networkOf(address));
  }

  /** Clients that have come in with this user name. */
  clientsOf(userName: string): number {
    return this.#byUser.of(userName);
  }

  handleClient(userName: string | undefined): void {
    if (userName !== undefined) this.#byUser.add(userName);
  }

  handleClientEnd(userName: string | undefined): void {
    if (userName !== undefined) this.#byUser.remove(userName);
  }
}
