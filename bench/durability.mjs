/**
 * `npm run bench:durability`: sets up, then compares what acknowledgements cost that survive; see bench/durability/run.mjs.
 */

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT, SetUpError } from '../scripts/run.mjs';
import { setUp } from '../scripts/setup.mjs';

try {
  await setUp();
  const script = path.join(ROOT, 'bench/durability/run.mjs');
  process.exitCode = spawnSync(process.execPath, [script, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1;
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  process.stderr.write(`busbar: ${error.message}\n`);
  process.exitCode = 1;
}
