import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { ClientError } from '../errors.ts';

/** Files that this process has locked: its own process number says nothing about them. */
const lockedHere = new Set<string>();
/** How often the holder shows that it lives, and after how long a silence it does not. */
const BEAT_MS = 4_000;
const SILENT_MS = 15_000;
const POLL_MS = 500;

/**
 * Keeps a second process away from a file, by a file beside it with the number of the process that has it, which that process
 * touches every four seconds. What a crash has left is taken over: at once when its process is gone from this machine, and
 * after fifteen seconds of silence when nobody here can tell, as with a container that was replaced.
 */
export class FileLock {
  readonly #path: string;
  readonly #beat: NodeJS.Timeout;

  private constructor(path: string) {
    this.#path = path;
    this.#beat = setInterval(() => touch(path), BEAT_MS).unref();
  }

  /** @throws {ClientError} `store-in-use`: another process, or this one, has it. */
  static async take(file: string): Promise<FileLock> {
    const path = `${file}.lock`;
    if (lockedHere.has(path)) throw inUse(file, `this process (${process.pid})`);
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
    clearInterval(this.#beat);
    await rm(this.#path, { force: true });
    lockedHere.delete(this.#path); // last, or the next one's lock would be removed
  }
}

async function claim(file: string, path: string): Promise<void> {
  const mark = `${process.pid} ${hostname()}\n`;
  const deadline = Date.now() + SILENT_MS + BEAT_MS;
  for (;;) {
    try {
      await writeFile(path, mark, { flag: 'wx' });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = await holderOf(path);
    if (holder.isGone) await rm(path, { force: true });
    else if (holder.isHere || Date.now() > deadline) throw inUse(file, holder.name);
    else await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Who has the lock: known to live on this machine, gone, or neither, as long as it is not silent for long enough. */
async function holderOf(path: string): Promise<{ isGone: boolean; isHere: boolean; name: string }> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const touchedAt = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  const [pid = '', host = ''] = text.trim().split(' ');
  const isSilent = Date.now() - touchedAt > SILENT_MS;
  const isThisMachine = host === hostname();
  const isOver = isThisMachine && (Number(pid) === process.pid || !isAlive(Number(pid)));
  return { isGone: isSilent || isOver, isHere: isThisMachine && !isOver, name: `process ${pid} on ${host}` };
}

function touch(path: string): void {
  const now = new Date();
  utimes(path, now, now).catch(() => {});
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

function inUse(file: string, holder: string): ClientError {
  return new ClientError('store-in-use', `${holder} has the store '${file}' open`);
}
