/**
 * Compares clients: a broker on one processor, on the other one client process after the other. What is counted is the CPU time
 * of the client, between its first message and its last, so a slow broker or a busy machine does not change the verdict.
 */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findBrokers, startBroker, withFolder } from '../side-by-side/brokers.mjs';
import { describeCommit, describeMachine } from '../side-by-side/machine.mjs';
import { processors } from '../side-by-side/processors.mjs';
import { median, medianRatio } from '../side-by-side/statistics.mjs';
import { feed } from './feeder.mjs';
import { DOT } from './libraries.mjs';

const TARGET = 3;
const CLIENTS = ['busbar', 'mqtt.js'];
const MEMORY = fileURLToPath(new URL('./memory.mjs', import.meta.url));
const PEER = fileURLToPath(new URL('./peer.mjs', import.meta.url));

const settings = JSON.parse(process.argv[2] ?? '{}');
const rounds = settings.quick ? 3 : 5;
const counts = settings.quick ? { 0: 60_000, 1: 20_000 } : { 0: 200_000, 1: 60_000 };

process.exitCode = await withFolder(async (folder) => {
  const candidates = findBrokers({ brokers: [], without: [] }, folder);
  const candidate = candidates.find(({ name }) => name === (settings.broker ?? 'busbar'));
  if (candidate === undefined) {
    process.stderr.write(`busbar: --broker: expected ${candidates.map(({ name }) => name).join(', ')}\n`);
    return 2;
  }
  const broker = await startBroker(candidate, processors().broker);
  try {
    if (settings.memory) return await watchMemory(broker.url);
    const rows = await measureAll(broker.url);
    tell(rows, candidate);
    return settings.check && rows.some(({ ratio }) => ratio < TARGET) ? 1 : 0;
  } finally {
    broker.stop();
  }
});

/** @returns {Promise<number>} The exit code. */
function watchMemory(url) {
  const count = settings.quick ? 100_000 : 1_000_000;
  const args = ['--expose-gc', MEMORY, JSON.stringify({ url, count, json: settings.json })];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
}

async function measureAll(url) {
  const rows = [];
  for (const role of ['publish', 'receive']) {
    for (const qos of [0, 1]) {
      const results = { busbar: [], 'mqtt.js': [] };
      for (let round = 0; round < rounds; round++) {
        for (let place = 0; place < CLIENTS.length; place++) {
          const client = CLIENTS[(round + place) % CLIENTS.length];
          results[client].push(await runPeer(url, client, role, qos));
        }
      }
      const rates = (client) => results[client].map(({ perCpuSecond }) => perCpuSecond);
      const ratio = medianRatio(rates('busbar'), rates('mqtt.js'));
      rows.push({ role, qos, busbar: median(rates('busbar')), mqttJs: median(rates('mqtt.js')), ratio });
    }
  }
  return rows;
}

/** One client in a process of its own; a receiving one is fed from here. */
async function runPeer(url, client, role, qos) {
  const job = { url, client, role, qos, count: counts[qos], topicName: `client/${client}/${role}/${qos}` };
  const peer = start(job);
  if (role === 'receive') {
    await peer.isReady;
    await feed(job, peer.progress);
  }
  return await peer.result;
}

/** A client process: it says `ready`, a dot for every so many messages that came, and at the end its result as JSON. */
function start(job) {
  const child = spawn(process.execPath, [PEER, JSON.stringify(job)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const progress = { received: 0, handleProgress: () => {} };
  let last = '';
  let handleReady = () => {};
  const isReady = new Promise((resolve) => {
    handleReady = resolve;
  });
  child.stdout.setEncoding('utf8').on('data', (text) => {
    progress.received += DOT * (text.split('.').length - 1);
    if (text.includes('ready')) handleReady();
    last = `${last}${text}`.slice(-500);
    progress.handleProgress();
  });
  const result = new Promise((resolve, reject) => {
    child.on('close', (code) => {
      handleReady();
      if (code === 0) resolve(JSON.parse(last.trim().split('\n').at(-1)));
      else reject(new Error(`${job.client} ended with ${code}`));
    });
  });
  return { isReady, result, progress };
}

function tell(rows, { name, version }) {
  const machine = describeMachine();
  if (settings.json) {
    const about = { commit: describeCommit(), machine, broker: { name, version }, rounds };
    process.stdout.write(`${JSON.stringify({ ...about, rows }, undefined, 2)}\n`);
    return;
  }
  const figure = (value) => Math.round(value).toLocaleString('en-US').padStart(10);
  const lines = rows.map(({ role, qos, busbar, mqttJs, ratio }) => {
    const verdict = ratio >= TARGET ? '' : `  MISSES ${TARGET}`;
    return `${role} QoS ${qos}  ${figure(busbar)}  ${figure(mqttJs)}  ${ratio.toFixed(2).padStart(6)}${verdict}`;
  });
  const head = `messages per CPU second, at ${name} ${version}, Node ${machine.node.slice(1)}, medians of ${rounds} rounds`;
  process.stdout.write(`${head}\n\n${' '.repeat(13)}    busbar     mqtt.js   ratio\n${lines.join('\n')}\n`);
}
