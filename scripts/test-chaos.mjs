/**
 * `npm run test:chaos`: the client over real sockets that are cut at any byte, fall silent and are slow, 500 times, and a device
 * and a broker that are killed again and again.
 *
 *     npm run test:chaos -- [runs] [seed]
 */

import { runLongTest } from './long-test.mjs';

const [runs = '500', seed = String(Date.now() % 0xffff)] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(runs) || !/^\d+$/.test(seed)) {
  process.stderr.write('expected: npm run test:chaos -- [runs] [seed], two whole numbers\n');
  process.exit(2);
}
const kills = String(Math.max(12, Math.floor(Number(runs) / 16) * 2));
const env = { CHAOS_RUNS: runs, CHAOS_SEED: seed, CHAOS_KILLS: kills };
await runLongTest('test/chaos', { env, headline: `${runs} runs, ${kills} kills, seed ${seed}` });
