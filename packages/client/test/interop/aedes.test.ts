import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { describe } from 'vitest';
import { describeVersions, type ForeignBroker } from './scenarios.ts';

/** A broker of one process; what it has in memory is gone when it restarts. */
class AedesBroker implements ForeignBroker {
  #port = 0;
  #broker: Aedes | undefined;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<this> {
    const broker = await Aedes.createBroker();
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      broker.handle(socket);
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    const address = server.address();
    this.#port = address === null || typeof address === 'string' ? 0 : address.port;
    this.#broker = broker;
    this.#server = server;
    return this;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve));
    await new Promise<void>((resolve) => this.#broker?.close(() => resolve()));
  }

  async restart(whileItIsGone: () => Promise<void>): Promise<void> {
    await this.stop();
    await whileItIsGone();
    await this.start();
  }
}

describe('npm aedes', () => {
  describeVersions([4], () => new AedesBroker().start());
});
