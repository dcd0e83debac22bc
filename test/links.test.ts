import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type Document, ROOT, readDocuments } from './support/documents.ts';

const documents = readDocuments();
const byPath = new Map(documents.map((document) => [document.path, document]));

test.each(documents.map((document) => [document.path, document] as const))('links of %s lead somewhere', (_, page) => {
  assert.deepEqual(
    linksOf(page).flatMap((link) => faultsOf(link, page)),
    [],
  );
});

test('every page under docs/ can be reached from docs/README.md', () => {
  const seen = new Set<string>();
  const reach = (page: string): void => {
    const document = byPath.get(page);
    if (document === undefined || seen.has(page)) return;
    seen.add(page);
    for (const link of linksOf(document)) if (!isForeign(link)) reach(targetOf(link, document).file);
  };
  reach('docs/README.md');
  expect(
    documents.map((document) => document.path).filter((each) => each.startsWith('docs/') && !seen.has(each)),
  ).toEqual([]);
});

/** Links outside of code, without their titles. */
function linksOf({ text }: Document): string[] {
  const prose = text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)/g)].map(([, link = '']) => link);
}

function isForeign(link: string): boolean {
  return /^[a-z]+:/.test(link);
}

function targetOf(link: string, page: Document): { readonly file: string; readonly heading: string | undefined } {
  const [file = '', heading] = link.split('#');
  return { file: file === '' ? page.path : path.posix.join(path.posix.dirname(page.path), file), heading };
}

function faultsOf(link: string, page: Document): string[] {
  if (isForeign(link)) return [];
  const { file, heading } = targetOf(link, page);
  if (!existsSync(path.join(ROOT, file))) return [`${link}: there is no ${file}`];
  const target = byPath.get(file);
  if (heading === undefined || target === undefined) return [];
  return headingsOf(target).includes(heading) ? [] : [`${link}: ${file} has no such heading`];
}

/** The headings of a page as links name them. */
function headingsOf({ text }: Document): string[] {
  const prose = text.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '');
  return [...prose.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
