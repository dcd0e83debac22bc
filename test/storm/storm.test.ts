import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { onTestFinished, test, vi } from 'vitest';
import { describeStorm, renderStorm } from './chart.ts';
import { Storm } from './storm.ts';

/** `npm run test:storm` makes 10,000. */
const { STORM_CLIENTS: clients = '1000', STORM_CHART: chart } = process.env;

vi.setConfig({ testTimeout: 600_000 });

test(`the broker is killed, and ${clients} clients come back all at once: nothing acknowledged is lost, those inside notice nothing`, async () => {
  const storm = await Storm.begin(Number(clients));
  onTestFinished(() => storm.end());
  const figures = await storm.strike();
  process.stdout.write(`${describeStorm(figures)}\n`);
  if (chart !== undefined) writeFileSync(chart, renderStorm(figures));
  assert.deepEqual(storm.faults(), []);
  assert.equal(figures.backMs.length, Number(clients));
  assert.equal(figures.insideEnds, 0);
  assert.ok(figures.insideMs.length > 0 && figures.acknowledged > 0);
});
