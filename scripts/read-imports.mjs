/**
 * Reads the imports of a TypeScript file without a compiler: the text is cut into tokens (comments, strings, templates
 * and regular expressions understood), and the tokens are searched for the forms that name a module:
 *
 *     import 'x'   import ... from 'x'   import type ... from 'x'   import('x')   export ... from 'x'
 *
 * Knows no scopes and no types; it needs neither, since `import` and `export` are reserved words.
 */

/**
 * @typedef {{ kind: 'word' | 'string' | 'template' | 'regex' | 'comment' | 'mark', text: string, line: number }} Token
 * @typedef {{ specifier: string | undefined, line: number }} Import `specifier` is undefined for an import() of something computed.
 * @typedef {{ imports: Import[], strings: Set<string>, comments: Token[] }} Source
 */

const FORMS = {
  comment: /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y,
  // A string ends with its line at the latest, so that a misread quote cannot swallow the rest of the file.
  string: /'(?:[^'\\\n]|\\[\s\S])*'?|"(?:[^"\\\n]|\\[\s\S])*"?/y,
  regex: /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y,
  word: /[\p{L}\p{N}_$#@]+/uy,
};

/** Words after which a slash begins a regular expression, although after other words it divides. */
const WORDS_BEFORE_VALUE = new Set(
  'return typeof instanceof in of new delete void throw case do else yield await default extends'.split(' '),
);

/** @param {string} text @returns {Source} */
export function readSource(text) {
  const all = tokenize(text);
  const tokens = all.filter((token) => token.kind !== 'comment');
  const imports = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token.kind !== 'word' || isMemberName(tokens, i)) continue;
    if (token.text === 'import') imports.push(...readImport(tokens, i));
    else if (token.text === 'export') imports.push(...readExport(tokens, i));
  }
  const strings = new Set(tokens.filter((token) => token.kind === 'string').map((token) => token.text));
  return { imports, strings, comments: all.filter((token) => token.kind === 'comment') };
}

/** @param {string} text @returns {unknown} JSON as in tsconfig files: with comments and trailing commas. */
export function parseJsonWithComments(text) {
  const tokens = tokenize(text).filter((token) => token.kind !== 'comment');
  const isTrailingComma = (token, next) => token.text === ',' && token.kind === 'mark' && '}]'.includes(next?.text);
  const kept = tokens.filter((token, i) => !isTrailingComma(token, tokens[i + 1]));
  return JSON.parse(kept.map((token) => (token.kind === 'string' ? `"${token.text}"` : token.text)).join(''));
}

function isMemberName(tokens, i) {
  const isAfterDot = tokens[i - 1]?.text === '.' && tokens[i - 1].kind === 'mark';
  return isAfterDot && tokens[i - 2]?.text !== '.'; // ...import('x') is not a member
}

/** @returns {Import[]} None or one. */
function readImport(tokens, i) {
  const { line } = tokens[i];
  const next = tokens[i + 1];
  if (next?.kind === 'string') return [{ specifier: next.text, line }];
  if (next?.text !== '(') return readFrom(tokens, i);
  const argument = tokens[i + 2];
  if (argument?.text === ')') return []; // a method of that name
  const isLiteral = argument?.kind === 'string' && [')', ','].includes(tokens[i + 3]?.text);
  return [{ specifier: isLiteral ? argument.text : undefined, line }];
}

/** @returns {Import[]} None or one. */
function readExport(tokens, i) {
  const first = tokens[i + 1]?.text === 'type' ? i + 2 : i + 1;
  return ['*', '{'].includes(tokens[first]?.text) ? readFrom(tokens, i) : [];
}

/** Walks over the names that may stand between `import` or `export` and `from`. @returns {Import[]} None or one. */
function readFrom(tokens, start) {
  let depth = 0;
  for (let i = start + 1; i < tokens.length; i++) {
    const { kind, text } = tokens[i];
    if (kind === 'word' && depth === 0) {
      const source = tokens[i + 1];
      if (text === 'from' && source?.kind === 'string') return [{ specifier: source.text, line: tokens[start].line }];
      if (text === 'import' || text === 'export') return [];
    } else if (text === '{') depth += 1;
    else if (text === '}') depth -= 1;
    else if (kind !== 'word' && kind !== 'string' && text !== ',' && text !== '*') return [];
    if (depth < 0) return [];
  }
  return [];
}

/** @param {string} text @returns {Token[]} */
function tokenize(text) {
  /** @type {Token[]} */
  const tokens = [];
  // For every open brace: does it belong to a template's ${ }?
  const braces = [];
  let at = 0;
  let line = 1;

  const push = (kind, end) => {
    const raw = text.slice(at, end);
    const isClosed = raw.length > 1 && raw.at(-1) === raw[0];
    tokens.push({ kind, text: kind === 'string' ? raw.slice(1, isClosed ? -1 : undefined) : raw, line });
    line += raw.split('\n').length - 1;
    at = end;
  };
  const pushForm = () => {
    for (const [kind, pattern] of Object.entries(FORMS)) {
      if (kind === 'regex' && !valueMayFollow(tokens)) continue;
      pattern.lastIndex = at;
      if (!pattern.test(text)) continue;
      push(kind, pattern.lastIndex);
      return true;
    }
    return false;
  };
  /** From a backtick, or from the brace that closes a ${ }, to the next ${ or the end. */
  const pushTemplate = () => {
    let end = at + 1;
    while (end < text.length && text[end] !== '`' && !text.startsWith('${', end)) end += text[end] === '\\' ? 2 : 1;
    const isOpen = text[end] === '$';
    push('template', Math.min(end + (isOpen ? 2 : 1), text.length));
    if (isOpen) braces.push(true);
  };

  while (at < text.length) {
    const char = text[at];
    if (/\s/.test(char)) {
      if (char === '\n') line += 1;
      at += 1;
    } else if (char === '`' || (char === '}' && braces.pop())) {
      pushTemplate();
    } else if (!pushForm()) {
      if (char === '{') braces.push(false);
      push('mark', at + 1);
    }
  }
  return tokens;
}

/** Tells whether a slash here begins a regular expression. */
function valueMayFollow(tokens) {
  const last = tokens.findLast((token) => token.kind !== 'comment');
  if (last === undefined) return true;
  if (last.kind === 'word') return WORDS_BEFORE_VALUE.has(last.text);
  if (last.kind === 'template') return last.text.endsWith('${');
  return last.kind === 'mark' && last.text !== ')' && last.text !== ']' && last.text !== '}';
}
