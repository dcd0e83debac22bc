/**
 * `npm run test:storm`: kills a real broker under ten thousand clients, and waits until all are back.
 *
 *     npm run test:storm -- [clients] [FILE.svg]
 */

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT, SetUpError } from './run.mjs';
import { setUp } from './setup.mjs';

const [clients = '10000', chart] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(clients)) {
  process.stderr.write('expected: npm run test:storm -- [clients] [FILE.svg]\n');
  process.exit(2);
}
try {
  await setUp();
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  process.stderr.write(`busbar: ${error.message}\n`);
  process.exit(1);
}
const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/storm'], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, STORM_CLIENTS: clients, ...(chart === undefined ? {} : { STORM_CHART: path.resolve(chart) }) },
});
process.exitCode = status ?? 1;
