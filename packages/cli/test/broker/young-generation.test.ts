import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, test } from 'vitest';

const module = new URL('../../dist/broker/young-generation.js', import.meta.url);

/** Fills the heap with what lives for a while. Prints the bytes of both halves of the young generation before and after. */
const PROGRAM = `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { holdYoungGeneration } from ${JSON.stringify(module.href)};
  const size = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
  if (process.env.HOLD === 'yes') holdYoungGeneration();
  const before = size();
  let kept = [];
  for (let n = 0; n < 3_000_000; n++) {
    kept.push({ n });
    if (kept.length > 200_000) kept = [];
  }
  console.log(JSON.stringify([before, size()]));
`;

async function sizes(hold: boolean, ...options: string[]): Promise<{ sizes: [number, number]; stderr: string }> {
  const env = { ...process.env, HOLD: hold ? 'yes' : 'no', NODE_OPTIONS: '' };
  const args = [...options, '--input-type=module', '-e', PROGRAM];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env });
  return { sizes: JSON.parse(stdout), stderr };
}

describe('the young generation of the heap', () => {
  test('is 2 MiB a half from the start and stays so, where it would grow', async () => {
    const held = await sizes(true);
    assert.deepEqual(held.sizes, [4 * 1024 * 1024, 4 * 1024 * 1024]);
    assert.equal(held.stderr, '');
    const free = await sizes(false);
    assert.ok(free.sizes[1] > 4 * 1024 * 1024, `${free.sizes[1]} bytes`);
  });

  test('is what the user says, if he says it', async () => {
    const { sizes: own } = await sizes(true, '--max-semi-space-size=8');
    assert.ok(own[1] > 4 * 1024 * 1024, `${own[1]} bytes`);
  });
});
