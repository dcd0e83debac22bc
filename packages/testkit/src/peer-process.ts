import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';

/** How a process ended, and what it said. */
export interface ProcessEnd {
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PeerOptions {
  /** Written to its standard input, which is then closed; without it the input is closed at once. */
  readonly input?: string;
  /** Milliseconds after which it is killed, so that a test that hangs tells what came so far; default 15,000. */
  readonly timeoutMs?: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 15_000;

/**
 * A program that runs beside a test: a foreign client, a foreign broker, our own command.
 *
 *     const subscriber = new PeerProcess('mosquitto_sub', ['-p', `${port}`, '-t', 'plant/#', '-d']);
 *     await subscriber.untilOutput(/SUBACK/);
 */
export class PeerProcess {
  stdout = '';
  stderr = '';
  /** Resolves when it has ended and all its output has come. */
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #name: string;
  #hasEnded = false;
  #waiters: (() => void)[] = [];

  constructor(command: string, args: readonly string[], options: PeerOptions = {}) {
    const { input = '', timeoutMs = TIMEOUT_MS, cwd, env } = options;
    this.#name = [command, ...args].join(' ');
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env } });
    this.#child = child;
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#hear('stdout', text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#hear('stderr', text));
    child.stdin.on('error', () => {}); // it may have ended without reading its input
    child.stdin.end(input);
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        clearTimeout(timer);
        this.#hasEnded = true;
        this.#wake();
        resolve({ exitCode: code ?? undefined, stdout: this.stdout, stderr: this.stderr });
      });
    });
    this.ended.catch(() => {}); // whoever awaits it is told; nobody has to
  }

  /** Resolves when its output, both streams taken together, matches. Rejects when it ends before. */
  async untilOutput(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.stdout) && !pattern.test(this.stderr)) {
      if (this.#hasEnded)
        throw new Error(`${this.#name} ended before it said ${pattern}:\n${this.stdout}${this.stderr}`);
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  /** Sends it a signal that need not end it. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#hasEnded) this.#child.kill(signal);
  }

  /** Ends it and waits for its end. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<ProcessEnd> {
    if (!this.#hasEnded) this.#child.kill(signal);
    return this.ended;
  }

  /** Resolves with its output when it ends with exit code 0. @throws {Error} Another exit, with everything it said. */
  async succeeded(): Promise<string> {
    const { exitCode, stdout, stderr } = await this.ended;
    if (exitCode === 0) return stdout;
    throw new Error(`${this.#name} ended with ${exitCode ?? 'a signal'}:\n${stdout}${stderr}`);
  }

  #hear(stream: 'stdout' | 'stderr', text: string): void {
    this[stream] += text;
    this.#wake();
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }
}

/** Whether a command is installed here: `describe.skipIf(!hasCommand('mosquitto_pub'))`. */
export function hasCommand(command: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', command]).status === 0;
}

/** A port that was free a moment ago, for programs that cannot be given port 0. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = address === null || typeof address === 'string' ? 0 : address.port;
      server.close(() => resolve(port));
    });
  });
}
