/**
 * Writes docs/reference/client.md from the sources of the client.
 *
 *     node scripts/generate-client-reference.mjs
 */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readSymbols, renderClientPage } from './reference/client-symbols.mjs';
import { ROOT } from './run.mjs';

writeFileSync(path.join(ROOT, 'docs/reference/client.md'), renderClientPage(readSymbols(ROOT)));
