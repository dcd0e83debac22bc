import type { CommandDescription } from './definition.ts';
import { describeOption } from './describe-option.ts';

/** The reference page of all commands, docs/reference/cli.md, in Markdown. */
export function renderReference(definitions: readonly CommandDescription[]): string {
  const contents = definitions.map(({ name, summary }) => `- [\`busbar ${name}\`](#busbar-${name}): ${summary}`);
  return `${[
    '# The `busbar` command',
    '<!-- Made from the definitions of the commands by scripts/generate-cli-reference.mjs: change them, not this page. -->',
    'In a checkout that is built, the command is `npx busbar`. `busbar --help` lists the commands, `busbar <command> --help` shows the options of one, `busbar --version` the version. How commands end is told in [exit-codes.md](exit-codes.md).',
    contents.join('\n'),
    'Output: values and messages go to stdout, everything else to stderr. Errors are one line. Colours appear only in a terminal, and not when `NO_COLOR` is set.',
    ...definitions.flatMap(renderCommand),
  ].join('\n\n')}\n`;
}

function renderCommand(definition: CommandDescription): string[] {
  const { name, description, options, examples, notes = [], helpFlags } = definition;
  const rows = Object.values(options).map((option) => {
    const placeholder = option.value === undefined ? '' : ` ${option.value.placeholder}`;
    return `| ${code(option.flags + placeholder)} | ${escapeCell(describeOption(option))} |`;
  });
  return [
    `## \`busbar ${name}\``,
    escapeText(description),
    ['| option | meaning |', '|---|---|', ...rows, `| ${code(helpFlags)} | show the help |`].join('\n'),
    ['```sh', ...examples.flatMap(({ line, what }) => [`# ${what}`, line]), '```'].join('\n'),
    ...notes.map(escapeText),
  ];
}

/** As code; a bar would end the cell of the table. */
function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

function escapeCell(text: string): string {
  return escapeText(text).replaceAll('|', '\\|');
}

function escapeText(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('*', '\\*');
}
