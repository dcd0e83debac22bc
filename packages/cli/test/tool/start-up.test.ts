import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleCommand } from '../../../../scripts/bundle-command.mjs';
import { RecordingServer } from '../mosquitto/recording-server.ts';
import { LAUNCHER } from '../support/running-command.ts';

/** 2.3 on a machine at rest: 77 ms, where `node -e 0` takes 33. The budget of 150 ms is 4.5 there; between them is a busy machine. */
const MOST = 3.3;
/** Without what makes Node itself slow to start, such as NODE_EXTRA_CA_CERTS, in which what is ours would be lost. */
const { PATH = '' } = process.env;
const ENVIRONMENT = { PATH, HOME: '/nonexistent' };
const RUNS = 10;

let server: RecordingServer;

beforeAll(async () => {
  await bundleCommand();
  server = await RecordingServer.open();
});

afterAll(() => server.close());

/** The quickest of several runs, in milliseconds: the one that the rest of the machine disturbed least. */
async function quickest(...commands: readonly (readonly string[])[]): Promise<number[]> {
  const best = commands.map(() => Number.POSITIVE_INFINITY);
  for (let run = 0; run < RUNS; run++) {
    for (const [at, args] of commands.entries()) best[at] = Math.min(best[at] ?? 0, await elapsed(args));
  }
  return best;
}

function elapsed(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(process.execPath, args, { stdio: 'ignore', env: ENVIRONMENT });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve(performance.now() - startedAt);
      else reject(new Error(`exit code ${code}`));
    });
  });
}

test('busbar pub is done in little more than the time of `node -e 0`', async () => {
  const pub = [LAUNCHER, 'pub', '-h', '127.0.0.1', '-p', server.port, '-t', 'a', '-m', 'x'];
  const [node = 0, busbar = 0] = await quickest(['-e', '0'], pub);
  expect(busbar / node).toBeLessThan(MOST);
}, 60_000);
