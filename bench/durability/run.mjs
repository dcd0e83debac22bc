/**
 * What an acknowledgement costs that survives a crash: QoS 1 into sessions that stay, at brokers side by side, each alone in turn.
 *
 *     npm run bench:durability [-- --json] [-- --seconds 3] [-- --rounds 3]
 *
 * 20 publishers with 50 messages in flight each, 20 subscribers whose sessions stay, one for each publisher; then 5,000 messages
 * a second, and how long their acknowledgements take. Mosquitto saves what it keeps every half hour, NATS when its system does:
 * only what Busbar says it has kept is on the disk.
 */

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { canConnect, freePort } from '../peers/port.mjs';
import { measure } from './load.mjs';

const LAUNCHER = fileURLToPath(new URL('../../packages/cli/bin/busbar.js', import.meta.url));
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const folder = mkdtempSync(path.join(tmpdir(), 'busbar-durability-'));

/** @type {Record<string, (port: number, data: string) => { program: string, args: string[] }>} */
const BROKERS = {
  'busbar, disk': (port, data) => busbar(port, data),
  'busbar, memory': (port) => busbar(port, 'memory'),
  'mosquitto, persistence': (port, data) => {
    const file = `${data}.conf`;
    const lines = [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'persistence true',
      `persistence_location ${folder}/`,
      `persistence_file ${path.basename(data)}.db`,
      'max_queued_messages 0',
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    return { program: 'mosquitto', args: ['-c', file] };
  },
  'nats-server, JetStream': (port, data) => {
    const file = `${data}.conf`;
    const config = `server_name: bench\nlisten: "127.0.0.1:-1"\njetstream { store_dir: "${data}" }\nmqtt { host: "127.0.0.1", port: ${port} }\n`;
    writeFileSync(file, config);
    return { program: 'nats-server', args: ['-c', file] };
  },
};

/** @param {number} port @param {string} data */
function busbar(port, data) {
  const args = [LAUNCHER, 'broker', '-p', `${port}`, '--host', '127.0.0.1', '--data', data];
  return { program: process.execPath, args };
}

const names = Object.keys(BROKERS).filter((name) => {
  const { program } = /** @type {any} */ (BROKERS[name])(0, path.join(folder, 'probe'));
  const isThere = spawnSync('sh', ['-c', 'command -v "$0"', program]).status === 0;
  if (!isThere) console.error(`${program} is not installed: left out`);
  return isThere;
});

/** @type {Record<string, any[]>} */
const results = Object.fromEntries(names.map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const [at, name] of names.entries()) results[name]?.push(await once(name, `${round}-${at}`));
}
rmSync(folder, { recursive: true, force: true });

const table = names.map((name) => ({ name, ...medians(results[name] ?? []) }));
if (values.json) console.log(JSON.stringify({ machine: machine(), table }, undefined, 2));
else {
  console.log('broker                    acked/s   us CPU/msg   at 5,000/s: p50 ms   p99 ms   us CPU/msg');
  for (const { name, ackedPerSecond, cpuMicroseconds, p50, p99, cpuAtRate } of table) {
    const columns = [
      name.padEnd(24),
      ackedPerSecond.toFixed(0).padStart(8),
      cpuMicroseconds.toFixed(1).padStart(12),
      p50.toFixed(1).padStart(20),
      p99.toFixed(1).padStart(8),
      cpuAtRate.toFixed(0).padStart(12),
    ];
    console.log(columns.join(' '));
  }
  console.log(`medians of ${rounds} rounds; ${machine()}`);
}

async function once(name, suffix) {
  const port = await freePort();
  const { program, args } = /** @type {any} */ (BROKERS[name])(port, path.join(folder, `data-${suffix}`));
  const broker = spawn(program, args, { stdio: 'ignore' });
  try {
    await untilListening(port);
    return await measure({ port, seconds, cpuMs: () => cpuMsOf(broker.pid ?? 0) });
  } finally {
    broker.kill('SIGKILL');
    await new Promise((resolve) => broker.once('exit', resolve));
  }
}

/** User and system time of a process with its threads. @param {number} pid */
function cpuMsOf(pid) {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const [nanoseconds = '0'] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ');
    return sum + Number(nanoseconds) / 1e6;
  }, 0);
}

/** @param {any[]} measured */
function medians(measured) {
  const median = (name) => {
    const sorted = measured.map((each) => each[name]).sort((one, other) => one - other);
    return sorted[sorted.length >> 1] ?? Number.NaN;
  };
  return Object.fromEntries(Object.keys(measured[0] ?? {}).map((name) => [name, median(name)]));
}

/** @param {number} port */
async function untilListening(port) {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await canConnect(port)) return;
    await rest(50);
  }
  throw new Error(`nothing listens on ${port}`);
}

function machine() {
  return `${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}`;
}
