/**
 * `npm run bench`: sets up, gets the brokers that ours is compared with, and runs them side by side.
 *
 *     npm run bench -- --quick
 *     npm run bench -- --broker nanomq='nanomq start --url nmq-tcp://127.0.0.1:{port}'
 *
 * The load comes from another process, so that it can have a processor of its own from its start.
 */

import { spawn } from 'node:child_process';
import path from 'node:path';
import { installPeer } from '../scripts/peers.mjs';
import { ROOT, SetUpError } from '../scripts/run.mjs';
import { setUp } from '../scripts/setup.mjs';
import { processors, withProcessor } from './side-by-side/processors.mjs';
import { HELP, readSettings, UsageError } from './side-by-side/settings.mjs';

try {
  const settings = readSettings(process.argv.slice(2));
  if (settings.help) process.stdout.write(HELP);
  else process.exitCode = await runBrokers();
} catch (error) {
  if (!(error instanceof SetUpError) && !(error instanceof UsageError)) throw error;
  process.stderr.write(`busbar: ${error.message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

/** @returns {Promise<number>} The exit code. */
async function runBrokers() {
  await setUp();
  const obstacle = await installPeer('mosquitto');
  if (obstacle !== undefined) process.stderr.write(`busbar: Mosquitto is left out: not installed (${obstacle})\n`);
  const { load, obstacle: why } = processors();
  if (why !== undefined) process.stderr.write(`busbar: brokers and load share their processors: ${why}\n`);
  const script = path.join(ROOT, 'bench/side-by-side/run.mjs');
  const [command, ...args] = withProcessor(load, [process.execPath, script, ...process.argv.slice(2)]);
  const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit' });
  // A terminal sends its SIGINT to both of us; what is sent to us alone is passed on.
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  return await new Promise((resolve) => {
    child.on('error', () => resolve(127));
    child.on('close', (code) => resolve(code ?? 128));
  });
}
