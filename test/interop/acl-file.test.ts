/**
 * The same operations on Debian's mosquitto and on our broker, with the same acl_file and password_file: what comes, what
 * does not, and what each is answered with must be the same.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectSocket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Broker, createBroker, passwordFile } from '@busbar/broker';
import { type Client, connect } from '@busbar/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const hasMosquitto = spawnSync('mosquitto', ['-h']).error === undefined;

const USERS = ['ann', 'bob', 'a+b', 'x#', '%c', '*', 'Ann'];
const ACL = [
  '# anonymous',
  'topic read pub/#',
  'topic $SYS/broker/version',
  '',
  'user ann',
  'topic readwrite plant/#',
  'topic   deny   plant/secret/#',
  'topic read plant/secret/open',
  'topic write only/write\r',
  'topic read only/read\r',
  'user bob',
  'topic deny #',
  'topic plant/#',
  'user *',
  'topic star/#',
  'user a+b',
  'topic mine/#',
  'pattern write dev/%c/up',
  'pattern read usr/%u/#',
  'pattern both/%u/%c',
  'pattern deny both/%u/denied',
  'user ann',
  'topic again/+/x',
  'topic readwrite with blank/a b',
].join('\n');

const CLIENTS = [
  ['ann', 'c1'],
  ['bob', 'c2'],
  ['Ann', 'c3'],
  ['*', 'c4'],
  ['%c', 'c5'],
  ['a+b', 'c6'],
  ['x#', 'c7'],
  [undefined, 'c8'],
  [undefined, '+'],
  ['ann', 'c#'],
  ['bob', 'denied'],
] as const;

const TOPICS = [
  ...['pub/a', 'pub', 'plant', 'plant/x', 'plant/x/y', 'plant/secret', 'plant/secret/open', 'plant/secret/a/b'],
  ...['only/write', 'only/read', 'star/x', 'mine/x', 'again/a/x', 'again/a/y', 'with blank/a b', 'with blank/a'],
  ...['dev/c1/up', 'dev/c2/up', 'dev/+x/up', 'dev/c5/up', 'usr/ann/1', 'usr/bob/1', 'usr/%c/1', 'usr/c5/1', 'usr//1'],
  ...['both/ann/c1', 'both/ann/c2', 'both/bob/denied', 'both/%c/c5', 'PLANT/x', 'plant/X', '/plant/x', '$other/x'],
];

describe.skipIf(!hasMosquitto)('an acl_file at Debian’s mosquitto and at our broker', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-acl-'));
  const aclFile = path.join(folder, 'acl');
  const passwords = path.join(folder, 'passwd');
  let mosquitto: ChildProcess;
  let broker: Broker;
  const urls: string[] = [];

  beforeAll(async () => {
    writeFileSync(aclFile, `${ACL}\nuser admin\ntopic #\ntopic $other/#\n`);
    writeFileSync(passwords, '');
    for (const user of [...USERS, 'admin']) execFileSync('mosquitto_passwd', ['-b', passwords, user, `pw-${user}`]);
    const port = await freePort();
    const config = path.join(folder, 'mosquitto.conf');
    const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', `acl_file ${aclFile}`];
    // As root it would change to a user that cannot read the folder.
    lines.push(`password_file ${passwords}`, 'user root');
    writeFileSync(config, `${lines.join('\n')}\n`);
    mosquitto = spawn('mosquitto', ['-c', config], { stdio: 'ignore' });
    await untilListening(port);
    broker = await createBroker({
      listeners: [{ host: '127.0.0.1', port: 0 }],
      authenticators: [passwordFile(passwords)],
      allowAnonymous: true,
      authorization: { aclFile },
      sessionOwnership: 'anyone',
      systemTopicsInterval: 0,
      login: { backOff: { addressFailures: 1000, nameFailures: 1000 } },
    });
    urls.push(`mqtt://127.0.0.1:${port}`, `mqtt://127.0.0.1:${broker.listeners[0]?.port}`);
  });

  afterAll(async () => {
    const ended = once(mosquitto, 'exit');
    mosquitto.kill();
    await Promise.all([ended, broker.stop()]);
    rmSync(folder, { recursive: true });
  });

  test('everybody publishes to everything, and subscribes to everything', async () => {
    const [theirs, ours] = await Promise.all(urls.map(observe));
    assert.ok(theirs !== undefined && ours !== undefined);
    // Not a comparison of nothing with nothing.
    expect(theirs.filter((line) => line.endsWith(' 0x00') || line.endsWith(' 0x10')).length).toBeGreaterThan(30);
    expect(theirs.filter((line) => line.endsWith(' 0x87')).length).toBeGreaterThan(100);
    expect(theirs.filter((line) => line.includes(' got ')).length).toBeGreaterThan(20);
    expect(ours).toEqual(theirs);
  });

  test('who may log in', async () => {
    const attempts = [
      ['ann', 'pw-ann'],
      ['ann', 'pw-bob'],
      ['ann', ''],
      ['ann', undefined],
      ['Ann', 'pw-ann'],
      ['nobody', 'pw-ann'],
      ['%c', 'pw-%c'],
    ] as const;
    const [theirs, ours] = await Promise.all(
      urls.map((url) =>
        Promise.all(
          attempts.map(async ([userName, password], index) => {
            const options = {
              userName,
              ...(password === undefined ? {} : { password }),
              clientIdentifier: `l${index}`,
            };
            return connect(url, { ...options, reconnect: false }).then(
              async (client) => {
                await client.end();
                return 'in';
              },
              (error: { reasonCode?: number }) => `refused ${error.reasonCode}`,
            );
          }),
        ),
      ),
    );
    expect(ours).toEqual(theirs);
    expect(theirs).toContain('in');
  });
});

/** What happens at one broker, a line each. */
async function observe(url: string): Promise<string[]> {
  const lines: string[] = [];
  const admin = await connect(url, { clientIdentifier: 'admin', userName: 'admin', password: 'pw-admin' });
  for (const [userName, clientIdentifier] of CLIENTS) {
    const who = `${userName}/${clientIdentifier}`;
    const credentials = userName === undefined ? {} : { userName, password: `pw-${userName}` };
    const client = await connect(url, { clientIdentifier, ...credentials });
    const got: string[] = [];
    for (const filter of ['#', '$other/#']) {
      await client.subscribe(filter, { qos: 1 }, ({ topicName }) => void got.push(topicName));
    }
    for (const topic of TOPICS) lines.push(`${who} publishes ${topic} ${await answerTo(client, topic)}`);
    got.length = 0;
    for (const topic of TOPICS) await answerTo(admin, topic);
    await client.publish('fence', 'f', { qos: 1 }).catch(() => {});
    await client.end();
    lines.push(...[...got].sort().map((topic) => `${who} got ${topic}`));
  }
  await admin.end();
  return lines;
}

async function answerTo(client: Client, topicName: string): Promise<string> {
  try {
    await client.publish(topicName, 'x', { qos: 1 });
    return '0x00';
  } catch (error) {
    const { reasonCode } = error as { reasonCode?: number };
    return `0x${(reasonCode ?? 0).toString(16).padStart(2, '0')}`;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function untilListening(port: number): Promise<void> {
  for (const deadline = performance.now() + 10_000; performance.now() < deadline; ) {
    const socket = connectSocket(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`mosquitto does not listen on port ${port}`);
}
