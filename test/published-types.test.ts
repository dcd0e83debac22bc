import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PACKAGES = path.join(ROOT, 'packages');

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, { readonly types?: string }>>;
}

const { readSource } = Object.assign({}, await import(path.join(ROOT, 'scripts/read-imports.mjs'))) as {
  readSource(text: string): { readonly imports: readonly { readonly specifier?: string }[] };
};

/** What the declarations of a package lead to, file by file, from everything that a program can import of it. */
function modulesNamedBy(entries: readonly string[]): Set<string> {
  const seen = new Set<string>();
  const foreign = new Set<string>();
  const reach = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { specifier = '' } of readSource(readFileSync(file, 'utf8')).imports) {
      if (specifier.startsWith('.')) reach(path.resolve(path.dirname(file), specifier.replace(/\.ts$/, '.d.ts')));
      else foreign.add(specifier);
    }
  };
  for (const entry of entries) reach(entry);
  return foreign;
}

const published = readdirSync(PACKAGES)
  .map((folder) => ({ folder: path.join(PACKAGES, folder), file: path.join(PACKAGES, folder, 'package.json') }))
  .map(({ folder, file }) => ({ folder, manifest: JSON.parse(readFileSync(file, 'utf8')) as Manifest }))
  .filter(({ manifest }) => manifest.private !== true);

describe('what a program with `tsc --strict` imports needs no types but ours and those of Node', () => {
  test.each(published.map((each) => [each.manifest.name, each] as const))('%s', (_, { folder, manifest }) => {
    const entries = Object.values(manifest.exports ?? {}).flatMap(({ types }) => types ?? []);
    const files = entries.map((entry) => path.join(folder, entry)).filter((file) => existsSync(file));
    expect(files).toHaveLength(entries.length);
    const strangers = [...modulesNamedBy(files)].filter((name) => !/^(?:node:|@busbar\/)/.test(name));
    expect(strangers).toEqual([]);
  });
});
