import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A block of code in a document. */
export interface Fence {
  readonly language: string;
  /** What follows the language: `fragment` marks what is not meant to stand alone. */
  readonly info: string;
  readonly text: string;
  /** Line of the document on which the code begins, from 1. */
  readonly line: number;
}

/** A page in Markdown. */
export interface Document {
  /** Relative to the repository, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly fences: readonly Fence[];
}

/** All pages of the repository. */
export function readDocuments(): readonly Document[] {
  return listPages('').map((page) => {
    const text = readFileSync(path.join(ROOT, page), 'utf8');
    return { path: page, text, fences: fencesOf(text) };
  });
}

function listPages(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || ['node_modules', 'dist'].includes(entry.name)) return [];
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return listPages(file);
    return entry.name.endsWith('.md') ? [file] : [];
  });
}

function fencesOf(text: string): Fence[] {
  const fences: Fence[] = [];
  for (const match of text.matchAll(/^( *)```(\w*) ?([^\n]*)\n([\s\S]*?)^\1```$/gm)) {
    const [, indent = '', language = '', info = '', code = ''] = match;
    const line = text.slice(0, match.index).split('\n').length + 1;
    fences.push({ language, info, text: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''), line });
  }
  return fences;
}
