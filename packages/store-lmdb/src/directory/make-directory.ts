import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Who may look into it: messages are nobody else's to read. */
const OWNER_ONLY = 0o700;

/**
 * Makes a directory and what is missing above it. Node's own `recursive` tries without end, and keeps the process from ending, where
 * the file system takes no directories and says of them that they are not there, as that of `/proc` does.
 *
 * @throws {Error} The operating system's.
 */
export async function makeDirectory(directory: string): Promise<void> {
  const above = path.dirname(directory);
  try {
    await makeOne(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === directory) throw error;
    await makeDirectory(above);
    await makeOne(directory);
  }
}

/** Content with one that is there, which another process may have made meanwhile. */
async function makeOne(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: OWNER_ONLY });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await stat(directory)).isDirectory()) throw error;
  }
}
