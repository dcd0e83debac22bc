import { existsSync, readFileSync } from 'node:fs';

/** The version of this package, as `busbar --version` tells it. */
export function readVersion(): string {
  // One folder up from the sources and the build, two from the bundle.
  const file = ['../package.json', '../../package.json'].map((up) => new URL(up, import.meta.url)).find(existsSync);
  const manifest: unknown = file === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  return 'unknown';
}
