/**
 * `npm start`: sets up, then becomes `busbar start` with the arguments given after `--`.
 *
 * The command runs in this very process: it has the terminal, gets the signals, and its exit code is ours.
 */

import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, SetUpError } from './run.mjs';
import { setUp } from './setup.mjs';

try {
  await setUp();
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  process.stderr.write(`busbar: ${error.message}\n`);
  process.exit(1);
}

// npm does not pass SIGTERM on through the shell it starts us with; without this, `kill <npm>` leaves us running.
if (process.env.npm_lifecycle_event !== undefined) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  watch.unref();
}

const launcher = path.join(ROOT, 'packages/cli/bin/busbar.js');
process.argv = [process.execPath, launcher, 'start', ...process.argv.slice(2)];
await import(pathToFileURL(launcher).href);
