/**
 * What one broker carries on one machine, each with its figures: idle connections, subscriptions, retained messages, messages
 * that wait. The broker runs in a process of its own and tells the longest delay of its event loop.
 *
 *     npm run bench:scale [-- --json] [-- --only idle,subscriptions,wildcards,retained,queued]
 */

import { fork } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { idleConnections, memoryOf, queuedMessages, retainedMessages, subscriptions, wildcards } from './cases.mjs';

const CASES = {
  idle: { title: '15,000 idle connections', run: idleConnections },
  subscriptions: { title: '1,000,000 subscriptions', run: subscriptions },
  wildcards: { title: '10,000 wildcard subscriptions that do not match', run: wildcards },
  retained: { title: '1,000,000 retained messages', run: retainedMessages },
  queued: { title: '100,000 messages that wait for one session', run: queuedMessages },
};

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, only: { type: 'string' } } });
const names = (values.only ?? Object.keys(CASES).join(',')).split(',');
const unknown = names.find((name) => !Object.hasOwn(CASES, name));
if (unknown !== undefined) {
  console.error(`there is no '${unknown}'; there are ${Object.keys(CASES).join(', ')}`);
  process.exit(2);
}

/** @param {string} text */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

const idler = start('idler.mjs');
await answer(idler);

const results = [];
for (const name of names) {
  const { title, run } = CASES[/** @type {keyof typeof CASES} */ (name)];
  // The young generation is as small as `busbar broker` keeps it.
  const execArgv = ['--expose-gc', '--max-semi-space-size=2', ...(process.env.SCALE_ARGV?.split(' ') ?? [])];
  const broker = start('broker.mjs', execArgv);
  const { port } = await answer(broker);
  let longestStallMs = 0;
  const read = async () => {
    const reading = await ask(broker);
    longestStallMs = Math.max(longestStallMs, reading.longestStallMs);
    return reading;
  };
  await read();
  longestStallMs = 0;
  await ask(idler);
  const { after, figures } = await run({ port, read, progress });
  const { longestStallMs: idlerStallMs } = await ask(idler);
  progress('');
  results.push({ name, title, figures, longestStallMs, idlerStallMs, resident: after.rss });
  if (!values.json) {
    console.log(title);
    for (const { figure, value } of figures) console.log(`  ${figure.padEnd(52)} ${value}`);
    console.log(`  ${'longest stall of the event loop'.padEnd(52)} ${longestStallMs.toFixed(1)} ms`);
    console.log(`  ${'of a program that does nothing, meanwhile'.padEnd(52)} ${idlerStallMs.toFixed(1)} ms`);
    console.log(`  ${'resident memory of the broker'.padEnd(52)} ${memoryOf(after)}\n`);
  }
  broker.disconnect();
}
idler.disconnect();
const machine = { processor: cpus()[0]?.model, processors: cpus().length, node: process.version };
if (values.json) console.log(JSON.stringify({ machine, results }, undefined, 2));
else console.log(`on ${machine.processors} x ${machine.processor}, Node ${machine.node}`);

/** A program of this folder. Nobody would answer any more if it ended before it is let go. @param {string} file */
function start(file, /** @type {string[]} */ execArgv = []) {
  const program = fork(fileURLToPath(new URL(file, import.meta.url)), [], { execArgv });
  program.once('exit', (code, signal) => {
    if (code === 0) return;
    progress('');
    console.error(`${file} has ended with ${signal ?? `exit code ${code}`}`);
    process.exit(1);
  });
  return program;
}

/** @param {import('node:child_process').ChildProcess} program @returns {Promise<any>} */
function answer(program) {
  return new Promise((resolve) => program.once('message', resolve));
}

/** How a program is. @param {import('node:child_process').ChildProcess} program @returns {Promise<any>} */
function ask(program) {
  const answered = answer(program);
  program.send('read');
  return answered;
}
