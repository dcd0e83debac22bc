import { access, chown, constants, link, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DATA_FILE } from './lmdb-disk.ts';

const LOCK_FILE = `${DATA_FILE}-lock`;
/** What LMDB makes of it: its own row, and one for each of 126 readers. */
const BYTE_LENGTH = 8272;

/**
 * Makes the file in which LMDB notes who reads, where there is none, and sees that it can be written. LMDB writes to it as to
 * memory, and so ends the process where it may not, or where the disk has no room for it.
 *
 * @throws {Error} The operating system's: no room, or the file is another user's.
 */
export async function prepareLockFile(directory: string): Promise<void> {
  await makeLockFile(directory);
  await access(path.join(directory, LOCK_FILE), constants.R_OK | constants.W_OK);
}

/** For somebody who only reads, who may do without it where he may not write. @throws {Error} The disk has no room. */
export async function prepareLockFileToRead(directory: string): Promise<void> {
  try {
    await makeLockFile(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') throw error;
  }
}

/** Under a name of its own first: another process may make it at the same time, and must not see half of it. */
async function makeLockFile(directory: string): Promise<void> {
  const file = path.join(directory, LOCK_FILE);
  if ((await stat(file).catch(() => undefined)) !== undefined) return;
  const own = `${file}.${process.pid}.${Math.random().toString(36).slice(2, 8)}`;
  try {
    await writeFile(own, new Uint8Array(BYTE_LENGTH), { flag: 'wx', mode: 0o600 });
    await giveToOwnerOf(path.join(directory, DATA_FILE), own);
    await link(own, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(own, { force: true });
  }
}

/** What the administrator's process makes beside a broker's data is the broker's to write. */
export async function giveToOwnerOf(file: string, made: string): Promise<void> {
  const owner = await stat(file).catch(() => undefined);
  if (owner !== undefined && owner.uid !== process.getuid?.()) await chown(made, owner.uid, owner.gid).catch(() => {});
}
