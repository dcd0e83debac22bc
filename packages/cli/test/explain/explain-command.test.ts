import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runInProcess } from '../support/in-process.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'busbar-explain-'));
afterAll(() => rmSync(folder, { recursive: true }));

const acl = path.join(folder, 'acl');
const config = path.join(folder, 'busbar.yaml');
writeFileSync(acl, 'user filler\ntopic write plant/#\ntopic deny plant/secret\npattern read own/%c/#\n');
writeFileSync(
  config,
  `authentication:
  allowAnonymous: true
authorization:
  groups: { operators: [anna] }
  rules:
    - deny: publish
      topics: plant/locked
      reasonCode: 0x97
    - allow: all
      topics: plant/#
      groups: operators
    - allow: read
      topics: north/#
      claims: { site: north, level: 2 }
`,
);

const several = path.join(folder, 'several.yaml');
writeFileSync(path.join(folder, 'users'), '');
writeFileSync(
  several,
  `listeners:
  - { port: 0, name: panels, authentication: { allowAnonymous: true } }
  - { port: 0, name: office, mountPoint: plant/, authentication: { chain: [{ passwordFile: users }] } }
  - { port: 0, aclFile: acl }
authorization:
  rules:
    - { deny: all, topics: plant/a, listeners: panels }
    - { allow: all, topics: plant/#, listeners: [panels, office] }
`,
);

test.each([
  [
    ['publish', '--listener', 'panels', 'plant/a'],
    1,
    `denied by ${several}:7 (deny all plant/a): not authorized (0x87)`,
  ],
  [['publish', '--listener', 'office', 'a'], 0, `allowed by ${several}:8 (allow all plant/#)`],
  [['receive', '--listener', 'office', 'a'], 0, `allowed by ${several}:8 (allow all plant/#)`],
  [['subscribe', '--listener', 'office', '$share/g/#'], 0, `allowed by ${several}:8 (allow all plant/#)`],
  [
    ['publish', '--listener', 'office', '+/a'],
    1,
    'refused: Topic Name: expected no wildcard character, came + at character 7, topic name invalid (0x90)',
  ],
  [['publish', 'plant/b'], 1, 'denied because no rule allows it: not authorized (0x87)'],
  [
    ['publish', '--listener', 'listeners[2]', '-u', 'filler', 'plant/a'],
    0,
    `allowed by ${acl}:2 (topic write plant/#)`,
  ],
  [['connect', '--listener', 'panels'], 0, 'allowed by allowAnonymous as an anonymous client'],
  [
    ['connect', '--listener', 'office'],
    1,
    'refused by allowAnonymous: clients without a user name may not connect, not authorized (0x87)',
  ],
])('explain %j by a configuration with several listeners', async ([question = '', ...words], exitCode, line) => {
  const told = await runInProcess(['explain', question, '-c', several, ...words]);
  expect(told).toEqual({ exitCode, stdout: `${line}\n`, stderr: '' });
});

test('explain says which listeners there are', async () => {
  const told = await runInProcess(['explain', 'publish', '-c', several, '--listener', 'panel', 'a']);
  expect(told).toMatchObject({ exitCode: 2, stdout: '' });
  expect(told.stderr).toContain(
    "there is no listener 'panel', there are panels, office, listeners[2]; did you mean panels?",
  );
});

test.each([
  [['publish', '--acl', acl, '-u', 'filler', 'plant/a'], 0, `allowed by ${acl}:2 (topic write plant/#)`],
  [
    ['publish', '--acl', acl, '-u', 'filler', 'plant/secret'],
    1,
    `denied by ${acl}:3 (topic deny plant/secret): not authorized (0x87)`,
  ],
  [['publish', '--acl', acl, 'plant/a'], 1, 'denied because no rule allows it: not authorized (0x87)'],
  [['receive', '--acl', acl, '-i', 'd1', 'own/d1/x'], 0, `allowed by ${acl}:4 (pattern read own/%c/#)`],
  [
    ['subscribe', '--acl', acl, '#'],
    0,
    `allowed by ${acl} (an acl_file lets everybody subscribe, and deliver what he may read)`,
  ],
  [
    ['publish', '-c', config, '-u', 'anna', 'plant/locked'],
    1,
    `denied by ${config}:6 (deny publish plant/locked): quota exceeded (0x97)`,
  ],
  [
    ['publish', '-c', config, '-u', 'zoe', '--group', 'operators', 'plant/a'],
    0,
    `allowed by ${config}:9 (allow all plant/#)`,
  ],
  [
    ['subscribe', '-c', config, '--claim', 'site=north', '--claim', 'level=2', '$share/g/north/+'],
    0,
    `allowed by ${config}:12 (allow read north/#)`,
  ],
  [
    ['publish', '-c', config, 'a/#'],
    1,
    'refused: Topic Name: expected no wildcard character, came # at character 3, topic name invalid (0x90)',
  ],
  [['publish', '-c', config, '$SYS/x'], 1, 'refused: only the broker publishes below $SYS, not authorized (0x87)'],
  [['connect', '-c', config], 0, 'allowed by allowAnonymous as an anonymous client'],
])('explain %j', async (words, exitCode, line) => {
  expect(await runInProcess(['explain', ...words])).toEqual({ exitCode, stdout: `${line}\n`, stderr: '' });
});

test.each([
  [['explain'], 2],
  [['explain', 'publish', 'x'], 2],
  [['explain', 'publish', '--acl', acl], 2],
  [['explain', 'bogus', '--acl', acl, 'x'], 2],
  [['explain', 'publish', '--acl', '/does/not/exist', 'x'], 1],
])('%j ends with %i', async (words, exitCode) => {
  expect((await runInProcess(words)).exitCode).toBe(exitCode);
});
