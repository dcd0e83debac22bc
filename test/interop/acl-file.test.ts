/**
 * The same operations on Debian's mosquitto and on our broker, with the same acl_file and password_file: what comes, what
 * does not, and what each is answered with must be the same.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Broker, createBroker, passwordFile } from '@busbar/broker';
import { type Client, connect } from '@busbar/client';
import { findMosquitto, MosquittoBroker } from '@busbar/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

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

describe.skipIf(findMosquitto() === undefined)('an acl_file at Debian’s mosquitto and at our broker', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-acl-'));
  const aclFile = path.join(folder, 'acl');
  const passwords = path.join(folder, 'passwd');
  let mosquitto: MosquittoBroker;
  let broker: Broker;
  const urls: string[] = [];

  beforeAll(async () => {
    writeFileSync(aclFile, `${ACL}\nuser admin\ntopic #\ntopic $other/#\n`);
    writeFileSync(passwords, '');
    for (const user of [...USERS, 'admin']) execFileSync('mosquitto_passwd', ['-b', passwords, user, `pw-${user}`]);
    const config = [`acl_file ${aclFile}`, `password_file ${passwords}`];
    mosquitto = await MosquittoBroker.start({ config });
    broker = await createBroker({
      listeners: [{ host: '127.0.0.1', port: 0 }],
      authenticators: [passwordFile(passwords)],
      allowAnonymous: true,
      authorization: { aclFile },
      sessionOwnership: 'anyone',
      systemTopicsInterval: 0,
      login: { backOff: { addressFailures: 1000, nameFailures: 1000 } },
    });
    urls.push(`mqtt://127.0.0.1:${mosquitto.port}`, `mqtt://127.0.0.1:${broker.listeners[0]?.port}`);
  });

  afterAll(async () => {
    await Promise.all([mosquitto.stop(), broker.stop()]);
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
