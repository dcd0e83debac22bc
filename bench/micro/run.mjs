/**
 * Measures the parts of the short road: nanoseconds and bytes of memory for each operation.
 *
 *     npm run bench:micro -- --only match --json
 */

import { parseArgs } from 'node:util';
import { CASES } from './cases.mjs';
import { measure } from './measure.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'boolean' } } });
const cases = CASES.filter(({ name }) => values.only === undefined || name.includes(values.only));
if (cases.length === 0) {
  process.stderr.write(
    `busbar: nothing has '${values.only}' in its name; there are ${CASES.map(({ name }) => name).join(', ')}\n`,
  );
  process.exitCode = 2;
}

const results = [];
const width = Math.max(...CASES.map(({ name }) => name.length));
if (!values.json && cases.length > 0) process.stdout.write(`${'operation'.padEnd(width)}     ns/op  bytes/op\n`);
for (const { name, make } of cases) {
  const result = { name, ...measure(make()) };
  results.push(result);
  if (values.json) continue;
  const { nanoseconds, bytes } = result;
  const figures = [nanoseconds.toFixed(1).padStart(9), bytes.toFixed(bytes < 10 ? 1 : 0).padStart(9)];
  process.stdout.write(`${name.padEnd(width)} ${figures.join(' ')}\n`);
}
if (values.json) process.stdout.write(`${JSON.stringify({ node: process.version, results }, undefined, 2)}\n`);
