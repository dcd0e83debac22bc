/**
 * `npm run bench:client`: sets up, then lets our client and MQTT.js publish and receive at the same broker, in turn, each in
 * a process of its own, and compares the messages that a second of its CPU time is worth.
 *
 *     npm run bench:client -- --quick
 *     npm run bench:client -- --memory     (a million messages: does our client's memory stay flat?)
 */

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, SetUpError } from '../scripts/run.mjs';
import { setUp } from '../scripts/setup.mjs';
import { processors, withProcessor } from './side-by-side/processors.mjs';

const OPTIONS = /** @type {const} */ ({
  quick: { type: 'boolean' },
  check: { type: 'boolean' },
  json: { type: 'boolean' },
  broker: { type: 'string' },
  memory: { type: 'boolean' },
});

try {
  const { values } = parseArgs({ options: OPTIONS });
  process.exitCode = await compare(values);
} catch (error) {
  const isUsage = error.code?.startsWith('ERR_PARSE_ARGS');
  if (!(error instanceof SetUpError) && !isUsage) throw error;
  process.stderr.write(`busbar: ${error.message}\n`);
  process.exitCode = isUsage ? 2 : 1;
}

/** @returns {Promise<number>} The exit code. */
async function compare(values) {
  await setUp();
  const { load } = processors();
  const script = path.join(ROOT, 'bench/client/run.mjs');
  const [command, ...args] = withProcessor(load, [process.execPath, script, JSON.stringify(values)]);
  return spawnSync(command, args, { stdio: 'inherit' }).status ?? 1;
}
