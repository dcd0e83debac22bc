import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../support/documents.ts';

const page = readFileSync(path.join(ROOT, 'SECURITY.md'), 'utf8');

/** Tests that the page names: `[*name*](file)`. */
const named = [...page.matchAll(/\[\*([^*]+)\*\]\(([^)#]+)\)/g)].map(
  ([, name = '', file = '']) => [name, file] as const,
);

describe('SECURITY.md', () => {
  test('names tests, those of this folder all', () => {
    expect(named.length).toBeGreaterThan(30);
    const files = ['before-login', 'names', 'memory-bombs', 'guessing', 'files'];
    for (const file of files) {
      const text = readFileSync(path.join(ROOT, 'test/security', `${file}.test.ts`), 'utf8');
      const tests = [...text.matchAll(/^\s*test(?:\.each\(\[[\s\S]*?\]\))?\(\s*['`]([^\n]*?)['`],\s*async/gm)].map(
        ([, name = '']) => name,
      );
      expect(tests.length, file).toBeGreaterThan(2);
      expect(tests.filter((name) => !named.some(([each]) => name.includes(each)))).toEqual([]);
    }
  });

  test.each(named)('%s: is a test of %s', (name, file) => {
    const titles =
      readFileSync(path.join(ROOT, file), 'utf8').match(/\btest(?:\.each)?\b[\s\S]*?(?:=>|function)/g) ?? [];
    expect(titles.some((title) => title.includes(name))).toBe(true);
  });

  test('every line of the tables about peers says which test shows it', () => {
    const lines = page.split('\n').filter((line) => /^\| (?!it can|he \||-)/.test(line) && !line.startsWith('|---'));
    expect(lines.length).toBeGreaterThan(20);
    // What somebody with the data can read is no promise.
    const without = lines.filter((line) => !/\[\*/.test(line) && !line.startsWith('| has the data directory'));
    expect(without).toEqual([]);
  });
});

/** With native parts: LMDB, and a reader of records that it can do without. */
const WITH_SCRIPTS = ['node_modules/lmdb', 'node_modules/msgpackr-extract'];

test('no package runs a script when it is installed, but those with native parts', () => {
  const { packages } = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, { hasInstallScript?: boolean }>>;
  };
  const names = Object.entries(packages).flatMap(([name, { hasInstallScript }]) =>
    hasInstallScript === true ? [name] : [],
  );
  expect(names.sort()).toEqual(WITH_SCRIPTS);
});
