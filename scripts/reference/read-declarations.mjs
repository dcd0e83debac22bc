/**
 * Reads from sources what the reference pages are made of: members of interfaces with their doc comments, and the words of
 * unions. Knows just enough TypeScript for declarations as this repository writes them.
 */

import { readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * @typedef {{ name: string, type: string, description: string }} Member
 */

/**
 * The members of an interface, in order, with their doc comments as one line each.
 * @param {string} source
 * @param {string} name
 * @returns {Member[]}
 */
export function readInterface(source, name) {
  const [, body] = new RegExp(`interface ${name} \\{\\n([\\s\\S]*?)\\n\\}`).exec(source) ?? [];
  if (body === undefined) throw new Error(`there is no interface ${name}`);
  const members = [...body.matchAll(/(?:\/\*\*([\s\S]*?)\*\/\s*)?readonly (\w+)\??: ([^;]+);/g)];
  return members.map(([, comment = '', member, type]) => ({ name: member, type, description: textOf(comment) }));
}

/**
 * The words between quotes in the declaration of a type or a constant: `type Color = 'red' | 'green'` gives both.
 * @param {string} source
 * @param {string} declaration As it begins: `type Color`.
 * @returns {string[]}
 */
export function readWords(source, declaration) {
  const at = source.indexOf(`${declaration} `);
  if (at < 0) throw new Error(`there is no ${declaration}`);
  return [...source.slice(at, source.indexOf(';', at)).matchAll(/'([^']+)'/g)].map(([, word]) => word);
}

/** @param {string} folder @returns {string[]} All TypeScript files below, in order. */
export function listSources(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => path.join(folder, name));
}

/** A doc comment as one line of Markdown. */
function textOf(comment) {
  return comment
    .replace(/^\s*\*/gm, '')
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .trim();
}
