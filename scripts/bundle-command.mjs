/**
 * Puts the modules of the command, and of the codec that its quick tools need, into a few files: Node spends more time on
 * finding and reading sixty small modules than `busbar pub` does on its message.
 *
 *     tsc -b && node scripts/bundle-command.mjs
 *
 * The launcher takes the bundle when it is as new as the build, and the build's own files otherwise, so that `tsc -b` alone is
 * enough to work.
 */

import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './run.mjs';

const FOLDER = path.join(ROOT, 'packages/cli/dist/bundle');

/** Writes packages/cli/dist/bundle anew. */
export async function bundleCommand() {
  const { rolldown } = await import('rolldown');
  const build = await rolldown({
    input: { main: path.join(ROOT, 'packages/cli/dist/main.js') },
    platform: 'node',
    external: (id) => !/^[./]/.test(id) && id !== '@busbar/codec',
  });
  rmSync(FOLDER, { recursive: true, force: true });
  await build.write({ dir: FOLDER, format: 'esm', chunkFileNames: '[name].js' });
  await build.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!existsSync(path.join(ROOT, 'packages/cli/dist/main.js'))) throw new Error('run tsc -b first');
  await bundleCommand();
}
