import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort, PeerProcess } from '@busbar/testkit';
import { describe, vi } from 'vitest';
import { describeVersions, type ForeignBroker } from './scenarios.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const COMMAND = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** RabbitMQ with its MQTT plugin, as a node of its own with a daemon of its own. */
class RabbitBroker implements ForeignBroker {
  readonly #folder: string;
  readonly #port: number;
  readonly #env: Readonly<Record<string, string>>;
  #process: PeerProcess | undefined;

  private constructor(folder: string, port: number, env: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#port = port;
    this.#env = env;
  }

  static async start(): Promise<RabbitBroker> {
    const folder = await mkdtemp(path.join(tmpdir(), 'busbar-rabbit-'));
    const [port, amqpPort, distPort, epmdPort] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    const config = path.join(folder, 'rabbitmq.conf');
    const plugins = path.join(folder, 'enabled_plugins');
    await writeFile(plugins, '[rabbitmq_mqtt].\n');
    const lines = [
      `listeners.tcp.1 = 127.0.0.1:${amqpPort}`,
      `mqtt.listeners.tcp.1 = 127.0.0.1:${port}`,
      'mqtt.allow_anonymous = true',
      'mqtt.prefetch = 1000',
      'log.console = true',
      'log.file = false',
    ];
    await writeFile(config, `${lines.join('\n')}\n`);
    const broker = new RabbitBroker(folder, port, {
      HOME: folder,
      RABBITMQ_NODENAME: `busbar-${port}@localhost`,
      RABBITMQ_MNESIA_BASE: `${folder}/mnesia`,
      RABBITMQ_LOG_BASE: `${folder}/log`,
      RABBITMQ_CONFIG_FILE: config,
      RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
      RABBITMQ_DIST_PORT: `${distPort}`,
      ERL_EPMD_PORT: `${epmdPort}`,
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 +sbwt none',
    });
    await broker.#run();
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  async stop(): Promise<void> {
    await this.#process?.stop('SIGTERM');
    spawnSync('epmd', ['-kill'], { env: { ...process.env, ...this.#env } });
    await rm(this.#folder, { recursive: true, force: true });
  }

  async restart(whileItIsGone: () => Promise<void>): Promise<void> {
    await this.#process?.stop('SIGTERM');
    await whileItIsGone();
    await this.#run();
  }

  async #run(): Promise<void> {
    this.#process = new PeerProcess(COMMAND, [], { env: this.#env, timeoutMs: 240_000 });
    await this.#process.untilOutput(/Server startup complete/);
  }
}

// Debian's rabbitmq-server; its version 3.10 speaks 3.1.1, and answers QoS 2 as QoS 1. It needs Erlang: it is not installed for you.
describe.skipIf(!existsSync(COMMAND))('RabbitMQ', () => {
  describeVersions([4], () => RabbitBroker.start(), { maximumQos: 1, isSessionLostWithRestart: false });
});
