import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadProfile } from '../../src/profile/load-profile.ts';

function writeProfiles(text: string, files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-profiles-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  writeFileSync(path.join(folder, 'profiles.yaml'), text);
  return path.join(folder, 'profiles.yaml');
}

test('a profile becomes options, with secrets from the environment and from files', async () => {
  const file = writeProfiles(
    'plant1:\n  url: mqtts://shift@broker.example:8884\n  pw: { env: SECRET }\n  id: { file: id.txt }\n  k: 30\n  quiet: true\n  insecure: false\n  cafile: ca.pem\n',
    { 'id.txt': 'panel-7\n' },
  );
  expect(await loadProfile('plant1', { BUSBAR_PROFILES: file, SECRET: 's3cret' })).toEqual([
    ...['-h', 'broker.example', '-p', '8884', '-u', 'shift', '--tls-use-os-certs', '--pw', 's3cret', '--id', 'panel-7'],
    ...['-k', '30', '--quiet', '--cafile', path.join(path.dirname(file), 'ca.pem')],
  ]);
});

test.each([
  ['other', "has no profile 'other': it has plant1"],
  ['plant1', 'plant1.pw: the environment has no SECRET'],
])('%s: %s', async (name, message) => {
  const file = writeProfiles('plant1:\n  pw: { env: SECRET }\n');
  await expect(loadProfile(name, { BUSBAR_PROFILES: file })).rejects.toThrow(message);
});

test('a file that is not there', async () => {
  await expect(loadProfile('x', { BUSBAR_PROFILES: '/does/not/exist' })).rejects.toThrow(/cannot read the profiles/);
});
