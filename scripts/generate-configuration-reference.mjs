/**
 * Writes docs/reference/configuration.md and docs/reference/mosquitto-conf.md from the schema and the table of options.
 *
 *     npm run build && node scripts/generate-configuration-reference.mjs
 */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { renderConfigurationReference, renderMosquittoReference } from '../packages/cli/dist/config/reference.js';
import { ROOT } from './run.mjs';

writeFileSync(path.join(ROOT, 'docs/reference/configuration.md'), renderConfigurationReference());
writeFileSync(path.join(ROOT, 'docs/reference/mosquitto-conf.md'), renderMosquittoReference());
