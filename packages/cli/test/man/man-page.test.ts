import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { COMMANDS } from '../../src/commands.ts';
import { runInProcess } from '../support/in-process.ts';
import { isInstalled } from '../support/running-command.ts';

test.skipIf(!isInstalled('man'))('man reads the page of sub, with every option', async () => {
  const { exitCode, stdout } = await runInProcess(['man', 'sub']);
  expect(exitCode).toBe(0);
  const shown = execFileSync('man', ['--warnings', '-P', 'cat', '-l', '-'], {
    input: stdout,
    env: { ...process.env, MANWIDTH: '200', MAN_KEEP_FORMATTING: '' },
    stdio: ['pipe', 'pipe', 'pipe'],
  }).toString();
  const text = shown.replaceAll('‐', '-');
  const sub = await COMMANDS.find(({ name }) => name === 'sub')?.load();
  for (const { flags } of Object.values(sub?.options ?? {})) expect(text).toContain(flags);
});

test('--to writes a page for each command', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-man-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(await runInProcess(['man', '--to', folder])).toMatchObject({ exitCode: 0, stderr: '' });
  expect(readdirSync(folder).sort()).toEqual(['busbar.1', ...COMMANDS.map(({ name }) => `busbar-${name}.1`)].sort());
});

test('options stand under headings, in the help and on the page', async () => {
  const [help, page] = [await runInProcess(['rr', '--help']), await runInProcess(['man', 'rr'])];
  const headings = ['Messages', 'Printing', 'Connection', 'TLS'];
  expect(help.stdout.match(/^\w+(?=:$)/gm)).toEqual([...headings, 'Options', 'Examples']);
  expect(page.stdout.match(/(?<=^\.SS )\w+$/gm)).toEqual([...headings, 'Other']);
});
