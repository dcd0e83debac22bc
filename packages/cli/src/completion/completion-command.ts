import { type CommandDefinition, type CommandDescription, defineCommand } from '../command/definition.ts';
import { noneOf } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';
import { renderCompletion, SHELLS } from './render-completion.ts';

/**
 * `busbar completion`: prints what a shell needs to complete commands and options.
 *
 * @param describeAll Loads the descriptions of all commands.
 */
export function createCompletionCommand(describeAll: () => Promise<readonly CommandDescription[]>): CommandDefinition {
  return defineCommand({
    name: 'completion',
    summary: 'print the completion for bash, zsh or fish',
    description: 'Prints a script with which a shell completes the commands, their options and the values of these.',
    helpFlags: '-h, --help',
    usageExitCode: ExitCode.usage,
    options: {},
    words: { usage: '<bash|zsh|fish>', minimum: 1, maximum: 1 },
    examples: [
      {
        line: 'busbar completion bash > ~/.local/share/bash-completion/completions/busbar',
        what: 'bash, from the next shell on',
      },
      { line: 'busbar completion zsh > ~/.zfunc/_busbar', what: 'zsh, with ~/.zfunc among its fpath' },
      { line: 'busbar completion fish > ~/.config/fish/completions/busbar.fish', what: 'fish' },
    ],
    async run(_, [given = '']) {
      const shell = SHELLS.find((each) => each === given);
      if (shell === undefined) throw noneOf(SHELLS, given);
      const { completedCommands } = await import('./completion-words.ts');
      const descriptions = await describeAll();
      process.stdout.write(renderCompletion(shell, completedCommands(descriptions)));
      return ExitCode.success;
    },
  });
}
