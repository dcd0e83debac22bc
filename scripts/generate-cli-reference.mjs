/**
 * Writes docs/reference/cli.md from the definitions of the commands.
 *
 *     npm run build && node scripts/generate-cli-reference.mjs
 */

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { renderReference } from '../packages/cli/dist/command/reference.js';
import { COMMANDS } from '../packages/cli/dist/commands.js';
import { ROOT } from './run.mjs';

const definitions = await Promise.all(COMMANDS.map(({ load }) => load()));
writeFileSync(path.join(ROOT, 'docs/reference/cli.md'), renderReference(definitions));
