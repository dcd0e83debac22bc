import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createTestAuthority } from '@busbar/testkit';
import { afterAll, expect, test } from 'vitest';
import { runInProcess } from '../support/in-process.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'busbar-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

test('config check says that nothing is wrong, or all that is', async () => {
  const good = write('good.yaml', 'listeners: [{ port: 0 }]\n');
  expect(await runInProcess(['config', 'check', good])).toEqual({
    exitCode: 0,
    stdout: `${good}: ok, 1 listener\n`,
    stderr: '',
  });
  const bad = write('bad.yaml', 'listners: []\nlimits: { receiveMaximum: 0 }\n');
  const { exitCode, stdout, stderr } = await runInProcess(['config', 'check', bad]);
  expect([exitCode, stdout]).toEqual([1, '']);
  expect(stderr.trimEnd().split('\n')).toEqual([
    `Error: ${bad}:1: there is no setting listners; did you mean listeners?`,
    `Error: ${bad}:2: limits.receiveMaximum must be at least 1, not 0`,
  ]);
});

test('config check finds what does not fit together, and rules with mistakes', async () => {
  const file = write('cross.yaml', 'listeners: [{ transport: tls }]\n');
  expect((await runInProcess(['config', 'check', file])).stderr).toContain('listeners[0].tls is missing');
  const rules = write('rules.yaml', 'authorization:\n  rules:\n    - allow: publish\n      topics: a/#/b\n');
  expect((await runInProcess(['config', 'check', rules])).stderr).toContain(`${rules}:3: topics: Topic Filter`);
});

test('config check finds what the broker would not start with, or would start with in vain', async () => {
  const faults = async (text: string): Promise<string> => {
    const { exitCode, stderr } = await runInProcess(['config', 'check', write('vain.yaml', text)]);
    expect(exitCode).toBe(1);
    return stderr;
  };
  expect(await faults('listeners: []\n')).toContain('vain.yaml:1: listeners must have at least 1');
  const proxies = "listeners:\n  - { proxyProtocol: true, trustedProxies: ['::1', '10.0.0.0/33'] }\n";
  expect(await faults(proxies)).toContain('vain.yaml:2: listeners[0].trustedProxies[1] must be an address such as');
  const unproxied = "listeners:\n  - { port: 0 }\n  - { port: 0, trustedProxies: ['::1'] }\n";
  expect(await faults(unproxied)).toContain('vain.yaml:3: listeners[1].trustedProxies has no effect here: it needs');
  const unix = await faults('listeners: [{ transport: unix, port: 1 }]\n');
  expect(unix).toContain('vain.yaml:1: the option listeners[0].port is not for the transport unix; there are');
  expect(unix).toContain('vain.yaml:1: listeners[0].path is missing: the file of the Unix socket');
  const rules = (names: string) =>
    `listeners: [{ port: 0, name: panels }, { port: 0, name: office }]\nauthorization:\n  rules:\n    - deny: all\n      topics: a\n      listeners: ${names}\n`;
  expect(await faults(rules('nix'))).toContain(
    "vain.yaml:6: authorization.rules[0].listeners: there is no listener 'nix', there are panels, office\n",
  );
  expect(await faults(rules('[office, panel]'))).toContain(
    "rules[0].listeners: there is no listener 'panel', there are panels, office; did you mean panels?\n",
  );
  const nameless = 'authorization: { rules: [{ deny: all, topics: a, listeners: nix }] }\n';
  expect(await faults(nameless)).toContain("there is no listener 'nix', no listener has a name\n");
  const durability = "data: memory\ndurability:\n  - { topicFilter: 'a/#/b', durability: disk }\n";
  expect(await faults(durability)).toContain('vain.yaml:3: durability[0].topicFilter: Topic Filter: expected #');
  const headers = 'authentication: { chain: [{ http: { url: \'http://a/\', headers: { x: "secret\\n" } } }] }\n';
  const line = await faults(headers.replace('x:', "'x y':"));
  expect(line).toContain("vain.yaml:1: authentication.chain[0]: http: the header 'x y' cannot be sent");
  expect(line).not.toContain('secret');
});

