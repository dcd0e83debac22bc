import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort, PeerProcess, RawClient } from '@busbar/testkit';
import { dialTcp } from '@busbar/transport';
import { ROOT } from '../support/documents.ts';

const LAUNCHER = path.join(ROOT, 'packages/cli/bin/busbar.js');
const HOST = '127.0.0.1';

/** `busbar broker` as a process of its own, on one port and one data directory however often it is started. */
export class BrokerProcess {
  readonly port: number;
  readonly directory: string;
  #process: PeerProcess | undefined = undefined;

  private constructor(port: number, directory: string) {
    this.port = port;
    this.directory = directory;
  }

  static async create(): Promise<BrokerProcess> {
    const broker = new BrokerProcess(await freePort(), mkdtempSync(path.join(tmpdir(), 'busbar-crash-')));
    await broker.start();
    return broker;
  }

  get url(): string {
    return `mqtt://${HOST}:${this.port}`;
  }

  /** Resolves when clients may come. */
  async start(): Promise<void> {
    const args = [LAUNCHER, 'broker', '--host', HOST, '-p', `${this.port}`, '--data', this.directory];
    this.#process = new PeerProcess(process.execPath, [...args, '--log-format', 'json'], { timeoutMs: 3_600_000 });
    await this.#process.untilOutput(/ready on /);
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.#process?.stop('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#process?.stop('SIGTERM');
  }

  /** Everything that it has logged since it was started. */
  get log(): string {
    return this.#process?.stderr ?? '';
  }

  /** A connection with nothing sent. */
  async dial(): Promise<RawClient> {
    return new RawClient(await dialTcp({ host: HOST, port: this.port }), 5);
  }

  /** Ends it, if it runs, and takes its data away. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
