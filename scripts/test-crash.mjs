/**
 * `npm run test:crash`: the crash test in its long form, with a real broker that is killed 200 times under load.
 *
 *     npm run test:crash -- [rounds] [seed]
 */

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT, SetUpError } from './run.mjs';
import { setUp } from './setup.mjs';

const [rounds = '200', seed = String(Date.now() % 0xffff_ffff)] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(rounds) || !/^\d+$/.test(seed)) {
  process.stderr.write('expected: npm run test:crash -- [rounds] [seed], two whole numbers\n');
  process.exit(2);
}
try {
  await setUp();
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  process.stderr.write(`busbar: ${error.message}\n`);
  process.exit(1);
}
process.stdout.write(`${rounds} rounds, seed ${seed}\n`);
const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/crash'], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, CRASH_ROUNDS: rounds, CRASH_SEED: seed },
});
process.exitCode = status ?? 1;