test('config check finds the TLS that a listener could not open with, or would open with in vain', async () => {
  const { cert, key } = createTestAuthority().issue({ commonName: 'localhost' });
  write('cert.pem', cert);
  write('key.pem', key);
  const check = async (more: string): Promise<string> => {
    const tls = `{ cert: cert.pem, key: key.pem, ${more} }`;
    const file = write('tls.yaml', `listeners:\n  - transport: tls\n    tls: ${tls}\n`);
    const { exitCode, stderr } = await runInProcess(['config', 'check', file]);
    expect(exitCode).toBe(stderr === '' ? 0 : 1);
    return stderr.replace(file, 'tls.yaml');
  };
  expect(await check('minVersion: TLSv1.3, ciphers: TLS_AES_128_GCM_SHA256, ca: cert.pem')).toBe('');
  expect(await check('ca: key.pem')).toMatch(/^Error: tls.yaml:3: listeners\[0\].tls: ca cannot be used: /);
  expect(await check('ciphers: NOTHING')).toContain("listeners[0].tls: ciphers 'NOTHING' cannot be used: ");
  expect(await check('minVersion: TLSv1.3, maxVersion: TLSv1.2')).toContain(
    'listeners[0].tls.minVersion must not be above maxVersion TLSv1.2, TLSv1.3 is',
  );
  for (const asked of ['request', 'require']) {
    expect(await check(`clientCertificates: ${asked}`)).toContain(
      `listeners[0].tls.clientCertificates: ${asked} needs ca, the authorities that are trusted`,
    );
  }
});

test('config check tells of certificates that have expired or are not valid yet, and of nothing else', async () => {
  const authority = createTestAuthority();
  const [early, late] = [new Date(Date.now() - 7_200_000), new Date(Date.now() + 7_200_000)];
  const issue = (validity: object) => authority.issue({ commonName: 'broker.plant', ...validity });
  const check = async ({ cert, key }: { cert: string; key: string }): Promise<string> => {
    write('its.pem', `${cert}\n${authority.cert}`);
    write('its.key', key);
    const tls = '{ cert: its.pem, key: its.key }';
    const file = write('valid.yaml', `listeners:\n  - transport: tls\n    tls: ${tls}\nhttp: { tls: ${tls} }\n`);
    const { exitCode, stderr } = await runInProcess(['config', 'check', file]);
    expect(exitCode).toBe(0);
    return stderr.replaceAll(file, 'valid.yaml');
  };
  expect(await check(issue({}))).toBe('');
  const expired = await check(issue({ validFrom: early, validTo: new Date(early.getTime() + 3_600_000) }));
  expect(expired).toMatch(
    /^Notice: valid\.yaml:3: listeners\[0\]\.tls\.cert: the certificate of CN=broker\.plant has expired at \d.*Z: peers refuse it\n/,
  );
  expect(expired).toMatch(/\nNotice: valid\.yaml:4: http\.tls\.cert: the certificate of CN=broker\.plant has expired/);
  expect(await check(issue({ validFrom: late, validTo: new Date(late.getTime() + 3_600_000) }))).toContain(
    'the certificate of CN=broker.plant is not valid before ',
  );
});

test('config convert prints a busbar.yaml that does the same', async () => {
  const conf = write('mosquitto.conf', 'listener 0 127.0.0.1\nmax_keepalive 30\nconnection_messages true\n');
  const { exitCode, stdout, stderr } = await runInProcess(['config', 'convert', conf]);
  expect(exitCode).toBe(0);
  expect(stderr).toContain('Notice: ');
  const converted = write('converted.yaml', stdout);
  const shown = await runInProcess(['config', 'show', converted]);
  expect(stdout).toContain(shown.stdout);
});

test('what config convert prints finds its files from any folder', async () => {
  const { cert, key } = createTestAuthority().issue({ commonName: 'localhost' });
  const near = (name: string, text: string): string => path.relative(process.cwd(), write(name, text));
  const [own, its] = [near('near-cert.pem', cert), near('near-key.pem', key)];
  const lines = ['listener 0 127.0.0.1', `certfile ${own}`, `keyfile ${its}`, `acl_file ${near('near.acl', '')}`];
  const conf = write('near.conf', `${lines.join('\n')}\n`);
  const { stdout } = await runInProcess(['config', 'convert', conf]);
  expect(stdout).toContain('data: memory\n');
  mkdirSync(path.join(folder, 'elsewhere'), { recursive: true });
  const converted = write('elsewhere/busbar.yaml', stdout);
  expect(await runInProcess(['config', 'check', converted])).toMatchObject({ exitCode: 0, stderr: '' });
});

test('config schema is a JSON schema', async () => {
  const { stdout } = await runInProcess(['config', 'schema']);
  const schema = JSON.parse(stdout);
  expect(schema.properties.limits.properties.receiveMaximum).toMatchObject({ minimum: 1, maximum: 65_535 });
  expect(schema.additionalProperties).toBe(false);
});

test.each([
  [['config'], 2],
  [['config', 'check'], 2],
  [['config', 'chekc', 'x'], 2],
  [['config', 'check', '/does/not/exist.yaml'], 1],
])('%j ends with %i', async (words, exitCode) => {
  expect((await runInProcess(words)).exitCode).toBe(exitCode);
});
