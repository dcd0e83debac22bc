import { type ByteTransport, listenTcp, TransportError, type TransportListener } from '@busbar/transport';
import type { BrokerRooms } from './broker-rooms.ts';
import { ClientEntrance } from './client-entrance.ts';

/** Where the broker listens. */
export interface ListenerOptions {
  /** Default: `localhost`, which is both loopback addresses. `0.0.0.0` is every IPv4 address, `::` every address. */
  readonly host?: string;
  /** Default: 1883. 0 takes a free port. */
  readonly port?: number;
}

/** A listener as it was really bound. */
export interface Bound {
  readonly address: string;
  readonly port: number;
}

const DEFAULT_PORT = 1883;
const LOOPBACK_4 = '127.0.0.1';
const LOOPBACK_6 = '::1';
/** What a machine without IPv6 says to `::1`. */
const NO_IPV6 = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

/** The broker's doors: listens, gives each Network Connection its {@link ClientEntrance}, and closes them all at the end. */
export class Entrance {
  readonly #rooms: BrokerRooms;
  readonly #listeners: TransportListener[] = [];
  readonly #clients = new Set<ClientEntrance>();
  #onEmpty: (() => void) | undefined = undefined;

  constructor(rooms: BrokerRooms) {
    this.#rooms = rooms;
  }

  get bound(): readonly Bound[] {
    return this.#listeners.map(({ address, port }) => ({ address, port }));
  }

  /** @throws {TransportError} The port cannot be listened on. */
  async listen({ host = 'localhost', port = DEFAULT_PORT }: ListenerOptions): Promise<void> {
    if (host !== 'localhost') {
      await this.#listenOn(host, port);
      return;
    }
    const first = await this.#listenOn(LOOPBACK_4, port);
    try {
      await this.#listenOn(LOOPBACK_6, first.port);
    } catch (error) {
      if (error instanceof TransportError && NO_IPV6.has(error.code)) return;
      throw error;
    }
  }

  /** Takes in a Network Connection from wherever it comes. */
  readonly accept = (transport: ByteTransport): void => {
    if (this.#clients.size >= this.#rooms.limits.maximumConnections) {
      const remote = `${transport.remote.address}:${transport.remote.port}`;
      this.#rooms.log.warn(
        { remote, maximumConnections: this.#rooms.limits.maximumConnections },
        'too many connections',
      );
      transport.destroy();
      return;
    }
    this.#clients.add(new ClientEntrance(this.#rooms, transport, this.#forget));
  };

  /** Stops listening, tells every client, and waits until all are gone, at the most for the stop timeout. */
  async close(): Promise<void> {
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
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

  readonly #forget = (client: ClientEntrance): void => {
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#onEmpty?.();
  };

  async #listenOn(host: string, port: number): Promise<TransportListener> {
    const onError = (error: TransportError): void => {
      this.#rooms.log.error({ host, port, code: error.code }, `cannot accept a connection: ${error.message}`);
    };
    const listener = await listenTcp({ host, port, onError }, this.accept);
    this.#listeners.push(listener);
    return listener;
  }
}
