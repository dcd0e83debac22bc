import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { runInProcess } from '../support/in-process.ts';
import { runBusbar, startBroker } from '../support/running-command.ts';

vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let data: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'busbar-data-'));
  data = path.join(folder, 'data');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

/** A broker that has kept one retained message, and runs. */
async function runningBroker() {
  const { command, port } = await startBroker('--data', data);
  const { exitCode } = await runBusbar(['pub', '-p', port, '-t', 'line/state', '-m', 'running', '-q', '1', '-r']);
  expect(exitCode).toBe(0);
  return { command, port };
}

test('the data of a broker that was killed is sound, and the next one has it', async () => {
  const { command } = await runningBroker();
  command.kill('SIGKILL');
  await command.ended;
  const check = await runBusbar(['store', 'check', '--data', data]);
  expect(check).toMatchObject({ exitCode: 0, stderr: '' });
  expect(check.stdout).toMatch(/data: ok, 0 sessions, .* 1 retained/);

  const { port } = await startBroker('--data', data);
  const { stdout } = await runBusbar(['sub', '-p', port, '-t', 'line/#', '-C', '1']);
  expect(stdout).toBe('running\n');
});

test('a second broker on the same data says who has it', async () => {
  const { command } = await runningBroker();
  const { exitCode, stderr } = await runBusbar(['broker', '--port', '0', '--data', data]);
  expect(exitCode).toBe(1);
  expect(stderr).toBe(
    `Error: the data directory ${data} is in use by process ${command.pid}: give this broker another one with --data, or --data memory\n`,
  );
});

test('a dump of a running broker makes the same data elsewhere', async () => {
  await runningBroker();
  const file = path.join(folder, 'backup.jsonl');
  const dump = await runBusbar(['store', 'dump', '--data', data, '--file', file]);
  expect(dump.exitCode).toBe(0);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const other = path.join(folder, 'other');
  const restored = await runBusbar(['store', 'restore', '--data', other], readFileSync(file));
  expect(restored).toMatchObject({ exitCode: 0, stderr: '' });
  const again = await runBusbar(['store', 'dump', '--data', other]);
  expect(again.stdout).toBe(readFileSync(file, 'utf8'));
  const stats = await runBusbar(['store', 'stats', '--data', other, '--json']);
  expect(JSON.parse(stats.stdout)).toMatchObject({ queued: 0, rows: { sessions: 0, retained: 1 } });
  expect((await runBusbar(['store', 'compact', '--data', other])).stdout).toMatch(/\d+ bytes before, \d+ now\n/);
});

test('says in one line what it cannot do', async () => {
  expect(await runInProcess(['store', 'check', '--data', data])).toMatchObject({
    exitCode: 1,
    stderr: `Error: there is no store in ${data}\n`,
  });
  expect(await runInProcess(['store', 'mend'])).toMatchObject({
    exitCode: 2,
    stderr: "Error: expected check, dump, restore, stats or compact, not 'mend' (see 'busbar store --help')\n",
  });
});

test('says in one line which file of a dump cannot be opened, read or written', async () => {
  const { command } = await runningBroker();
  command.kill('SIGTERM');
  await command.ended;
  const taken = path.join(folder, 'taken');
  writeFileSync(taken, '');
  expect(await runBusbar(['store', 'dump', '--data', data, '--file', taken])).toMatchObject({
    exitCode: 1,
    stderr: `Error: EEXIST: file already exists, open '${taken}'\n`,
  });
  const missing = path.join(folder, 'missing');
  expect(await runBusbar(['store', 'restore', '--data', path.join(folder, 'new'), '--file', missing])).toMatchObject({
    exitCode: 1,
    stderr: `Error: ENOENT: no such file or directory, open '${missing}'\n`,
  });
  expect(await runBusbar(['store', 'restore', '--data', path.join(folder, 'new'), '--file', folder])).toMatchObject({
    exitCode: 1,
    stderr: 'Error: EISDIR: illegal operation on a directory, read\n',
  });
});

test('of a dump that fails there is no file', async () => {
  const file = path.join(folder, 'backup.jsonl');
  mkdirSync(data);
  expect((await runBusbar(['store', 'dump', '--data', data, '--file', file])).exitCode).toBe(1);
  expect(existsSync(file)).toBe(false);
});
