import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleCommand } from '../../../../scripts/bundle-command.mjs';
import { RecordingServer } from '../mosquitto/recording-server.ts';
import { LAUNCHER } from '../support/running-command.ts';

/**
 * What makes a start slow is what is loaded, and that is the same on every machine at any time: with 20 files of 177 kB, and nine of
 * Node's own modules more than `node -e 0` has, `busbar pub` takes 77 ms where `node -e 0` takes 33.
 */
const MOST = { files: 24, bytes: 200_000, builtins: 14 };
/** Writes down how many of Node's own modules there are at the end. */
const COUNT = `import { writeFileSync } from 'node:fs';
process.on('exit', () => {
  const names = process.moduleLoadList.filter((name) => name.startsWith('NativeModule'));
  writeFileSync(process.env.COUNT_FILE, String(names.length));
});`;

let server: RecordingServer;
let folder: string;

beforeAll(async () => {
  await bundleCommand();
  server = await RecordingServer.open();
  folder = mkdtempSync(path.join(tmpdir(), 'busbar-start-up-'));
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.close();
});

/** Runs Node and tells what it has loaded: the engine writes down every script that it has seen. */
async function loadedBy(name: string, args: readonly string[]) {
  const coverage = path.join(folder, name);
  const countFile = path.join(folder, `${name}.count`);
  const PATH = process.env['PATH'] ?? '';
  const env = { PATH, HOME: '/nonexistent', NODE_V8_COVERAGE: coverage, COUNT_FILE: countFile };
  const preload = `data:text/javascript,${encodeURIComponent(COUNT)}`;
  // A pipe instead of a terminal or a file would have Node load what it needs for pipes.
  const child = spawn(process.execPath, ['--import', preload, ...args], { env, stdio: 'ignore' });
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
  const scripts = readdirSync(coverage).flatMap((file): string[] =>
    JSON.parse(readFileSync(path.join(coverage, file), 'utf8')).result.map(({ url }: { url: string }) => url),
  );
  const files = scripts.filter((url) => url.startsWith('file:'));
  const bytes = files.reduce((sum, url) => sum + statSync(new URL(url)).size, 0);
  return { files: files.length, bytes, builtins: Number(readFileSync(countFile, 'utf8')) };
}

test('busbar pub has loaded little more than `node -e 0` when it is done', async () => {
  const node = await loadedBy('node', ['-e', '0']);
  const pub = ['pub', '-h', '127.0.0.1', '-p', server.port, '-t', 'a', '-m', 'x'];
  const busbar = await loadedBy('pub', [LAUNCHER, ...pub]);
  expect(busbar.files).toBeGreaterThan(1);
  expect(busbar.files).toBeLessThanOrEqual(MOST.files);
  expect(busbar.bytes).toBeLessThanOrEqual(MOST.bytes);
  expect(busbar.builtins - node.builtins).toBeLessThanOrEqual(MOST.builtins);
}, 60_000);
