import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { ClientError } from '../errors.ts';

/** Files that this thread has locked. */
const lockedHere = new Set<string>();
/** How often the holder shows that it lives, and after how long a silence it does not. */
const BEAT_MS = 4_000;
const SILENT_MS = 15_000;
const POLL_MS = 500;
/** For those who find that another one removes what a crash has left, which takes no longer. */
const SHORT_POLL_MS = 10;
const ANOTHER = 'another process';
const MARK = `${process.pid} ${hostname()}\n`;

/**
 * Keeps a second process away from a file, by a file beside it with the number of the process that has it, which that process
 * touches every four seconds. What a crash has left is taken over: at once when its process is gone from this machine, and
 * after fifteen seconds of silence when nobody here can tell, as with a container that was replaced.
 */
export class FileLock {
  readonly #file: string;
  readonly #path: string;
  readonly #beat: NodeJS.Timeout;
  /** When this side has last shown that it lives. */
  #shownAt = performance.now();

  private constructor(file: string, path: string) {
    this.#file = file;
    this.#path = path;
    this.#beat = setInterval(() => this.#show(), BEAT_MS).unref();
  }

  /**
   * @param file Its absolute path.
   * @throws {ClientError} `store-in-use`: another process, or this one, has it.
   */
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
    return new FileLock(file, path);
  }

  /**
   * To be called before each change of the file: whoever was stopped for so long that it counted as gone may have lost it.
   *
   * @throws {ClientError} `store-in-use`: another process has taken it over.
   */
  async confirm(): Promise<void> {
    if (performance.now() - this.#shownAt < SILENT_MS) return;
    await this.#show(); // first, so that nobody takes it over behind the look at it
    const holder = await holderOf(this.#path);
    if (!holder?.isMarkedHere) throw inUse(this.#file, holder?.name ?? ANOTHER);
  }

  async release(): Promise<void> {
    clearInterval(this.#beat);
    const holder = await holderOf(this.#path);
    if (holder?.isMarkedHere) await rm(this.#path, { force: true });
    lockedHere.delete(this.#path); // last, or the next one's lock would be removed
  }

  async #show(): Promise<void> {
    const now = new Date();
    const isShown = await utimes(this.#path, now, now).then(
      () => true,
      () => false,
    );
    if (isShown) this.#shownAt = performance.now();
  }
}

async function claim(file: string, path: string): Promise<void> {
  const deadline = performance.now() + SILENT_MS + BEAT_MS;
  while (!(await isMade(path))) {
    const holder = await holderOf(path);
    if (performance.now() > deadline) throw inUse(file, holder?.name ?? ANOTHER);
    if (holder === undefined) continue; // released meanwhile
    if (holder.isGone) await removeGone(path);
    else if (holder.isHere) throw inUse(file, holder.name);
    else await pause(POLL_MS);
  }
}

/** Makes a file with this process's mark. @returns False: there is one. */
async function isMade(path: string): Promise<boolean> {
  try {
    await writeFile(path, MARK, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** One at a time removes it, looking again: of two who have found it, the second would remove what the first makes then. */
async function removeGone(path: string): Promise<void> {
  const turn = `${path}.over`;
  if (!(await isMade(turn))) {
    const other = await holderOf(turn);
    if (other?.isGone) await rm(turn, { force: true });
    else await pause(SHORT_POLL_MS);
    return;
  }
  try {
    const holder = await holderOf(path);
    if (holder?.isGone) await rm(path, { force: true });
  } finally {
    await rm(turn, { force: true });
  }
}

interface Holder {
  /** Known to live on this machine; neither this nor gone as long as it is not silent for long enough. */
  readonly isHere: boolean;
  readonly isGone: boolean;
  /** Whether it carries the mark of this process. */
  readonly isMarkedHere: boolean;
  readonly name: string;
}

/** Who has the lock; undefined when there is none. */
async function holderOf(path: string): Promise<Holder | undefined> {
  const touchedAt = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
  if (touchedAt === undefined) return undefined;
  const text = await readFile(path, 'utf8').catch(() => '');
  const [pid = '', host = ''] = text.trim().split(' ');
  const isSilent = Date.now() - touchedAt > SILENT_MS;
  const isThisMachine = host === hostname();
  const isOver = isThisMachine && !isHeld(Number(pid), touchedAt);
  return {
    isGone: isSilent || isOver,
    isHere: isThisMachine && !isOver,
    isMarkedHere: text === MARK,
    name: `process ${pid} on ${host}`,
  };
}

/** This process's own number is another thread's when the file was touched in this process's time, else an earlier process's. */
function isHeld(pid: number, touchedAt: number): boolean {
  if (pid !== process.pid) return isAlive(pid);
  const now = Date.now();
  return touchedAt >= now - process.uptime() * 1_000 && touchedAt < now + BEAT_MS;
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function inUse(file: string, holder: string): ClientError {
  return new ClientError('store-in-use', `${holder} has the store '${file}' open`);
}
