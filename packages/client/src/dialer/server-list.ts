import { UsageError } from '@busbar/codec';
import { parseServerUrl, type ServerAddress, type ServerUrl, secureOf } from './server-address.ts';

/** Redirections that are followed without a wait before a connection has stood for a healthy time. */
const MOST_HOPS = 5;

/**
 * The servers of a client, and which of them is next.
 *
 * They are tried in their order: after one that fails the next one at once, after all of them have failed the first one
 * again after a wait. A connection that is lost is first sought where it was. Servers that a server names instead of itself
 * (section 4.11) come before all others: once, when it says `useAnotherServer`; from then on, when it says `serverMoved`.
 */
export class ServerList {
  #servers: readonly ServerUrl[];
  #at = 0;
  #failedInRound = 0;
  #detours: ServerUrl[] = [];
  #isDetour = false;
  #hops = 0;

  /** @throws {UsageError} There is none, or one is no URL of a server. */
  constructor(urls: string | URL | readonly (string | URL)[]) {
    const list = [urls].flat() as (string | URL)[];
    if (list.length === 0) throw new UsageError('server-url-invalid', 'expected at least one URL of a server');
    this.#servers = list.map(parseServerUrl);
  }

  /** The first of those that were given. */
  get first(): ServerUrl {
    return this.#servers[0] as ServerUrl;
  }

  /** The server of the next attempt. */
  next(): ServerUrl {
    const detour = this.#detours.shift();
    this.#isDetour = detour !== undefined;
    return detour ?? (this.#servers[this.#at] as ServerUrl);
  }

  /** The attempt has failed. @returns Whether the next one is to be made at once, and not after a wait. */
  handleFailed(): boolean {
    if (this.#detours.length > 0) return true;
    if (this.#isDetour) return false;
    this.#at = (this.#at + 1) % this.#servers.length;
    this.#failedInRound = (this.#failedInRound + 1) % this.#servers.length;
    return this.#failedInRound > 0;
  }

  handleConnected(): void {
    this.#failedInRound = 0;
    this.#detours = [];
  }

  /** A connection has stood for a healthy time. */
  handleHealthy(): void {
    this.#hops = 0;
  }

  /**
   * A server names others.
   *
   * @param reference Its Server Reference: hosts with or without a port, between spaces.
   * @param isForGood Whether the server has moved.
   * @returns Whether to go there at once; undefined when there is none in it that can be followed.
   */
  redirect(from: ServerAddress, reference: string, isForGood: boolean): boolean | undefined {
    const current = [...this.#detours, ...this.#servers].find(({ address }) => address.url === from.url);
    const named = reference.split(' ').flatMap((text) => this.#parse(text, from, current) ?? []);
    if (named.length === 0) return undefined;
    if (isForGood) {
      const known = new Set(named.map(({ address }) => address.url));
      this.#servers = [...named, ...this.#servers.filter(({ address }) => !known.has(address.url))];
      this.#at = 0;
      this.#failedInRound = 0;
    } else this.#detours = named;
    this.#hops++;
    return this.#hops <= MOST_HOPS;
  }

  /** As the server that names it, at another place; never less secure. */
  #parse(text: string, from: ServerAddress, { userName, password }: Partial<ServerUrl> = {}): ServerUrl | undefined {
    if (text === '' || from.protocol === 'unix:') return undefined;
    try {
      const isUrl = text.includes('://');
      const url = new URL(isUrl ? text : `${from.protocol}//${text}`);
      if (!isUrl) url.pathname = from.path;
      const { address } = parseServerUrl(url);
      if (secureOf(from) && !secureOf(address)) return undefined;
      return { address, userName, password };
    } catch {
      return undefined;
    }
  }
}
