import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../../scripts/run.mjs';
import { canConnect, freePort } from '../peers/port.mjs';
import { withProcessor } from './processors.mjs';

const START_TIMEOUT_MS = 20_000;
const POLL_MS = 50;
const MOSQUITTO = ['mosquitto', '/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto'];

/**
 * A broker to compare.
 * @typedef {{ name: string, version: string, command: string }} Candidate `command` has `{port}` in it.
 * @typedef {{ name: string, url: string, pids: () => number[], stop: () => void, hasEnded: () => boolean }} RunningBroker
 */

/** The brokers that are here: ours first. @param {{ brokers: { name: string, command: string }[], without: string[] }} settings @param {string} folder For files of theirs. @returns {Candidate[]} */
export function findBrokers({ brokers, without }, folder) {
  const node = JSON.stringify(process.execPath);
  const launcher = JSON.stringify(path.join(ROOT, 'packages/cli/bin/busbar.js'));
  const busbar = {
    name: 'busbar',
    version: JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')).version,
    // Its defaults: data in a directory, of which clients without lasting sessions need nothing.
    command: `${node} ${launcher} broker --host 127.0.0.1 --port {port} --data ${path.join(folder, 'busbar-{port}')}`,
  };
  const peers = [mosquitto(folder), aedes(node)].filter((peer) => peer !== undefined && !without.includes(peer.name));
  return [busbar, ...peers, ...brokers.map((broker) => ({ ...broker, version: '' }))];
}

/** @param {string} folder @returns {Candidate | undefined} */
function mosquitto(folder) {
  const command = MOSQUITTO.find((each) => spawnSync(each, ['-h']).error === undefined);
  if (command === undefined) return undefined;
  const [, version = ''] = /version (\S+)/.exec(String(spawnSync(command, ['-h']).stdout)) ?? [];
  const config = path.join(folder, 'mosquitto-{port}.conf');
  // Its defaults, but for what anybody must set to use it.
  const write = `printf 'listener {port} 127.0.0.1\\nallow_anonymous true\\n' > ${config}`;
  return { name: 'mosquitto', version, command: `${write} && exec ${command} -c ${config}` };
}

/** @param {string} node @returns {Candidate | undefined} */
function aedes(node) {
  const require = createRequire(import.meta.url);
  const manifest = path.join(ROOT, 'node_modules/aedes/package.json');
  if (!existsSync(manifest)) return undefined;
  const script = JSON.stringify(path.join(ROOT, 'bench/peers/aedes.mjs'));
  return { name: 'aedes', version: require(manifest).version, command: `${node} ${script} {port}` };
}

/** Starts a broker on a processor and waits until it listens. @param {Candidate} candidate @param {number | undefined} processor @returns {Promise<RunningBroker>} @throws {Error} It does not start. */
export async function startBroker({ name, command }, processor) {
  const port = await freePort();
  const line = command.replaceAll('{port}', String(port));
  const [program, ...args] = withProcessor(processor, ['sh', '-c', line.includes('exec ') ? line : `exec ${line}`]);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said = `${said}${text}`.slice(-500);
  });
  let hasEnded = false;
  child.on('close', () => {
    hasEnded = true;
  });
  child.on('error', (error) => {
    said = error.message;
    hasEnded = true;
  });
  const stop = () => {
    try {
      process.kill(-child.pid, 'SIGTERM');
    } catch {} // it has ended
  };
  const until = Date.now() + START_TIMEOUT_MS;
  while (!(await canConnect(port))) {
    if (hasEnded || Date.now() > until) {
      stop();
      const why = hasEnded ? 'it ended' : `nothing listens on port ${port}`;
      throw new Error(`${name} does not start: ${why}: ${said.trim().split('\n').at(-1)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const url = `mqtt://127.0.0.1:${port}`;
  return { name, url, pids: () => withChildren(child.pid), stop, hasEnded: () => hasEnded };
}

/** A process and all that it has started. @param {number} pid @returns {number[]} */
function withChildren(pid) {
  if (!existsSync(`/proc/${pid}/task`)) return [];
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    const file = `/proc/${pid}/task/${thread}/children`;
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
  });
  return [pid, ...children.flatMap(withChildren)];
}

/** A folder that is gone afterwards. @template T @param {(folder: string) => Promise<T>} act @returns {Promise<T>} */
export async function withFolder(act) {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-bench-'));
  writeFileSync(path.join(folder, '.keep'), '');
  try {
    return await act(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
