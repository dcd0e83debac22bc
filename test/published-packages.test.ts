import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from './support/documents.ts';

interface Manifest {
  readonly name: string;
  readonly license?: string;
  readonly private?: boolean;
}

const readText = (...names: string[]) => readFileSync(path.join(ROOT, ...names), 'utf8');
const published = readdirSync(path.join(ROOT, 'packages'))
  .map((folder) => ({ folder, manifest: JSON.parse(readText('packages', folder, 'package.json')) as Manifest }))
  .filter(({ manifest }) => manifest.private !== true);

// npm takes these two of a package's own folder with it, whatever `files` says, and none of the folders above.
describe('what is installed without the repository brings along', () => {
  test.each(published.map(({ folder, manifest }) => [manifest.name, folder, manifest] as const))(
    '%s: its licence, and what it is',
    (name, folder, { license }) => {
      expect(license).toBe('Apache-2.0');
      expect(readText('packages', folder, 'LICENSE')).toBe(readText('LICENSE'));
      const page = readText('packages', folder, 'README.md');
      expect(page.split('\n')[0]).toBe(`# ${name}`);
      // Nothing else of the repository is there for a link to lead to.
      expect(page).not.toMatch(/\]\((?!https?:)/);
    },
  );
});
