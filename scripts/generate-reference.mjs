/**
 * Writes the reference pages that are made from the sources: docs/reference/errors.md and docs/reference/limits.md.
 *
 *     npm run build && node scripts/generate-reference.mjs
 *
 * `test/reference.test.ts` fails when a page is not what this writes.
 */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { resolveCapabilities } from '../packages/broker/dist/config/capabilities.js';
import { LIMIT_BOUNDS, resolveLimits } from '../packages/broker/dist/config/limits.js';
import * as codec from '../packages/codec/dist/index.js';
import { renderErrors } from './reference/render-errors.mjs';
import { renderLimits } from './reference/render-limits.mjs';
import { ROOT } from './run.mjs';

const pages = {
  'errors.md': renderErrors(ROOT, codec),
  'limits.md': renderLimits(ROOT, { LIMIT_BOUNDS, resolveLimits, resolveCapabilities }),
};
for (const [name, text] of Object.entries(pages)) writeFileSync(path.join(ROOT, 'docs/reference', name), text);
