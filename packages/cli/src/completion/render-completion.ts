import type { CompletedCommand, CompletedOption } from './completion-words.ts';

/** The shells that can be served. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The tools whose names a link may bear, by the command that stands behind them. */
const LINKS = { pub: 'mosquitto_pub', sub: 'mosquitto_sub', rr: 'mosquitto_rr' } as const;

/** The script that a shell reads, for `busbar` and for links with the names of mosquitto's tools. */
export function renderCompletion(shell: Shell, commands: readonly CompletedCommand[]): string {
  switch (shell) {
    case 'bash':
      return renderBash(commands);
    case 'zsh':
      return renderZsh(commands);
    case 'fish':
      return renderFish(commands);
  }
}

function renderBash(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, options, takesFiles }) => {
    const flags = options.flatMap((option) => option.flags).join(' ');
    const values = options.flatMap((option) => bashValue(option));
    return [
      `    ${name})`,
      '      case "$prev" in',
      ...values.map((line) => `        ${line}`),
      '      esac',
      `      COMPREPLY=($(compgen -W '${flags}' -- "$cur"))`,
      ...(takesFiles ? ['      [[ "$cur" == -* ]] || COMPREPLY+=($(compgen -f -- "$cur"))'] : []),
      '      ;;',
    ].join('\n');
  });
  return `# bash completion of busbar: source <(busbar completion bash)
_busbar_options() {
  local command="$1" cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  case "$command" in
${cases.join('\n')}
  esac
}
_busbar() {
  COMPREPLY=()
  local at=1
  [[ "\${COMP_WORDS[1]}" == --profile ]] && at=3
  if ((COMP_CWORD <= at)); then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} help --help --version --profile' -- "\${COMP_WORDS[COMP_CWORD]}"))
  else
    _busbar_options "\${COMP_WORDS[at]}"
  fi
}
_busbar_link() {
  COMPREPLY=()
  _busbar_options "\${1#mosquitto_}"
}
complete -F _busbar busbar
complete -F _busbar_link ${Object.values(LINKS).join(' ')}
`;
}

function bashValue({ flags, value }: CompletedOption): string[] {
  if (value === undefined) return [];
  const pattern = flags.join('|');
  const words = '-- "$cur"));';
  if (value === 'file') return [`${pattern}) COMPREPLY=($(compgen -f ${words} return ;;`];
  if (value === 'folder') return [`${pattern}) COMPREPLY=($(compgen -d ${words} return ;;`];
  if (value === 'text') return [`${pattern}) return ;;`];
  return [`${pattern}) COMPREPLY=($(compgen -W '${value.join(' ')}' ${words} return ;;`];
}

function renderZsh(commands: readonly CompletedCommand[]): string {
  const functions = commands.map(({ name, options, takesFiles }) => {
    const specifications = options.flatMap((option) => zshOption(option));
    if (takesFiles) specifications.push("'*:file:_files'");
    return `_busbar_${name}() {\n  _arguments -s \\\n    ${specifications.join(' \\\n    ')}\n}`;
  });
  const names = commands.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`);
  const links = Object.entries(LINKS).map(([name, link]) => `  ${link}) _busbar_${name}; return ;;`);
  return `#compdef busbar ${Object.values(LINKS).join(' ')}
# zsh completion of busbar: busbar completion zsh > "\${fpath[1]}/_busbar"
${functions.join('\n')}
case "$service" in
${links.join('\n')}
esac
local -a commands
commands=(
${names.join('\n')}
)
if (( CURRENT == 2 )); then
  _describe command commands
else
  local command="$words[2]"
  shift words
  (( CURRENT-- ))
  (( $+functions[_busbar_$command] )) && _busbar_$command
fi
`;
}

function zshOption({ flags, description, value }: CompletedOption): string[] {
  const text = quoted(description).replace(/[[\]:]/g, '\\$&');
  const action =
    value === undefined
      ? ''
      : value === 'file'
        ? ':file:_files'
        : value === 'folder'
          ? ':folder:_files -/'
          : value === 'text'
            ? ':value: '
            : `:value:(${value.join(' ')})`;
  return flags.map((flag) => `'*${flag}[${text}]${action}'`);
}

function renderFish(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, summary, options, takesFiles }) => {
    const link = (LINKS as Readonly<Record<string, string>>)[name];
    const inside = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c busbar -f -n __fish_use_subcommand -a ${name} -d '${quoted(summary)}'`,
      ...options.flatMap((option) => [
        `complete -c busbar ${inside} ${fishOption(option)}`,
        ...(link === undefined ? [] : [`complete -c ${link} ${fishOption(option)}`]),
      ]),
      ...(takesFiles ? [`complete -c busbar ${inside} -F`] : []),
    ];
  });
  return `# fish completion of busbar: busbar completion fish > ~/.config/fish/completions/busbar.fish\n${lines.join('\n')}\n`;
}

function fishOption({ flags, description, value }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const values =
    value === undefined
      ? ''
      : value === 'file' || value === 'folder'
        ? ' -r -F'
        : value === 'text'
          ? ' -x'
          : ` -x -a '${value.join(' ')}'`;
  return `${names.join(' ')}${values} -d '${quoted(description)}'`;
}

/** For single quotes of a shell. */
function quoted(text: string): string {
  return text.replaceAll("'", '’');
}
