import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/commands.ts';
import { completedCommands } from '../../src/completion/completion-words.ts';
import { renderCompletion, SHELLS } from '../../src/completion/render-completion.ts';
import { runInProcess } from '../support/in-process.ts';
import { isInstalled } from '../support/running-command.ts';

async function scriptFor(shell: (typeof SHELLS)[number]): Promise<string> {
  const descriptions = await Promise.all(COMMANDS.map(({ load }) => load()));
  return renderCompletion(shell, completedCommands(descriptions));
}

describe.skipIf(!isInstalled('bash'))('bash completes', () => {
  async function complete(...words: readonly string[]): Promise<string[]> {
    const program = `${await scriptFor('bash')}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
${words[0] === 'busbar' ? '_busbar' : `_busbar_link ${words[0]}`}; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const output = execFileSync('bash', ['-c', program], { cwd: import.meta.dirname }).toString();
    return output.split('\n').filter((line) => line !== '');
  }

  test.each([
    [['busbar', 'pu'], ['pub']],
    [
      ['busbar', 'sub', '--retain-'],
      ['--retain-as-published', '--retain-handling'],
    ],
    [
      ['busbar', 'sub', '--retain-handling', ''],
      ['always', 'new', 'never'],
    ],
    [
      ['busbar', 'pub', '-q', ''],
      ['0', '1', '2'],
    ],
    [['busbar', 'pub', '-m', ''], []],
    [['busbar', 'pub', '--cafile', 'completion.t'], ['completion.test.ts']],
    [['busbar', '--profile', 'plant1', 'rep'], ['replay']],
    [['mosquitto_sub', '--filter'], ['--filter-out']],
  ])('%j: %j', async (words, expected) => {
    expect(await complete(...words)).toEqual(expected);
  });
});

test.each(SHELLS)('%s: every command and every long option is in the script, and it is well-formed', async (shell) => {
  const script = await scriptFor(shell);
  for (const { load } of COMMANDS) {
    const { name, options } = await load();
    expect(script).toContain(name);
    for (const { flags } of Object.values(options)) {
      for (const flag of flags.split(', '))
        expect(script).toContain(shell === 'fish' ? flag.replace(/^--?/, '') : flag);
    }
  }
  if (isInstalled(shell)) execFileSync(shell, ['-n'], { input: script });
});

test('another shell: one line, exit code 2', async () => {
  expect(await runInProcess(['completion', 'csh'])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: "Error: expected bash, zsh or fish, not 'csh' (see 'busbar completion --help')\n",
  });
});
