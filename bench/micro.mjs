/**
 * `npm run bench:micro`: sets up, then measures the parts of the short road one by one, in a process whose garbage collector
 * can be asked and does not come by itself.
 */

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT, SetUpError } from '../scripts/run.mjs';
import { setUp } from '../scripts/setup.mjs';

/** So much is allocated before the collector comes, and it would make what is allocated look like less. */
const FLAGS = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256'];

try {
  await setUp();
  const script = path.join(ROOT, 'bench/micro/run.mjs');
  const { status } = spawnSync(process.execPath, [...FLAGS, script, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  process.stderr.write(`busbar: ${error.message}\n`);
  process.exitCode = 1;
}
