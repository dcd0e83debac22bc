/** What `@busbar/client` exports, with declarations and comments, read from the sources. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isolatedDeclarationSync } from 'rolldown/experimental';

/** What a program can import, and the file behind it. */
export const ENTRIES = {
  '@busbar/client': 'packages/client/src/index.ts',
  '@busbar/client/file-store': 'packages/client/src/file-store/index.ts',
  '@busbar/client/indexeddb-store': 'packages/client/src/indexeddb-store/index.browser.ts',
  '@busbar/client/mqttjs': 'packages/client/src/mqttjs/index.ts',
};

/**
 * One exported name. `declaration` is its text as a caller sees it, without the comment; a name that is a value and a type has both.
 *
 * @typedef {{ entry: string, name: string, file: string, isValue: boolean, comment: string, declaration: string }} Symbol
 */

/** @param {string} root @returns {Symbol[]} In the order in which they are exported. */
export function readSymbols(root) {
  const readers = new Map();
  const declarationsOf = (file) => {
    if (!readers.has(file)) readers.set(file, readDeclarations(root, file));
    return readers.get(file);
  };
  return Object.entries(ENTRIES).flatMap(([entry, index]) =>
    exportsOf(root, index).map(({ name, file }) => {
      const found = declarationsOf(file).filter((each) => each.name === name);
      return {
        entry,
        name,
        file,
        isValue: found.some(({ kind }) => kind !== 'interface' && kind !== 'type'),
        comment: found.find(({ comment }) => comment !== '')?.comment ?? '',
        declaration: found.map(({ text }) => text).join('\n'),
      };
    }),
  );
}

/** @returns {{ name: string, file: string }[]} */
function exportsOf(root, index) {
  const source = readFileSync(path.join(root, index), 'utf8');
  const passedOn = [...source.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)';/gm)].flatMap(([, names, from]) =>
    names
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== '')
      .map((name) => ({ name, file: fileOf(root, index, from, name) })),
  );
  const own = [...source.matchAll(DECLARED)].map(([, , name]) => ({ name, file: index }));
  return [...passedOn, ...own.filter(({ name }, at) => own.findIndex((each) => each.name === name) === at)];
}

const DECLARED = /^export (?:declare )?(?:async )?(?:abstract )?(class|function|interface|type|const) (\w+)/gm;

/** @returns {string} The file in which a name is declared. */
function fileOf(root, index, from, name) {
  if (from.startsWith('.')) return path.join(path.dirname(index), from);
  const folder = `packages/${from.replace('@busbar/', '')}/src`;
  const files = readdirSync(path.join(root, folder), { recursive: true }).map((file) =>
    path.join(folder, String(file)),
  );
  const declares = new RegExp(`^export (?:abstract )?(?:class|function|interface|type|const) ${name}\\b`, 'm');
  const file = files
    .filter((each) => each.endsWith('.ts'))
    .find((each) => declares.test(readFileSync(path.join(root, each), 'utf8')));
  if (file === undefined) throw new Error(`${from} declares no ${name}`);
  return file;
}

/** @returns {{ name: string, kind: string, comment: string, text: string }[]} */
function readDeclarations(root, file) {
  const { code } = isolatedDeclarationSync(file, readFileSync(path.join(root, file), 'utf8'));
  return [...code.matchAll(DECLARED)].map((match) => {
    const [start, kind, name] = match;
    const end = endOf(code, match.index + start.length, kind);
    const before = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/.exec(code.slice(0, match.index));
    return {
      name,
      kind,
      comment: before?.[0].trim() ?? '',
      text: code
        .slice(match.index, end)
        .replace(/^\s*#private;\n/gm, '')
        .replace(/^export (declare )?/, 'export '),
    };
  });
}

/** Where a declaration ends: with its body, or at a semicolon outside of all brackets. */
function endOf(code, from, kind) {
  let depth = 0;
  for (let at = from; at < code.length; at++) {
    const character = code[at];
    if (code.startsWith('/*', at)) at = code.indexOf('*/', at) + 1;
    else if ('{(['.includes(character)) depth += 1;
    else if ('})]'.includes(character)) {
      depth -= 1;
      if (depth === 0 && character === '}' && (kind === 'class' || kind === 'interface')) return at + 1;
    } else if (character === ';' && depth === 0) return at + 1;
  }
  return code.length;
}

/** The examples of a comment, each as the lines of a program. @param {string} text A comment, or a file with comments. */
export function examplesIn(text) {
  return [...text.matchAll(/@example[ \t]*([\s\S]*?)(?=\n\s*\*?\s*@|\*\/)/g)].map(([, body]) =>
    body
      .split('\n')
      .map((line) => line.replace(/^\s*\* ?/, ''))
      .join('\n')
      .trim(),
  );
}

/** The reference page of the client, in Markdown. @param {readonly Symbol[]} symbols */
export function renderClientPage(symbols) {
  const sections = Object.keys(ENTRIES).flatMap((entry) => [
    `## \`${entry}\``,
    ...symbols
      .filter((each) => each.entry === entry)
      .map(({ name, comment, declaration }) =>
        [`### ${name}`, '', '```ts fragment', `${trimmed(comment)}\n${declaration}`.trim(), '```'].join('\n'),
      ),
  ]);
  return `${[
    '# What `@busbar/client` exports',
    '<!-- Made from the sources by scripts/generate-client-reference.mjs: change them, not this page. -->',
    'Every name that a program can import, as its types and comments in the sources have it. The examples are compiled by the tests. How it all goes together is told in [publish and receive with the client](../how-to/publish-and-receive-with-the-client.md) and [the client’s lifecycle](../explanation/the-clients-lifecycle.md).',
    ...sections,
  ].join('\n\n')}\n`;
}

/** With the stars of a comment below each other. */
function trimmed(comment) {
  return comment.replace(/^\s*\*/gm, ' *');
}
