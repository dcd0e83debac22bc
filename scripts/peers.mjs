/**
 * Gets the MQTT software of others that the interoperability tests talk to. On Debian (and its children) as root it
 * is installed, without a running mosquitto service; elsewhere its absence is said in one line. A test looks for the
 * command it needs itself and is reported as skipped when there is none.
 *
 * `BUSBAR_INSTALL_PEERS=0` keeps this from installing anything.
 */

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run, step } from './run.mjs';

const BROWSER = 'chromium';

/** Debian packages, what shows that one is there, and which tests want it. */
const PEERS = [
  {
    name: 'mosquitto',
    isInstalled: () => hasCommand('mosquitto'),
    tests: 'our client against mosquitto',
  },
  {
    name: 'mosquitto-clients',
    isInstalled: () => hasCommand('mosquitto_pub') && hasCommand('mosquitto_sub'),
    tests: 'mosquitto_pub and mosquitto_sub against our broker',
  },
  {
    name: 'python3-paho-mqtt',
    isInstalled: () => ['/usr/bin/python3', 'python3'].some(hasPaho),
    tests: 'Python paho-mqtt against our broker',
  },
  {
    name: 'nats-server',
    isInstalled: () => hasCommand('nats-server') || existsSync('/usr/sbin/nats-server'),
    tests: 'our client against NATS',
  },
  {
    name: 'haproxy',
    isInstalled: () => hasCommand('haproxy'),
    tests: 'our broker behind HAProxy',
  },
  {
    name: 'nginx-light',
    isInstalled: () => hasCommand('nginx'),
    tests: 'our broker behind nginx',
  },
  {
    name: 'libnginx-mod-stream',
    isInstalled: () => existsSync('/usr/lib/nginx/modules/ngx_stream_module.so'),
    tests: 'our broker behind nginx',
  },
  {
    name: BROWSER,
    isInstalled: () => hasCommand(BROWSER),
    tests: "a real browser's WebSocket against our broker",
  },
];

const APT_TIMEOUT_MS = 240_000;

/** Debian's maintainer scripts ask this file whether they may start a service; 101 means no. */
const SERVICE_POLICY = '/usr/sbin/policy-rc.d';
const SERVICE_POLICY_MARK = '# Written by Busbar\'s "npm test" while it installs packages.';

/** Installs the peers that are missing where that is possible, and says which tests are skipped where it is not. */
export async function installPeers() {
  const { absent, obstacle } = await installMissing(PEERS);
  if (absent.length === 0) return;
  const names = absent.map((peer) => peer.name).join(' ');
  const tests = absent.map((peer) => peer.tests).join('; ');
  process.stderr.write(`busbar: not installed: ${names} (${obstacle}), so these tests are skipped: ${tests}\n`);
}

/** Installs one of them. @param {string} name @returns {Promise<string | undefined>} Why it is not there; undefined when it is. */
export async function installPeer(name) {
  const { absent, obstacle } = await installMissing(PEERS.filter((peer) => peer.name === name));
  return absent.length === 0 ? undefined : obstacle;
}

/** @param {typeof PEERS} peers */
async function installMissing(peers) {
  const missing = peers.filter((peer) => !peer.isInstalled());
  if (missing.length === 0) return { absent: [], obstacle: '' };
  const obstacle = reasonNotToInstall() ?? (await installEach(missing.map((peer) => peer.name)));
  return { absent: missing.filter((peer) => !peer.isInstalled()), obstacle };
}

/** @returns {string | undefined} */
function reasonNotToInstall() {
  if (process.env.BUSBAR_INSTALL_PEERS === '0') return 'BUSBAR_INSTALL_PEERS is 0';
  if (!isDebian()) return 'only on Debian they are installed for you';
  if (process.getuid?.() !== 0) return 'only root can run apt-get';
  if (serviceStartIsAllowed()) return `${SERVICE_POLICY} would let services start`;
  return undefined;
}

function isDebian() {
  if (!hasCommand('apt-get') || !existsSync('/etc/os-release')) return false;
  return /^ID(_LIKE)?=.*\bdebian\b/m.test(readFileSync('/etc/os-release', 'utf8'));
}

/** True when someone else's policy is in place and allows services to start. */
function serviceStartIsAllowed() {
  if (!existsSync(SERVICE_POLICY)) return false;
  if (readFileSync(SERVICE_POLICY, 'utf8').includes(SERVICE_POLICY_MARK)) return false;
  return spawnSync(SERVICE_POLICY, ['mosquitto', 'start']).status !== 101;
}

/**
 * The browser comes on its own: where there is none, the small packages come all the same.
 *
 * @param {string[]} names @returns {Promise<string>} What apt-get had to say when it failed.
 */
async function installEach(names) {
  const groups = [names.filter((name) => name !== BROWSER), names.filter((name) => name === BROWSER)];
  let failure = '';
  for (const group of groups) if (group.length > 0) failure = await install(group);
  return failure;
}

/** @param {string[]} names @returns {Promise<string>} What apt-get had to say when it failed. */
async function install(names) {
  return await step(`installing Debian packages (${names.join(' ')})`, () =>
    withoutServices(async () => {
      let result = await aptGet('install', '--yes', '--no-install-recommends', ...names);
      if (result.code !== 0) {
        await aptGet('update');
        result = await aptGet('install', '--yes', '--no-install-recommends', ...names);
      }
      // Installed for tests only: the service must not take port 1883 after the next boot either.
      if (names.includes('mosquitto') && result.code === 0) await run('update-rc.d', ['mosquitto', 'disable']);
      return `apt-get failed: ${result.output.trim().split('\n').at(-1)}`;
    }),
  );
}

/** @param {string[]} args */
function aptGet(...args) {
  return run('apt-get', ['-o', 'DPkg::Lock::Timeout=60', ...args], {
    env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    timeoutMs: APT_TIMEOUT_MS,
  });
}

/**
 * Runs `action` while a policy forbids packages to start services, and leaves nothing of the policy behind. A signal
 * is heeded only after the action: apt-get goes on without us, and it needs the policy to its end.
 * @template T
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
async function withoutServices(action) {
  const isOurs = !existsSync(SERVICE_POLICY) || readFileSync(SERVICE_POLICY, 'utf8').includes(SERVICE_POLICY_MARK);
  if (!isOurs) return await action();
  let isInterrupted = false;
  const interrupt = () => {
    isInterrupted = true;
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  writeFileSync(SERVICE_POLICY, `#!/bin/sh\n${SERVICE_POLICY_MARK}\nexit 101\n`, { mode: 0o755 });
  try {
    return await action();
  } finally {
    rmSync(SERVICE_POLICY, { force: true });
    if (isInterrupted) process.exit(130);
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** @param {string} name */
function hasCommand(name) {
  // Debian keeps servers where only root's PATH looks.
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.some((folder) => isExecutable(path.join(folder, name)));
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} python */
function hasPaho(python) {
  return spawnSync(python, ['-c', 'import paho.mqtt.client']).status === 0;
}
