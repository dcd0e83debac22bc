/**
 * One client that publishes or receives so many messages, as a user of its library would write it, and tells what CPU time
 * that took. The first tenth is for the compiler and not counted.
 */

import { clientOf, DOT } from './libraries.mjs';

const PAYLOAD = Buffer.alloc(64, 'x');
/** Messages under way at a time while publishing: what a program that does not wait for each one has. */
const WINDOW = 100;

const { url, client: library, role, qos, count, topicName } = JSON.parse(process.argv[2] ?? '');
const warmUp = Math.floor(count / 10);
const client = await clientOf(library, url);
const result = await (role === 'publish' ? publishAll() : receiveAll());
await client.end();
process.stdout.write(`\n${JSON.stringify(result)}\n`);

/** Keeps the window full until all are handed over, which at QoS 1 means acknowledged. */
function publishAll() {
  return new Promise((resolve, reject) => {
    let begun = 0;
    let done = 0;
    let before;
    const finish = (error) => {
      if (error) return reject(error);
      if (++done === warmUp) before = process.cpuUsage();
      if (done === count) resolve(resultOf(before, count - warmUp));
      if (begun < count) next();
    };
    const next = () => {
      begun++;
      client.publish(topicName, PAYLOAD, qos, finish);
    };
    for (let i = 0; i < WINDOW; i++) next();
  });
}

async function receiveAll() {
  let handleEnd = () => {};
  const ended = new Promise((resolve) => {
    handleEnd = resolve;
  });
  let received = 0;
  let before;
  await client.subscribe(topicName, qos, (payload) => {
    if (payload.length !== PAYLOAD.length) throw new Error(`a payload of ${payload.length} bytes came`);
    if (++received === warmUp) before = process.cpuUsage();
    if (received % DOT === 0) process.stdout.write('.');
    if (received === count) handleEnd(resultOf(before, count - warmUp));
  });
  process.stdout.write('ready\n');
  return await ended;
}

function resultOf(before, messages) {
  const { user, system } = process.cpuUsage(before);
  return { perCpuSecond: (messages * 1e6) / (user + system) };
}
