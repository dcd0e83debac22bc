import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort, hasCommand, PeerProcess } from '@busbar/testkit';
import { describe } from 'vitest';
import { describeVersions, type ForeignBroker } from './scenarios.ts';

const COMMAND = ['nats-server', '/usr/sbin/nats-server'].find((command) =>
  command.startsWith('/') ? existsSync(command) : hasCommand(command),
);

/** NATS with its MQTT gateway; sessions and retained messages are in JetStream. */
class NatsBroker implements ForeignBroker {
  readonly #folder: string;
  readonly #port: number;
  #process: PeerProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  static async start(): Promise<NatsBroker> {
    const folder = await mkdtemp(path.join(tmpdir(), 'busbar-nats-'));
    const broker = new NatsBroker(folder, await freePort());
    const config = `
      server_name: test
      listen: 127.0.0.1:${await freePort()}
      jetstream { store_dir: "${folder}/jetstream" }
      mqtt { listen: "127.0.0.1:${broker.#port}", ack_wait: "5m", max_ack_pending: 1000 }
      max_payload: 2MB
    `;
    await writeFile(path.join(folder, 'nats.conf'), config);
    await broker.#run();
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async restart(whileItIsGone: () => Promise<void>): Promise<void> {
    await this.#process?.stop('SIGTERM');
    await whileItIsGone();
    await this.#run();
  }

  async #run(): Promise<void> {
    const config = path.join(this.#folder, 'nats.conf');
    this.#process = new PeerProcess(COMMAND ?? '', ['-c', config], { timeoutMs: 120_000 });
    await this.#process.untilOutput(/Server is ready/);
  }
}

// Debian's nats-server; its version 2.9 speaks 3.1.1 and knows QoS 0 and 1.
describe.skipIf(COMMAND === undefined)('NATS', () => {
  describeVersions([4], () => NatsBroker.start(), { maximumQos: 1, isSessionLostWithRestart: false });
});
