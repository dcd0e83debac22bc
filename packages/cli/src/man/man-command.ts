import { WrongUsage } from '../command/command-error.ts';
import { type CommandDefinition, type CommandDescription, defineCommand } from '../command/definition.ts';
import { nearestOf } from '../command/nearest.ts';
import { text } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';

/**
 * `busbar man`: the manual pages, from the same descriptions as the help.
 *
 * @param describeAll Loads the descriptions of all commands.
 */
export function createManCommand(describeAll: () => Promise<readonly CommandDescription[]>): CommandDefinition {
  return defineCommand({
    name: 'man',
    summary: 'print or write the manual pages',
    description:
      'Prints the manual page of a command, or of busbar itself, as man reads it; or writes all of them into a folder.',
    helpFlags: '-h, --help',
    usageExitCode: ExitCode.usage,
    options: {
      to: {
        flags: '--to',
        value: text('folder'),
        description: 'write all pages into this folder, in place of printing one',
      },
    },
    words: { usage: '[command]', minimum: 0, maximum: 1 },
    examples: [
      { line: 'busbar man sub | man -l -', what: 'read the page of sub' },
      { line: 'busbar man --to ~/.local/share/man/man1', what: 'install them all' },
    ],
    async run({ to }, [name]) {
      const { readVersion } = await import('../version.ts');
      const { renderMainPage, renderManPage } = await import('./man-page.ts');
      const version = readVersion();
      const descriptions = await describeAll();
      if (to !== undefined) {
        const { mkdirSync, writeFileSync } = await import('node:fs');
        mkdirSync(to, { recursive: true });
        writeFileSync(`${to}/busbar.1`, renderMainPage(descriptions, version));
        for (const each of descriptions) writeFileSync(`${to}/busbar-${each.name}.1`, renderManPage(each, version));
        process.stdout.write(`${descriptions.length + 1} pages in ${to}\n`);
        return ExitCode.success;
      }
      const description = descriptions.find((each) => each.name === name);
      if (name !== undefined && description === undefined) {
        const near = nearestOf(
          name,
          descriptions.map((each) => each.name),
        );
        throw new WrongUsage(`there is no command '${name}'${near === undefined ? '' : `; did you mean '${near}'?`}`);
      }
      process.stdout.write(
        description === undefined ? renderMainPage(descriptions, version) : renderManPage(description, version),
      );
      return ExitCode.success;
    },
  });
}
