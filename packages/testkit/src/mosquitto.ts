import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort, hasCommand, PeerProcess } from './peer-process.ts';

/** Debian puts it where only root's PATH looks. */
const COMMANDS = ['mosquitto', '/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto'];
const LIFETIME_MS = 120_000;
const ATTEMPTS = 5;

/** The command that starts Mosquitto, undefined where it is not installed: `describe.skipIf(findMosquitto() === undefined)`. */
export function findMosquitto(): string | undefined {
  return COMMANDS.find((command) => (command.startsWith('/') ? existsSync(command) : hasCommand(command)));
}

/**
 * A Mosquitto broker beside a test, on a free port of the loopback address, in a folder of its own.
 *
 *     const broker = await MosquittoBroker.start({ config: ['max_inflight_messages 5'] });
 *     const client = await connect(`mqtt://127.0.0.1:${broker.port}`);
 *     await broker.stop();
 */
export class MosquittoBroker {
  readonly port: number;
  readonly #command: string;
  readonly #folder: string;
  #process: PeerProcess | undefined;

  private constructor(command: string, port: number, folder: string) {
    this.#command = command;
    this.port = port;
    this.#folder = folder;
  }

  /**
   * Starts it and waits until it listens.
   *
   * @param options.config Further lines of its configuration; anonymous clients are allowed and sessions persist.
   * @throws {Error} It is not installed, or it does not start, with everything it said.
   */
  static async start({ config = [] }: { readonly config?: readonly string[] } = {}): Promise<MosquittoBroker> {
    const command = findMosquitto();
    if (command === undefined) throw new Error('mosquitto is not installed');
    for (let attempt = 1; ; attempt++) {
      const folder = await mkdtemp(path.join(tmpdir(), 'busbar-mosquitto-'));
      const broker = new MosquittoBroker(command, await freePort(), folder);
      await writeFile(broker.#configPath, broker.#configWith(config));
      try {
        await broker.restart();
        return broker;
      } catch (error) {
        await broker.stop();
        if (attempt === ATTEMPTS) throw error; // another program may take the port before it does
      }
    }
  }

  /** Ends it and keeps its folder, so that {@link restart} finds what it had stored. */
  async interrupt(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#process?.stop(signal);
    this.#process = undefined;
  }

  /** Starts it again on its port. */
  async restart(): Promise<void> {
    await this.interrupt();
    this.#process = new PeerProcess(this.#command, ['-c', this.#configPath, '-v'], { timeoutMs: LIFETIME_MS });
    await this.#process.untilOutput(/mosquitto version .* running/);
  }

  /** What it has logged since its last start. */
  get log(): string {
    return this.#process?.stderr ?? '';
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    await this.interrupt('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #configPath(): string {
    return path.join(this.#folder, 'mosquitto.conf');
  }

  #configWith(lines: readonly string[]): string {
    const own = [
      `listener ${this.port} 127.0.0.1`,
      'allow_anonymous true',
      'persistence true',
      `persistence_location ${this.#folder}/`,
      'log_dest stderr',
      'user root',
    ];
    return `${[...own, ...lines].join('\n')}\n`;
  }
}
