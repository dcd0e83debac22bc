import type { CommandDescription } from '../command/definition.ts';
import { describeOption } from '../command/describe-option.ts';

/** The manual page of a command, section 1, in roff. */
export function renderManPage(description: CommandDescription, version: string): string {
  const { name, summary, options, examples, notes = [], words, helpFlags } = description;
  const synopsis = ['[options]', ...(words === undefined ? [] : [words.usage])].join(' ');
  let under: string | undefined;
  const entries = Object.values(options).map((option) => {
    const placeholder = option.value === undefined ? '' : ` ${option.value.placeholder}`;
    const heading = option.group === under ? '' : `.SS ${escaped(option.group ?? 'Other')}\n`;
    under = option.group;
    return `${heading}.TP\n.B ${escaped(option.flags + placeholder)}\n${escaped(describeOption(option))}`;
  });
  return `${[
    `.TH BUSBAR\\-${name.toUpperCase()} 1 "" "busbar ${version}" "Busbar"`,
    `.SH NAME\nbusbar\\-${name} \\- ${escaped(summary)}`,
    `.SH SYNOPSIS\n.B busbar ${name}\n${escaped(synopsis)}`,
    `.SH DESCRIPTION\n${escaped(description.description)}`,
    ...notes.map((note) => `.PP\n${escaped(note)}`),
    '.SH OPTIONS',
    ...entries,
    `${under === undefined ? '' : '.SS Other\n'}.TP\n.B ${escaped(helpFlags)}\nshow the help`,
    '.SH EXAMPLES',
    ...examples.map(({ line, what }) => `.TP\n.B ${escaped(line)}\n${escaped(what)}`),
    '.SH SEE ALSO\n.BR busbar (1)',
  ].join('\n')}\n`;
}

/** The page of the command itself, which lists the others. */
export function renderMainPage(descriptions: readonly CommandDescription[], version: string): string {
  return `${[
    `.TH BUSBAR 1 "" "busbar ${version}" "Busbar"`,
    '.SH NAME\nbusbar \\- an MQTT broker, and the tools to talk to any',
    '.SH SYNOPSIS\n.B busbar\n[\\-\\-profile name] command [options]',
    '.SH DESCRIPTION\nAn MQTT broker, and the tools to talk to any: MQTT 3.1, 3.1.1 and 5.0.',
    '.SH COMMANDS',
    ...descriptions.map(({ name, summary }) => `.TP\n.BR busbar\\-${name} (1)\n${escaped(summary)}`),
    '.SH ENVIRONMENT',
    '.TP\n.B NO_COLOR\nno colours, also in a terminal\n.TP\n.B BUSBAR_PROFILES\nthe file of the profiles, in place of ~/.config/busbar/profiles.yaml',
  ].join('\n')}\n`;
}

/** Backslashes, and what would be a request at the beginning of a line. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}
