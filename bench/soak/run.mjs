/**
 * Ten minutes of what a plant does in a day: clients come, go and are cut off, sessions begin and expire, subscriptions and
 * retained topics come and go, payloads of all sizes wait for clients that are away. At the end everybody leaves, and heap,
 * descriptors and store must be back where they were.
 *
 *     npm run soak [-- --minutes 10] [-- --seed 1] [-- --chart FILE.svg]
 *
 * Exit code 1 when something has not come back; the last line says what.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect } from '@busbar/client';
import { renderSoak } from './chart.mjs';
import { Churn } from './churn.mjs';

const LAUNCHER = fileURLToPath(new URL('../../packages/cli/bin/busbar.js', import.meta.url));
/** Milliseconds between two samples. */
const SAMPLE_MS = 1_000;
/** Heap that may be left over: caches of routes and compiled code. */
const HEAP_SLACK = 24 * 1024 * 1024;
/** Seconds that garbage collection is given before and after. */
const SETTLING_SECONDS = 15;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    chart: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
const folder = mkdtempSync(path.join(tmpdir(), 'busbar-soak-'));
const data = path.join(folder, 'data');
const env = { ...process.env, XDG_RUNTIME_DIR: folder };
const broker = spawn(
  process.execPath,
  ['--expose-gc', LAUNCHER, 'broker', '-p', '0', '--host', '127.0.0.1', '--data', data, '--log-format', 'json'],
  { env, stdio: ['ignore', 'pipe', 'ignore'] },
);
const port = await new Promise((resolve, reject) => {
  broker.stdout.on('data', (text) => {
    const [, found] = /:(\d+) \(/.exec(String(text)) ?? [];
    if (found !== undefined) resolve(Number(found));
  });
  broker.once('exit', () => reject(new Error('the broker has ended')));
});
const url = `mqtt://127.0.0.1:${port}`;

/** @typedef {{ at: number, heap: number, resident: number, descriptors: number, store: number, sessions: number, retained: number }} Sample */
/** @type {Sample[]} */
const samples = [];
const startedAt = performance.now();

async function sample() {
  const stats = await readStats();
  const status = readFileSync(`/proc/${broker.pid}/status`, 'utf8');
  samples.push({
    at: (performance.now() - startedAt) / 1000,
    heap: stats.heapBytes,
    resident: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024,
    descriptors: readdirSync(`/proc/${broker.pid}/fd`).length,
    store: readdirSync(data).reduce((sum, file) => sum + statSync(path.join(data, file)).size, 0),
    sessions: stats.sessions,
    retained: stats.retained,
  });
}

/** The smallest value of the latest samples: what is left when garbage has been collected. */
function settled(name, count = SETTLING_SECONDS) {
  return Math.min(...samples.slice(-count).map((each) => each[name]));
}

async function sampleFor(seconds) {
  for (let second = 0; second < seconds; second++) {
    await sample();
    await rest(SAMPLE_MS);
  }
}

// A first round of everything, so that what is compiled and cached once is there already.
await new Churn(url, seed).run(performance.now() + 5_000);
await leave();
await sampleFor(SETTLING_SECONDS);
const before = { heap: settled('heap'), descriptors: settled('descriptors'), store: samples.at(-1)?.store ?? 0 };

const churn = new Churn(url, seed + 1);
const endsAt = performance.now() + minutes * 60_000;
let isOver = false;
const sampling = (async () => {
  while (!isOver) {
    await sample();
    const { done } = churn;
    const left = Math.max(0, Math.round((endsAt - performance.now()) / 1000));
    if (process.stderr.isTTY)
      process.stderr.write(`\r\x1b[K${left} s left, ${done} operations, ${describe(samples.at(-1))}`);
    await rest(SAMPLE_MS);
  }
})();
await churn.run(endsAt);
const busiest = { ...samples.reduce((most, each) => (each.resident > most.resident ? each : most)) };
await leave();
isOver = true;
await sampling;
await sampleFor(2 * SETTLING_SECONDS);
const after = { heap: settled('heap'), descriptors: settled('descriptors') };
const last = samples.at(-1);
const halfway = samples[Math.floor(samples.length / 2)];

broker.kill('SIGTERM');
await new Promise((resolve) => broker.once('exit', resolve));
if (values.chart !== undefined) writeFileSync(values.chart, renderSoak(samples));
rmSync(folder, { recursive: true, force: true });

if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
console.log(`${minutes} minutes, seed ${seed}: ${churn.done} operations`);
console.log(`  busiest   ${describe(busiest)}`);
console.log(
  `  before    heap ${mebibytes(before.heap)}, ${before.descriptors} descriptors, store ${mebibytes(before.store)}`,
);
console.log(
  `  after     heap ${mebibytes(after.heap)}, ${after.descriptors} descriptors, store ${mebibytes(last?.store ?? 0)}`,
);

const faults = [
  ...(after.heap > before.heap + HEAP_SLACK
    ? [`the heap has grown from ${mebibytes(before.heap)} to ${mebibytes(after.heap)}`]
    : []),
  ...(after.descriptors > before.descriptors
    ? [`descriptors have grown from ${before.descriptors} to ${after.descriptors}`]
    : []),
  ...(last?.sessions === 0 ? [] : [`${last?.sessions} sessions are left`]),
  ...((last?.store ?? 0) > 2 * (halfway?.store ?? 0)
    ? [`the store has grown from ${mebibytes(halfway?.store ?? 0)} halfway to ${mebibytes(last?.store ?? 0)}`]
    : []),
];
console.log(faults.length === 0 ? 'everything has come back' : faults.join('; '));
process.exitCode = faults.length === 0 ? 0 : 1;

/** Everybody leaves, and nothing is retained any more. */
async function leave() {
  const sweeper = await connect(url, { clientIdentifier: 'sweeper' });
  const retained = new Set();
  await sweeper.subscribe('soak/#', { qos: 0 }, ({ topicName, retain }) => {
    if (retain) retained.add(topicName);
  });
  // Everything retained has come when the answer to something later has.
  for (let round = 0; round < 20; round++) {
    await rest(100);
    for (const topicName of retained) await sweeper.publish(topicName, '', { qos: 1, retain: true });
    const { retained: left } = await readStats();
    if (left === 0 || retained.size === 0) break;
    retained.clear();
  }
  await sweeper.end();
  for (const clientIdentifier of Churn.identifiers) {
    const client = await connect(url, { clientIdentifier, cleanStart: true });
    await client.end();
  }
}

async function readStats() {
  const answer = await import('node:http').then(
    ({ get }) =>
      new Promise((resolve, reject) => {
        get({ socketPath: path.join(folder, 'busbar', `${port}.sock`), path: '/stats' }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
          response.on('end', () => resolve(JSON.parse(text)));
        }).on('error', reject);
      }),
  );
  return /** @type {any} */ (answer);
}

/** @param {Sample | undefined} sample */
function describe(sample) {
  if (sample === undefined) return '';
  const { heap, resident, descriptors, store, sessions, retained } = sample;
  return `heap ${mebibytes(heap)}, resident ${mebibytes(resident)}, ${descriptors} descriptors, store ${mebibytes(store)}, ${sessions} sessions, ${retained} retained`;
}

/** @param {number} bytes */
function mebibytes(bytes) {
  return `${(bytes / 1048576).toFixed(1)} MiB`;
}
