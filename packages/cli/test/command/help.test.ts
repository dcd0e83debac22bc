import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/commands.ts';
import { runInProcess } from '../support/in-process.ts';

test.each(COMMANDS.map(({ name }) => name))(
  'busbar %s --help shows its options, its examples and its notes',
  async (name) => {
    const definition = await COMMANDS.find((each) => each.name === name)?.load();
    const { exitCode, stdout, stderr } = await runInProcess([name, '--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const unwrapped = stdout.replace(/\s+/g, ' ');
    for (const { flags } of Object.values(definition?.options ?? {})) expect(stdout).toContain(flags);
    expect(definition?.examples.length).toBeGreaterThan(0);
    for (const { line, what } of definition?.examples ?? []) expect(stdout).toContain(`  ${line}\n      ${what}\n`);
    for (const note of definition?.notes ?? []) expect(unwrapped).toContain(note.replace(/\s+/g, ' '));
  },
);
