import { UsageError } from '@busbar/codec';
import type { ByteTransport, TlsCredentials, TransportAddress } from '@busbar/transport';
import { ConnectionGate, type ConnectionGateLimits, formatPeer, type GateRefusal } from '@busbar/transport';
import { AuthenticatorChain } from '../auth/authenticator-chain.ts';
import { connectionLimitsOf } from '../config/connection-limits.ts';
import type { BrokerLimits } from '../config/limits.ts';
import type { ReachedLimit } from '../observe/limit-watch.ts';
import { QuietLine } from '../observe/quiet-line.ts';
import { QuietWarning } from '../observe/quiet-warning.ts';
import type { TraceListener } from '../trace/traces.ts';
import type { BrokerRooms } from './broker-rooms.ts';
import { ownChainOf } from './chain-of.ts';
import { ClientEntrance, type Hall } from './client-entrance.ts';
import type { ListenerOptions, ListenerTransport } from './listener-options.ts';
import { type ListenerReports, loadListeners, openListeners } from './open-listeners.ts';
import { type Peer, peerOf } from './peer.ts';

/** A listener as it was really bound. */
export interface Bound {
  readonly transport: ListenerTransport;
  /** Numeric address, or the file of a Unix socket. */
  readonly address: string;
  /** 0 for a Unix socket. */
  readonly port: number;
}

/** A listener, by its place in the options: several may have one port, at different addresses. */
export interface ListenerPlace {
  readonly place: number;
}

interface Door extends Bound, ListenerPlace {
  close(): Promise<void>;
  replaceCertificates?(credentials: TlsCredentials): void;
}

/** The bounds that a listener has of its own. */
export type ListenerLimits = Pick<ListenerOptions, 'maximumConnections' | 'connectionRate'>;

/** What may speak against a Network Connection before it has said anything. */
type ConnectionLimit = 'maximumConnections' | 'maximumConnectionsPerAddress' | 'maximumUnauthenticatedConnections';

/** The setting that a gate has held up: a listener without a bound of its own has the broker's. */
function settingOf(reason: GateRefusal, { maximumConnections }: ListenerLimits): ReachedLimit {
  if (reason === 'connectionRate') return 'listenerConnectionRate';
  return maximumConnections === undefined ? 'maximumConnections' : 'listenerMaximumConnections';
}

function gateLimitsOf(
  { maximumConnections, connectionRate }: ListenerLimits,
  limits: BrokerLimits,
): ConnectionGateLimits {
  const rate = connectionRate === undefined ? {} : { connectionRate };
  return { maximumConnections: maximumConnections ?? limits.maximumConnections, ...rate };
}

/** The broker's doors: listens, gives each Network Connection its {@link ClientEntrance}, and closes them all at the end. */
export class Entrance implements Hall {
  readonly #rooms: BrokerRooms;
  readonly #doors: Door[] = [];
  /** The chains of listeners that do not have the broker's, by their places in the options. */
  readonly #ownChains = new Map<number, AuthenticatorChain>();
  /** What stands before each listener, by their places in the options. */
  readonly #gates: ConnectionGate[] = [];
  /** What bounds each of them beside the broker's limits. */
  #ownLimits: ListenerLimits[] = [];
  readonly #clients = new Set<ClientEntrance>();
  /** Those who are not let in yet: they have to say who they are, or wait for an answer. */
  readonly #silent = new Set<ClientEntrance>();
  readonly #answered = new Set<ClientEntrance>();
  /** Those who have left, while something that they sent waits to be read. */
  readonly #gone = new Set<ClientEntrance>();
  #onEmpty: (() => void) | undefined = undefined;

  constructor(rooms: BrokerRooms) {
    this.#rooms = rooms;
  }

  get bound(): readonly Bound[] {
    return this.#doors.map(({ transport, address, port }) => ({ transport, address, port }));
  }

  /** @throws {TransportError} It cannot be listened there. */
  async listen(listeners: readonly ListenerOptions[]): Promise<void> {
    await loadListeners(listeners);
    for (const listener of listeners) await this.#open(listener);
  }

