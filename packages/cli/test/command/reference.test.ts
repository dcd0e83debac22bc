import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderReference } from '../../src/command/reference.ts';
import { COMMANDS } from '../../src/commands.ts';
import { ExitCode } from '../../src/exit-code.ts';

function readPage(name: string): string {
  return readFileSync(new URL(`../../../../docs/reference/${name}`, import.meta.url), 'utf8');
}

test('docs/reference/cli.md is what the definitions say (node scripts/generate-cli-reference.mjs writes it)', async () => {
  const definitions = await Promise.all(COMMANDS.map(({ load }) => load()));
  expect(readPage('cli.md')).toBe(renderReference(definitions));
});

test('every command is listed with the name and the summary that it has', async () => {
  for (const { name, summary, load } of COMMANDS) {
    expect(await load()).toMatchObject({ name, summary });
  }
});

test('docs/reference/exit-codes.md tells every exit code', () => {
  const page = readPage('exit-codes.md');
  for (const code of Object.values(ExitCode)) expect(page).toContain(`| ${code} |`);
});
