import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { ClientError } from '../errors.ts';

/** Files that this process has locked: its own process number says nothing about them. */
const lockedHere = new Set<string>();

/**
 * Keeps a second process away from a file, by a file beside it with the number of the process that has it. One that a crash
 * has left is taken over.
 */
export class FileLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @throws {ClientError} `store-in-use`: another process, or this one, has it. */
  static async take(file: string): Promise<FileLock> {
    const path = `${file}.lock`;
    if (lockedHere.has(path)) throw inUse(file, process.pid);
    lockedHere.add(path);
    try {
      await claim(file, path);
    } catch (error) {
      lockedHere.delete(path);
      throw error;
    }
    return new FileLock(path);
  }

  async release(): Promise<void> {
    lockedHere.delete(this.#path);
    await rm(this.#path, { force: true });
  }
}

async function claim(file: string, path: string): Promise<void> {
  const mark = `${process.pid} ${hostname()}\n`;
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await writeFile(path, mark, { flag: 'wx' });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const [pid, host] = (await readFile(path, 'utf8').catch(() => '')).trim().split(' ');
    const isHeld = host === hostname() && Number(pid) !== process.pid && isAlive(Number(pid));
    if (isHeld || (host !== undefined && host !== hostname())) throw inUse(file, Number(pid));
    await rm(path, { force: true });
  }
  throw inUse(file, 0);
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function inUse(file: string, pid: number): ClientError {
  return new ClientError('store-in-use', `process ${pid} has the store '${file}' open`);
}
