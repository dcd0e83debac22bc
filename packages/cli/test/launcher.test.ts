import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { COMMANDS } from '../src/commands.ts';
import { runInProcess } from './support/in-process.ts';
import { LAUNCHER, runBusbar, startProgram } from './support/running-command.ts';

const NAMES = COMMANDS.map(({ name }) => name).join(', ');

test('without a build, one line says what to do', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-unbuilt-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(path.join(folder, 'bin'));
  const launcher = path.join(folder, 'bin', 'busbar.mjs');
  cpSync(LAUNCHER, launcher);
  const { exitCode, stdout, stderr } = await startProgram(process.execPath, [launcher, 'broker']).ended;
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'busbar is not built yet: run npm run build first\n',
  });
});

test.skipIf(!existsSync('/dev/full'))(
  'a disk that is full is an error, also of a command that has done its work',
  async () => {
    for (const words of ['--help', 'config schema', 'completion bash']) {
      const shell = startProgram('sh', ['-c', `"${process.execPath}" "${LAUNCHER}" ${words} >/dev/full`]);
      const { exitCode, stderr } = await shell.ended;
      expect({ exitCode, stderr }).toEqual({
        exitCode: 1,
        stderr: 'Error: cannot write to stdout: ENOSPC: no space left on device, write\n',
      });
    }
  },
);

test('--version', async () => {
  expect(await runBusbar(['--version'])).toMatchObject({ exitCode: 0, stdout: 'busbar 0.1.0\n', stderr: '' });
});

test('--help, help, and nothing at all', async () => {
  const { exitCode, stdout } = await runInProcess(['--help']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('Usage: busbar <command> [options]');
  expect(stdout).toMatch(/\n {2}start +run a broker and a simulated bottling line to look at\n/);
  expect(await runInProcess(['help'])).toEqual({ exitCode: 0, stdout, stderr: '' });
  expect(await runInProcess([])).toEqual({ exitCode: 2, stdout: '', stderr: stdout });
});

test.each([
  ['pub', '--help'],
  ['help', 'pub'],
])('%s %s', async (...args) => {
  const { exitCode, stdout, stderr } = await runInProcess(args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toContain('Usage: busbar pub [options]');
});

test('a command that does not exist', async () => {
  expect(await runInProcess(['serve'])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `Error: 'serve' is not a busbar command; the commands are ${NAMES} (see 'busbar --help')\n`,
  });
});
