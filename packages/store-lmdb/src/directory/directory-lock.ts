import { createHash } from 'node:crypto';
import { link, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StoreError } from '../store-error.ts';

const LOCK_NAME = 'busbar.lock';
/** Paths of Unix sockets may have 107 bytes on Linux, 103 elsewhere. */
const LONGEST_PATH = 100;
const ANSWER_WITHIN_MS = 500;
/** Longer than it takes to find that nobody listens and to take the lock away. */
const SETTLE_MS = 50;

/** A directory that is this process's alone, until {@link DirectoryLock.release} or the end of the process. */
export interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * Takes a directory for this process. Who holds it listens on a Unix socket in it, and tells whoever connects its process
 * identifier; when its process is gone, however it went, nobody listens, and the kernel knows that at once. That holds across
 * containers that share the directory, where process identifiers say nothing.
 *
 * @throws {StoreError} `store-in-use`: somebody else has it; the message says who.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const place = await placeOf(directory);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(`${process.pid}\n`);
  });
  server.unref();
  try {
    await claim(server, place, directory);
  } catch (error) {
    server.close();
    await place.done();
    throw error;
  }
  return {
    async release() {
      await new Promise((resolve) => server.close(resolve));
      if (place.isFile) await rm(place.path, { force: true });
      await place.done();
    },
  };
}

/** Where the socket lies. */
interface Place {
  readonly path: string;
  /** Whether it stays behind when its process is gone. */
  readonly isFile: boolean;
  done(): Promise<void>;
}

async function placeOf(directory: string): Promise<Place> {
  const done = async () => {};
  const real = await realpath(directory);
  if (process.platform === 'win32') return { path: `\\\\.\\pipe\\busbar-${hashOf(real)}`, isFile: false, done };
  const plain = path.join(real, LOCK_NAME);
  if (Buffer.byteLength(plain) <= LONGEST_PATH) return { path: plain, isFile: true, done };
  if (process.platform !== 'linux') return { path: path.join(tmpdir(), `busbar-${hashOf(real)}`), isFile: true, done };
  // The same file under a short name.
  const handle = await open(real);
  return { path: `/proc/self/fd/${handle.fd}/${LOCK_NAME}`, isFile: true, done: () => handle.close() };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Listens under a name of its own first: the name of the lock is taken by a link, which succeeds for one only. */
async function claim(server: Server, place: Place, directory: string): Promise<void> {
  if (!place.isFile) {
    await listen(server, place.path).catch((error) => refuse(error, place, directory));
    return;
  }
  const own = `${place.path}.${process.pid}.${Math.random().toString(36).slice(2, 8)}`;
  try {
    await listen(server, own);
    for (let attempt = 0; attempt < 5; attempt++) {
      if (await linkTo(own, place.path)) {
        // Whoever found the same lock without a process may be about to take it away, and then finds this one.
        if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
        if (attempt === 0 || (await isSame(own, place.path))) return;
      }
      const stale = await stat(place.path).catch(() => undefined);
      const holder = await holderOf(place.path);
      if (holder !== undefined) throw inUse(directory, holder);
      await removeStale(place.path, stale?.ino);
    }
    throw inUse(directory, 'unknown');
  } finally {
    await rm(own, { force: true });
  }
}

async function refuse(error: unknown, place: Place, directory: string): Promise<never> {
  const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  throw isTaken ? inUse(directory, (await holderOf(place.path)) ?? 'unknown') : error;
}

function listen(server: Server, at: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function linkTo(own: string, name: string): Promise<boolean> {
  try {
    await link(own, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isSame(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((name) => stat(name).catch(() => undefined)));
  return first !== undefined && first.ino === second?.ino;
}

/** The process that listens: its identifier, `unknown` when it does not say; undefined when nobody does. */
function holderOf(at: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = '';
    const socket = createConnection(at);
    const finish = (holder: string | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(holder);
    };
    // Connected to a process that is too busy, or stopped, to answer.
    const timer = setTimeout(() => finish('unknown'), ANSWER_WITHIN_MS);
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      said += text;
    });
    socket.on('end', () => finish(said.trim() || 'unknown'));
    socket.on('error', () => finish(undefined));
  });
}

/**
 * Takes a lock away whose process is gone. Two may try that at once: what was taken away is looked at again, and put back if it
 * was another's by then.
 */
async function removeStale(name: string, inode: number | undefined): Promise<void> {
  const found = await stat(name).catch(() => undefined);
  if (found?.ino !== inode) return;
  const aside = `${name}.stale.${process.pid}.${Math.random().toString(36).slice(2, 8)}`;
  try {
    await rename(name, aside);
  } catch {
    return;
  }
  if ((await holderOf(aside)) !== undefined) await linkTo(aside, name).catch(() => false);
  await rm(aside, { force: true });
}

function inUse(directory: string, holder: string): StoreError {
  const who = holder === 'unknown' ? 'another process' : `process ${holder}`;
  return new StoreError('store-in-use', `the data directory ${directory} is in use by ${who}`);
}

/** Whether a broker has the directory now, and which process it is. */
export async function findHolder(directory: string): Promise<string | undefined> {
  const place = await placeOf(directory);
  try {
    if (place.isFile && (await stat(place.path).catch(() => undefined)) === undefined) return undefined;
    return await holderOf(place.path);
  } finally {
    await place.done();
  }
}
