import { UsageError } from '@busbar/codec';
import type { ByteTransport, TlsCredentials, TransportAddress } from '@busbar/transport';
import { formatPeer } from '@busbar/transport';
import { AuthenticatorChain } from '../auth/authenticator-chain.ts';
import { QuietLine } from '../observe/quiet-line.ts';
import { QuietWarning } from '../observe/quiet-warning.ts';
import type { TraceListener } from '../trace/traces.ts';
import type { BrokerRooms } from './broker-rooms.ts';
import { ownChainOf } from './chain-of.ts';
import { ClientEntrance } from './client-entrance.ts';
import type { ListenerOptions, ListenerTransport } from './listener-options.ts';
import { type ListenerReports, openListeners } from './open-listeners.ts';
import { type Peer, peerOf } from './peer.ts';

/** A listener as it was really bound. */
export interface Bound {
  readonly transport: ListenerTransport;
  /** Numeric address, or the file of a Unix socket. */
  readonly address: string;
  /** 0 for a Unix socket. */
  readonly port: number;
}

interface Door extends Bound {
  close(): Promise<void>;
  replaceCertificates?(credentials: TlsCredentials): void;
}

/** The broker's doors: listens, gives each Network Connection its {@link ClientEntrance}, and closes them all at the end. */
export class Entrance {
  readonly #rooms: BrokerRooms;
  readonly #doors: Door[] = [];
  /** The chains of listeners that do not have the broker's, by their places in the options. */
  readonly #ownChains = new Map<number, AuthenticatorChain>();
  #listenerCount = 0;
  readonly #clients = new Set<ClientEntrance>();
  readonly #tooMany: QuietWarning;
  #onEmpty: (() => void) | undefined = undefined;

  constructor(rooms: BrokerRooms) {
    this.#rooms = rooms;
    this.#tooMany = new QuietWarning(rooms.log, 'too many connections', rooms.later);
  }

  get bound(): readonly Bound[] {
    return this.#doors.map(({ transport, address, port }) => ({ transport, address, port }));
  }

  /** @throws {TransportError} It cannot be listened there. */
  async listen(options: ListenerOptions): Promise<void> {
    const { transport = 'tcp' } = options;
    const own = ownChainOf(options, this.#rooms.chain.options);
    const chain = own === undefined ? this.#rooms.chain : new AuthenticatorChain(own);
    if (own !== undefined) this.#ownChains.set(this.#listenerCount, chain);
    this.#listenerCount++;
    const accept = (connection: ByteTransport) => this.#accept(connection, peerOf(connection, chain, options));
    const opened = await openListeners(options, this.#rooms.limits, this.#reportsOf(transport), accept);
    for (const listener of opened) this.#doors.push({ ...listener, transport });
  }

  /** Takes in a Network Connection from wherever it comes. */
  readonly accept = (transport: ByteTransport): void => this.#accept(transport, peerOf(transport, this.#rooms.chain));

  /**
   * Gives the TLS listeners on a port new credentials for the connections to come.
   *
   * @throws {UsageError} `unknown-listener`: no listener with TLS has this port.
   * @throws {TransportError} They cannot be used; then the former ones stay in use.
   */
  replaceCertificates(port: number, credentials: TlsCredentials): void {
    const doors = this.#doors.filter((door) => door.port === port && door.replaceCertificates !== undefined);
    if (doors.length === 0) throw new UsageError('unknown-listener', `no listener with TLS has the port ${port}`);
    for (const door of doors) door.replaceCertificates?.(credentials);
  }

  /** Stops listening, tells every client, and waits until all are gone, at the most for the stop timeout. */
  async close(): Promise<void> {
    await Promise.all(this.#doors.splice(0).map((door) => door.close()));
    for (const client of this.#clients) client.shutDown();
    if (this.#clients.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#rooms.clock.schedule(resolve, this.#rooms.limits.stopTimeoutMs);
      this.#onEmpty = () => {
        cancel();
        resolve();
      };
    });
    for (const client of this.#clients) client.destroy();
  }

  /** Asks others about the clients of listeners that do not have the broker's chain. */
  replaceChains(listeners: readonly Pick<ListenerOptions, 'authenticators' | 'allowAnonymous'>[]): void {
    for (const [at, chain] of this.#ownChains) {
      const options = listeners[at];
      const own = options === undefined ? undefined : ownChainOf(options, this.#rooms.chain.options);
      if (own !== undefined) chain.replace(own);
    }
  }

  /** Shows what a client sends and is sent, now or when it comes, until the answer is called. */
  trace(clientIdentifier: string, listener: TraceListener): () => void {
    const { traces } = this.#rooms;
    traces.add(clientIdentifier, listener);
    for (const client of this.#clients) client.handleTraced(clientIdentifier, true);
    return () => {
      if (!traces.remove(clientIdentifier, listener)) return;
      for (const client of this.#clients) client.handleTraced(clientIdentifier, false);
    };
  }

  /** Rules or users have changed: what clients were found to be allowed is found out anew. */
  handleRightsChanged(): void {
    for (const client of this.#clients) client.handleRightsChanged();
  }

  #accept(transport: ByteTransport, peer: Peer): void {
    const { limits, counters, tallies, clock } = this.#rooms;
    if (this.#clients.size >= limits.maximumConnections) {
      counters.connectionsRefused++;
      tallies.refusedConnections.count('maximumConnections');
      const { maximumConnections } = limits;
      this.#tooMany.warn({ remote: formatPeer(transport.remote), maximumConnections }, clock.now());
      transport.destroy();
      return;
    }
    this.#clients.add(new ClientEntrance(this.#rooms, transport, peer, this.#forget));
  }

  readonly #forget = (client: ClientEntrance): void => {
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#onEmpty?.();
  };

  #reportsOf(transport: ListenerTransport): ListenerReports {
    const { log, later, counters, tallies, clock } = this.#rooms;
    const refused = new QuietWarning(log, 'a listener has turned a connection away', later);
    const failed = new QuietWarning(log, 'a handshake has failed', later);
    // A peer that opens more connections than there are descriptors brings them about by the thousand.
    const errors = new QuietLine(log, 'a listener has failed', { level: 'error', later });
    const fieldsOf = (remote: TransportAddress) => ({ transport, remote: formatPeer(remote) });
    return {
      onError: ({ code, message }) => errors.write({ transport, code }, clock.now(), message),
      onRefused: (remote, reason) => {
        counters.connectionsRefused++;
        tallies.refusedConnections.count(reason);
        refused.warn({ ...fieldsOf(remote), reason }, clock.now());
      },
      onHandshakeFailed: (remote, { code, message }) => {
        counters.handshakesFailed++;
        failed.warn({ ...fieldsOf(remote), code, error: message }, clock.now());
      },
    };
  }
}