  async #open(options: ListenerOptions): Promise<void> {
    const { transport = 'tcp' } = options;
    const own = ownChainOf(options, this.#rooms.chain.options);
    const chain = own === undefined ? this.#rooms.chain : new AuthenticatorChain(own);
    if (own !== undefined) this.#ownChains.set(this.#gates.length, chain);
    const gate = new ConnectionGate(gateLimitsOf(options, this.#rooms.limits));
    const at = this.#gates.push(gate) - 1;
    this.#ownLimits.push(options);
    const accept = (connection: ByteTransport) => this.#accept(connection, peerOf(connection, chain, options));
    const opened = await openListeners(options, this.#rooms.limits, gate, this.#reportsOf(transport, at), accept);
    for (const listener of opened) this.#doors.push({ ...listener, transport, place: at });
  }

  /** Takes in a Network Connection from wherever it comes. */
  readonly accept = (transport: ByteTransport): void => this.#accept(transport, peerOf(transport, this.#rooms.chain));

  /**
   * Gives the TLS listeners on a port, or the one at a place, new credentials for the connections to come.
   *
   * @throws {UsageError} `unknown-listener`: no listener with TLS is there.
   * @throws {TransportError} They cannot be used; then the former ones stay in use.
   */
  replaceCertificates(where: number | ListenerPlace, credentials: TlsCredentials): void {
    const isMeant = ({ port, place }: Door) => (typeof where === 'number' ? port === where : place === where.place);
    const doors = this.#doors.filter((door) => isMeant(door) && door.replaceCertificates !== undefined);
    if (doors.length === 0) {
      const named = typeof where === 'number' ? `has the port ${where}` : `is at place ${where.place}`;
      throw new UsageError('unknown-listener', `no listener with TLS ${named}`);
    }
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

  /** Shows what a client sends and is sent, now or when it comes, until the answer is called, or the listener throws. */
  trace(clientIdentifier: string, listener: TraceListener): () => void {
    const { traces, log } = this.#rooms;
    const end = (): void => {
      if (!traces.remove(clientIdentifier, guarded)) return;
      for (const client of this.#clients) client.handleTraced(clientIdentifier, false);
    };
    const guarded: TraceListener = (packet) => {
      try {
        listener(packet);
      } catch (error) {
        log.error({ client: clientIdentifier, error: String(error) }, 'a trace ends: its listener has failed');
        end();
      }
    };
    traces.add(clientIdentifier, guarded);
    for (const client of this.#clients) client.handleTraced(clientIdentifier, true);
    return end;
  }

  /** Rules or users have changed: what clients were found to be allowed is found out anew. */
  handleRightsChanged(): void {
    for (const client of this.#clients) client.handleRightsChanged();
  }

  /** Limits have changed; what is open stays. @param listeners Bounds of their own, in the order of the listeners. */
  handleLimitsChanged(listeners: readonly ListenerLimits[]): void {
    const { limits, capabilities } = this.#rooms;
    this.#rooms.connectionLimits = connectionLimitsOf(limits, capabilities);
    this.#ownLimits = [...listeners];
    for (const [at, gate] of this.#gates.entries()) {
      gate.replaceLimits(gateLimitsOf(listeners[at] ?? {}, limits));
    }
    for (const client of this.#clients) client.handleLimitsChanged();
  }

  /** The store has begun to fail: whoever is promised nothing of it does not wait for it. */
  handleStoreFailure(): void {
    for (const client of this.#clients) client.handleStoreFailure();
  }

  // --- connections -----------------------------------------------------------------------------------------------------

  #accept(transport: ByteTransport, peer: Peer): void {
    const full = this.#limitAgainst(peer.address);
    if (full !== undefined) {
      const { counters, tallies, limitWatch, limits } = this.#rooms;
      counters.connectionsRefused++;
      tallies.refusedConnections.count(full);
      limitWatch.handleReached(full, { remote: formatPeer(transport.remote), allowed: limits[full] });
      transport.destroy();
      return;
    }
    this.#rooms.census.handleConnection(peer.address);
    const client = new ClientEntrance(this.#rooms, transport, peer, this);
    this.#clients.add(client);
    this.#silent.add(client);
  }

  #limitAgainst(address: string): ConnectionLimit | undefined {
    const { limits, census } = this.#rooms;
    if (this.#clients.size >= limits.maximumConnections && !this.#dismissGone()) return 'maximumConnections';
    const { maximumConnectionsPerAddress } = limits;
    if (maximumConnectionsPerAddress > 0 && census.connectionsFrom(address) >= maximumConnectionsPerAddress) {
      return 'maximumConnectionsPerAddress';
    }
    return this.#hasRoomForStranger() ? undefined : 'maximumUnauthenticatedConnections';
  }

  /** Who has left takes up no room that others need. @returns Whether there was one. */
  #dismissGone(): boolean {
    const [oldest] = this.#gone;
    oldest?.destroy();
    return oldest !== undefined;
  }

  /** Of those who are not in yet, whoever has been silent for longest gives way. */
  #hasRoomForStranger(): boolean {
    const { maximumUnauthenticatedConnections } = this.#rooms.limits;
    if (this.#silent.size + this.#answered.size < maximumUnauthenticatedConnections) return true;
    if (this.#dismissGone()) return true;
    const [oldest] = this.#silent;
    if (oldest === undefined) return false;
    const fields = { remote: oldest.remote, allowed: maximumUnauthenticatedConnections };
    this.#rooms.limitWatch.handleReached('maximumUnauthenticatedConnections', fields);
    this.#silent.delete(oldest);
    oldest.destroy();
    return true;
  }

  handleConnect(client: ClientEntrance): void {
    if (this.#silent.delete(client)) this.#answered.add(client);
  }

  handleEntered(client: ClientEntrance): void {
    this.#answered.delete(client);
  }

  handleGone(client: ClientEntrance): void {
    this.#gone.add(client);
  }

  handleClosed(client: ClientEntrance, address: string): void {
    this.#gone.delete(client);
    this.#silent.delete(client);
    this.#answered.delete(client);
    this.#rooms.census.handleConnectionEnd(address);
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#onEmpty?.();
  }

  #reportsOf(transport: ListenerTransport, at: number): ListenerReports {
    const { log, later, counters, tallies, limitWatch, clock } = this.#rooms;
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
        limitWatch.count(settingOf(reason, this.#ownLimits[at] ?? {}));
        refused.warn({ ...fieldsOf(remote), reason }, clock.now());
      },
      onHandshakeFailed: (remote, { code, message }) => {
        counters.handshakesFailed++;
        failed.warn({ ...fieldsOf(remote), code, error: message }, clock.now());
      },
    };
  }
}
