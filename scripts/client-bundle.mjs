/**
 * Bundles the client for browsers as a program's own build would do it, and says how large it is:
 *
 *     node scripts/client-bundle.mjs          (after npm run build)
 *
 * Ends with exit code 1 when it has become larger than the limit, or needs anything of Node's.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { ROOT } from './run.mjs';

/** Bytes after gzip that the client with everything but stores, SCRAM and typed topics may have. */
export const CLIENT_LIMIT = 30_200;

/**
 * @param {string} program The source of a program that imports the client.
 * @returns {Promise<string>} One minified file for browsers.
 */
export async function bundleForBrowsers(program) {
  const folder = mkdtempSync(path.join(ROOT, 'node_modules/.busbar-bundle-'));
  const input = path.join(folder, 'program.mjs');
  writeFileSync(input, program);
  try {
    const bundle = await rolldown({
      input,
      platform: 'browser',
      logLevel: 'silent',
      resolve: { conditionNames: ['import', 'browser', 'default'] },
    });
    const { output } = await bundle.generate({ format: 'es', minify: true, codeSplitting: false });
    await bundle.close();
    const [chunk, ...others] = output;
    if (others.length > 0) throw new Error(`expected one file, came ${others.length + 1}`);
    if (/\bnode:/.test(chunk.code)) throw new Error('the bundle needs modules of Node');
    return chunk.code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} code @returns {{ minified: number, gzip: number }} In bytes. */
export function sizeOf(code) {
  return { minified: Buffer.byteLength(code), gzip: gzipSync(code, { level: 9 }).length };
}

/** What is measured: a name and the program. */
export const PROGRAMS = {
  client: "export { connect, createClient } from '@busbar/client';",
  'with SCRAM-SHA-256': "export { connect, createClient, scramSha256 } from '@busbar/client';",
  'with typed topics': "export { connect, createClient, topic, json } from '@busbar/client';",
  'with an IndexedDB store':
    "export { connect, createClient } from '@busbar/client'; export { IndexedDbStore } from '@busbar/client/indexeddb-store';",
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, program] of Object.entries(PROGRAMS)) {
    const { minified, gzip } = sizeOf(await bundleForBrowsers(program));
    process.stdout.write(`${name}: ${minified} bytes minified, ${gzip} gzip\n`);
    if (name !== 'client' || gzip <= CLIENT_LIMIT) continue;
    process.stderr.write(`the client has ${gzip} bytes after gzip, ${CLIENT_LIMIT} are the limit\n`);
    process.exitCode = 1;
  }
}
