/** Runs a test in its long form, for `npm run test:chaos`, `test:crash` and `test:storm`. */

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT, SetUpError } from './run.mjs';
import { setUp } from './setup.mjs';

/**
 * Sets up, runs the tests of a folder to their end, and makes their exit code this program's.
 * @param {string} folder
 * @param {{ env: Record<string, string>, headline?: string }} form `env` says how long it is; the headline is written before it.
 */
export async function runLongTest(folder, { env, headline }) {
  try {
    await setUp();
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    process.stderr.write(`busbar: ${error.message}\n`);
    process.exitCode = 1;
    return;
  }
  if (headline !== undefined) process.stdout.write(`${headline}\n`);
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
  const options = { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } };
  process.exitCode = spawnSync(process.execPath, [vitest, 'run', folder], options).status ?? 1;
}
