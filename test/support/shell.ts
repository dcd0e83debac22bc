/** A command of a shell script: the program and its words, without redirections and assignments. */
export interface ShellCommand {
  readonly program: string;
  readonly words: readonly string[];
}

const OPERATORS = /^(?:&&|\|\||[|;&])$/;

/** The commands of a simple script: quotes, comments, pipes and continued lines, no more. */
export function parseShell(script: string): ShellCommand[] {
  return script
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) => commandsOf(tokensOf(line)));
}

function commandsOf(tokens: readonly string[]): ShellCommand[] {
  const commands: string[][] = [[]];
  for (const token of tokens) {
    if (OPERATORS.test(token)) commands.push([]);
    else commands.at(-1)?.push(token);
  }
  return commands.flatMap((words) => {
    const [program, ...rest] = words.filter((word, at) => !isRedirection(word) && !isAssignment(word, at));
    return program === undefined ? [] : [{ program, words: rest }];
  });
}

/** Words, with what stood in quotes; operators are words of their own. A comment ends the line. */
function tokensOf(line: string): string[] {
  const tokens: string[] = [];
  const pattern = /\s+|#.*$|\d?>{1,2}\s*&?[\w./-]+|<\s*[\w./-]+|&&|\|\||[|;&]|((?:'[^']*'|"[^"]*"|[^\s'"|;&<>])+)/g;
  for (const [token, word] of line.matchAll(pattern)) {
    if (word !== undefined)
      tokens.push(word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double));
    else if (token.trim() !== '' && !token.startsWith('#')) tokens.push(token);
  }
  return tokens;
}

function isRedirection(word: string): boolean {
  return /^(?:\d?>|<)/.test(word);
}

function isAssignment(word: string, at: number): boolean {
  return at === 0 && /^[A-Z_]+=/.test(word);
}
