import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The committed launcher, which needs `dist`. */
export const LAUNCHER = fileURLToPath(new URL('../../bin/busbar.js', import.meta.url));

/** How a program ended, and what it wrote. */
export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program under test. It ends with its test at the latest. */
export class RunningCommand {
  readonly #child: ChildProcess;
  readonly #out: Buffer[] = [];
  readonly #err: Buffer[] = [];
  readonly #watchers = new Set<() => void>();
  readonly ended: Promise<Ended>;

  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(program, args, { env: { ...process.env, NO_COLOR: '', ...env } });
    this.#child = child;
    child.stdout.on('data', (chunk: Buffer) => this.#collect(this.#out, chunk));
    child.stderr.on('data', (chunk: Buffer) => this.#collect(this.#err, chunk));
    child.stdin.on('error', () => {}); // it may end before it has read everything
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exitCode, signal) => {
        for (const look of this.#watchers) look();
        resolve({ exitCode, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await this.ended;
    });
  }

  get stdout(): string {
    return Buffer.concat(this.#out).toString();
  }

  /** What was written to stdout, as bytes. */
  get stdoutBytes(): Buffer {
    return Buffer.concat(this.#out);
  }

  get stderr(): string {
    return Buffer.concat(this.#err).toString();
  }

  get stdin(): NonNullable<ChildProcess['stdin']> {
    if (this.#child.stdin === null) throw new Error('the program has no stdin');
    return this.#child.stdin;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Stops reading stdout and closes it, as `| head -1` does. */
  closeStdout(): void {
    this.#child.stdout?.destroy();
  }

  /** Waits until stdout matches. @throws {Error} It ended before. */
  untilStdout(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#until(() => this.stdout, pattern);
  }

  /** Waits until stderr matches. @throws {Error} It ended before. */
  untilStderr(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#until(() => this.stderr, pattern);
  }

  #until(read: () => string, pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(read());
        const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null;
        if (match === null && !hasEnded) return;
        this.#watchers.delete(look);
        if (match !== null) resolve(match);
        else reject(new Error(`ended before ${pattern} came; stdout: ${this.stdout} stderr: ${this.stderr}`));
      };
      this.#watchers.add(look);
      look();
    });
  }

  #collect(into: Buffer[], chunk: Buffer): void {
    into.push(chunk);
    for (const look of this.#watchers) look();
  }
}

/** Starts `busbar` as it was built. */
export function startBusbar(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningCommand {
  return new RunningCommand(process.execPath, [LAUNCHER, ...args], env);
}

/** Runs `busbar` to its end. @param input What it reads from stdin. */
export async function runBusbar(args: readonly string[], input: string | Uint8Array = ''): Promise<Ended> {
  const command = startBusbar(args);
  command.stdin.end(input);
  return command.ended;
}

/** Starts `busbar` through a link that bears another name. */
export function startLink(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningCommand {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-link-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  symlinkSync(LAUNCHER, path.join(folder, name));
  return new RunningCommand(process.execPath, [path.join(folder, name), ...args], env);
}

/** Runs `busbar` through a link to its end. */
export async function runLink(name: string, args: readonly string[], input: string | Uint8Array = ''): Promise<Ended> {
  const command = startLink(name, args);
  command.stdin.end(input);
  return command.ended;
}

/** Starts another program. */
export function startProgram(program: string, args: readonly string[]): RunningCommand {
  return new RunningCommand(program, args);
}

/** Starts `busbar broker` on a free port, without a data directory unless one is given, and waits until it is ready. */
export async function startBroker(...args: readonly string[]): Promise<{ command: RunningCommand; port: string }> {
  const command = startBusbar([
    'broker',
    '--port',
    '0',
    ...(args.includes('--data') ? [] : ['--data', 'memory']),
    ...args,
  ]);
  const [, port = ''] = await command.untilStdout(/ready on mqtt:\/\/\S+:(\d+)/);
  return { command, port };
}

/** Whether a program is installed. */
export function isInstalled(program: string): boolean {
  const { PATH: folders = '' } = process.env;
  return [...folders.split(path.delimiter), '/usr/sbin'].some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
