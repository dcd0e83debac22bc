import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  type Client,
  ClientConnection,
  type ClientConnectionOptions,
  type ClientConnectionOwner,
  type ClientOptions,
  createClient,
  ReasonCode,
} from '@busbar/client';
import { PATIENCE_MS } from '../peer/inbox.ts';
import { RawServer, type ServedClient } from '../peer/raw-server.ts';
import type { Version } from '../wire/packet-writer.ts';
import type { ConnackFields } from '../wire/server-packet-writer.ts';
import { Violation } from './violation.ts';

type AuthStep = Parameters<ClientConnectionOwner['handleAuth']>[0];

/** What a scenario about our client works with: the client, and a server that does what the scenario says. */
export class ClientScene {
  readonly version: Version;
  readonly #server: RawServer;
  readonly #clients: Client[] = [];
  readonly #sockets: Socket[] = [];

  private constructor(version: Version, server: RawServer) {
    this.version = version;
    this.#server = server;
  }

  /** Runs a scenario and clears up. */
  static async run(version: Version, scenario: (scene: ClientScene) => Promise<void>): Promise<void> {
    const server = await RawServer.listen(version);
    const scene = new ClientScene(version, server);
    try {
      await scenario(scene);
    } finally {
      server.close();
      for (const socket of scene.#sockets) socket.destroy();
      await Promise.all(scene.#clients.map((client) => client.end({ timeoutMs: 0 })));
    }
  }

  /** A client that begins to connect, and goes on at once when its connection is lost. */
  start(options: ClientOptions = {}): Client {
    const reconnect = { initialDelayMs: 1, maximumDelayMs: 10 };
    const url = `mqtt://127.0.0.1:${this.#server.port}`;
    const client = createClient(url, { protocolVersion: this.version, keepAlive: 0, reconnect, ...options });
    this.#clients.push(client);
    client.start();
    return client;
  }

  /** The next connection that the client makes. */
  served(): Promise<ServedClient> {
    return this.#server.next();
  }

  /**
   * The machine below the client on a socket of its own, for what the client itself does not do: enhanced authentication.
   *
   * @param handleAuth Told of each AUTH packet.
   */
  async machine(options: ClientConnectionOptions, handleAuth: (machine: ClientConnection, packet: AuthStep) => void) {
    const socket = connect(this.#server.port, '127.0.0.1');
    this.#sockets.push(socket);
    await once(socket, 'connect');
    const nothing = (): void => {};
    const machine: ClientConnection = new ClientConnection(options, {
      handleConnected: nothing,
      handleAuth: (packet) => handleAuth(machine, packet),
      handlePublish: () => ReasonCode.success,
      handlePublished: nothing,
      handleSuback: nothing,
      handleUnsuback: nothing,
      handleWindow: nothing,
      handleClosing: () => socket.end(),
    });
    const flush = (): void => {
      const bytes = machine.takeBytes();
      if (bytes !== undefined && !socket.writableEnded) socket.write(bytes);
    };
    socket.on('data', (bytes: Uint8Array) => {
      machine.handleBytes(bytes, performance.now());
      flush();
    });
    machine.handleConnectionMade(performance.now());
    flush();
    return { machine, flush };
  }

  /** A connected client, and the server's end of its connection. */
  async connected(options: ClientOptions = {}, connack: ConnackFields = {}) {
    const client = this.start(options);
    const { server, connect } = await this.reconnected(client, connack);
    return { client, server, connect };
  }

  /** Takes the next connection of the client and accepts it. */
  async reconnected(client: Client, connack: ConnackFields = {}) {
    const server = await this.served();
    const isConnected = new Promise<void>((resolve, reject) => {
      const late = new Violation('that the client is connected', `nothing for ${PATIENCE_MS / 1000} s`);
      const timer = setTimeout(() => reject(late), PATIENCE_MS);
      const handle = (): void => {
        clearTimeout(timer);
        client.off('connected', handle);
        resolve();
      };
      client.on('connected', handle);
    });
    const connect = await server.accept(connack);
    await isConnected;
    return { server, connect };
  }
}
