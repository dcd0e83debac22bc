import assert from 'node:assert/strict';
import { onTestFinished, test } from 'vitest';
import { readProcessMemory, readResidentBytes } from '../../src/observe/process-memory.ts';
import { processMemory } from '../../src/overload/memory.ts';
import { VirtualBroker } from '../virtual-broker.ts';

/** As Node does while connections have all descriptors: it opens a file for the size in RAM. */
function takeDescriptors(): void {
  const fail = () => {
    throw Object.assign(new Error('EMFILE: too many open files, uv_resident_set_memory'), { code: 'EMFILE' });
  };
  const { memoryUsage } = process;
  process.memoryUsage = Object.assign(fail, { rss: fail });
  onTestFinished(() => {
    process.memoryUsage = memoryUsage;
  });
}

test('is what Node says of it', () => {
  const { heapUsed, heapTotal, heapLimit, external } = readProcessMemory();
  assert.ok(heapUsed > 0 && heapUsed <= heapTotal && heapTotal <= heapLimit && external > 0);
  assert.ok((readResidentBytes() ?? 0) > 0);
});

test('is known, and the broker goes on, when there are no descriptors left', async () => {
  const broker = await VirtualBroker.start();
  takeDescriptors();
  assert.ok(processMemory.read(0).usedBytes > 0);
  assert.ok(broker.broker.stats().heapBytes > 0);
  const metrics = await broker.broker.metrics.text();
  assert.match(metrics, /^nodejs_heap_size_used_bytes \d+$/m);
  assert.doesNotMatch(metrics, /process_resident_memory_bytes/);
});
