/**
 * `npm run test:crash`: the crash test in its long form, with a real broker that is killed 200 times under load.
 *
 *     npm run test:crash -- [rounds] [seed]
 */

import { runLongTest } from './long-test.mjs';

const [rounds = '200', seed = String(Date.now() % 0xffff_ffff)] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(rounds) || !/^\d+$/.test(seed)) {
  process.stderr.write('expected: npm run test:crash -- [rounds] [seed], two whole numbers\n');
  process.exit(2);
}
const env = { CRASH_ROUNDS: rounds, CRASH_SEED: seed };
await runLongTest('test/crash', { env, headline: `${rounds} rounds, seed ${seed}` });
