/**
 * Writes docs/reference/mosquitto-options.md: every option of mosquitto's tools and of ours, and the tests that hold them side
 * by side.
 *
 *     npm run build && node scripts/generate-mosquitto-options.mjs
 */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { TOOL_OPTIONS } from '../packages/cli/dist/tool/tool-options.js';
import { readCases, renderOptionsPage } from './reference/mosquitto-options.mjs';
import { ROOT } from './run.mjs';

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = renderOptionsPage(TOOL_OPTIONS, readCases(ROOT));
  writeFileSync(path.join(ROOT, 'docs/reference/mosquitto-options.md'), page);
}
