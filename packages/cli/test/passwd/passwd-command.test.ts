import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runInProcess } from '../support/in-process.ts';
import { runBusbar } from '../support/running-command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'busbar-passwd-'));
const file = path.join(folder, 'passwd');
afterAll(() => rmSync(folder, { recursive: true }));

const hasMosquitto = spawnSync('mosquitto_passwd', ['--help']).error === undefined;

async function knows(user: string, password: string): Promise<boolean> {
  const { exitCode } = await runInProcess(['explain', 'connect', '--passwords', file, '-u', user, '-P', password]);
  return exitCode === 0;
}

test('users are added, changed and removed; the file is its owner’s alone', async () => {
  expect(await runInProcess(['passwd', '-c', '-b', file, 'ann', 'one'])).toMatchObject({ exitCode: 0 });
  expect(await runInProcess(['passwd', '-H', 'scrypt', '-b', file, 'bob', 'two'])).toMatchObject({ exitCode: 0 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await knows('ann', 'one')).toBe(true);
  expect(await knows('bob', 'two')).toBe(true);
  await runInProcess(['passwd', '-b', file, 'ann', 'three']);
  expect([await knows('ann', 'one'), await knows('ann', 'three')]).toEqual([false, true]);
  await runInProcess(['passwd', '-D', file, 'ann']);
  expect(await knows('ann', 'three')).toBe(false);
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(1);
});

test('the password is read from stdin where nobody types it', async () => {
  const { exitCode } = await runBusbar(['passwd', '-c', '-H', 'sha512', file, 'eve'], 'söcret\nnot this\n');
  expect(exitCode).toBe(0);
  expect(await knows('eve', 'söcret')).toBe(true);
});

test('plain passwords of an old file are hashed', async () => {
  writeFileSync(file, '# users\nann:plain text\n');
  await runInProcess(['passwd', '-U', '-H', 'sha512-pbkdf2', file]);
  expect(readFileSync(file, 'utf8')).toMatch(/^# users\nann:\$7\$210000\$/);
  expect(await knows('ann', 'plain text')).toBe(true);
});

test.skipIf(!hasMosquitto)('Debian’s mosquitto_passwd goes on with a file of ours', async () => {
  await runInProcess(['passwd', '-c', '-H', 'sha512-pbkdf2', '-I', '101', '-b', file, 'ann', 'one']);
  expect(spawnSync('mosquitto_passwd', ['-b', file, 'bob', 'two']).status).toBe(0);
  expect([await knows('ann', 'one'), await knows('bob', 'two')]).toEqual([true, true]);
});

test.each([
  [['passwd'], 2],
  [['passwd', 'f'], 2],
  [['passwd', 'f', 'a:b'], 2],
  [['passwd', '-b', 'f', 'ann'], 2],
  [['passwd', 'f', 'ann', 'secret'], 2],
  [['passwd', '-b', '/does/not/exist', 'ann', 'x'], 1],
  [['passwd', '-H', 'md5', 'f', 'ann'], 2],
])('%j ends with %i', async (words, exitCode) => {
  expect((await runInProcess(words)).exitCode).toBe(exitCode);
});
