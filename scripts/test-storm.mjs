/**
 * `npm run test:storm`: kills a real broker under ten thousand clients, and waits until all are back.
 *
 *     npm run test:storm -- [clients] [FILE.svg]
 */

import path from 'node:path';
import { runLongTest } from './long-test.mjs';

const [clients = '10000', chart] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(clients)) {
  process.stderr.write('expected: npm run test:storm -- [clients] [FILE.svg]\n');
  process.exit(2);
}
const drawing = chart === undefined ? {} : { STORM_CHART: path.resolve(chart) };
await runLongTest('test/storm', { env: { STORM_CLIENTS: clients, ...drawing } });
