/**
 * Whether a client's memory stays flat: it publishes a million messages of QoS 1 to itself, 256 at a time, and after every tenth
 * of them collects its garbage and looks at what is left.
 *
 *     node --expose-gc bench/client/memory.mjs '{"url":"mqtt://localhost:1883","count":1000000}'
 *
 * Ends with 1 when it has grown by more than LIMIT_BYTES from the first half of the messages to the second.
 */

import { connect } from '@busbar/client';

/** Half a byte for each message: what V8 keeps for itself grows by less. */
const LIMIT_BYTES = 512 * 1024;
const STEPS = 10;
const IN_FLIGHT = 256;

const { url, count = 1_000_000, json = false } = JSON.parse(process.argv[2] ?? '{}');
const topicName = `client/memory/${process.pid}`;
const payload = new Uint8Array(64);

const client = await connect(url);
let received = 0;
let handleReceived = () => {};
await client.subscribe(topicName, { qos: 1 }, () => {
  received += 1;
  handleReceived();
});

const samples = [];
const startedAt = performance.now();
for (let step = 1; step <= STEPS; step++) {
  await publishUpTo(Math.round((count * step) / STEPS));
  samples.push(await sample());
}
const seconds = (performance.now() - startedAt) / 1000;
await client.end();

// The least of several samples: what is in flight at the moment, and V8's own, come and go.
const leastOf = (part) => Math.min(...part.map(({ heapUsed }) => heapUsed));
const grown = leastOf(samples.slice(STEPS / 2)) - leastOf(samples.slice(0, STEPS / 2));
tell();
process.exitCode = grown > LIMIT_BYTES ? 1 : 0;

/** All of them published, acknowledged and received. */
async function publishUpTo(total) {
  let published = received;
  const lane = async () => {
    while (published < total) {
      published += 1;
      await client.publish(topicName, payload, { qos: 1 });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  while (received < total) {
    await new Promise((resolve) => {
      handleReceived = resolve;
    });
  }
}

async function sample() {
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { received, heapUsed: heapUsed + arrayBuffers, rss };
}

function tell() {
  if (json) {
    process.stdout.write(`${JSON.stringify({ count, seconds, grown, samples })}\n`);
    return;
  }
  const mebibytes = (bytes) => (bytes / 1024 / 1024).toFixed(2).padStart(8);
  process.stdout.write(`messages    heap, MiB    process, MiB\n`);
  for (const { received: at, heapUsed, rss } of samples) {
    process.stdout.write(`${at.toLocaleString('en-US').padStart(9)} ${mebibytes(heapUsed)} ${mebibytes(rss)}\n`);
  }
  const verdict = grown > LIMIT_BYTES ? `, more than ${LIMIT_BYTES / 1024} KiB` : '';
  process.stdout.write(
    `grown by ${(grown / 1024).toFixed(0)} KiB from the first half to the second${verdict}; ${seconds.toFixed(1)} s\n`,
  );
}
