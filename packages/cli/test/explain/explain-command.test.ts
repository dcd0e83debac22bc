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
