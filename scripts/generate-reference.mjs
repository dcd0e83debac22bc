/**
 * Writes the reference pages that are made from the sources: docs/reference/errors.md, limits.md and metrics.md.
 *
 *     npm run build && node scripts/generate-reference.mjs
 *
 * `test/reference.test.ts` fails when a page is not what this writes.
 */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { resolveCapabilities } from '../packages/broker/dist/config/capabilities.js';
import { LIMIT_BOUNDS, resolveLimits } from '../packages/broker/dist/config/limits.js';
import { METRICS } from '../packages/broker/dist/metrics/metric-list.js';
import * as codec from '../packages/codec/dist/index.js';
import { renderErrors } from './reference/render-errors.mjs';
import { renderLimits } from './reference/render-limits.mjs';
import { renderMetrics } from './reference/render-metrics.mjs';
import { ROOT } from './run.mjs';

const pages = {
  'errors.md': renderErrors(ROOT, codec),
  'limits.md': renderLimits(ROOT, { LIMIT_BOUNDS, resolveLimits, resolveCapabilities }),
  'metrics.md': renderMetrics(METRICS),
};
for (const [name, text] of Object.entries(pages)) writeFileSync(path.join(ROOT, 'docs/reference', name), text);
