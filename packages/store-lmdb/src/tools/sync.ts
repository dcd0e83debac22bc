import { open } from 'node:fs/promises';

/** What a file holds, or a directory lists, is on the disk afterwards. */
export async function sync(name: string): Promise<void> {
  const handle = await open(name);
  await handle.sync();
  await handle.close();
}
