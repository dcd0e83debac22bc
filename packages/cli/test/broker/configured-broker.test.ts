import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { type Client, connect as connectClient } from '@busbar/client';
import { createTestAuthority } from '@busbar/testkit';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type RunningCommand, runBusbar, startBusbar } from '../support/running-command.ts';

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(path.join(tmpdir(), 'busbar-configured-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function users(name: string, ...entries: readonly string[]): Promise<string> {
  const file = write(name, '');
  for (const entry of entries) {
    const { exitCode } = await runBusbar(['passwd', '-H', 'sha512', '-b', file, entry, `pw-${entry}`]);
    expect(exitCode).toBe(0);
  }
  return file;
}

async function start(...args: readonly string[]): Promise<{ command: RunningCommand; ports: string[] }> {
  const command = startBusbar(['broker', '--log-format', 'json', ...args]);
  await command.untilStdout(/ready on .*\n/);
  return { command, ports: [...command.stdout.matchAll(/:(\d+)(?=[, ])/g)].map(([, port = '']) => port) };
}

async function login(port: string | undefined, userName?: string, options = {}): Promise<Client> {
  const credentials = userName === undefined ? {} : { userName, password: `pw-${userName}` };
  const client = await connectClient(`mqtt://127.0.0.1:${port}`, {
    reconnect: false,
    ...credentials,
    ...options,
  } as never);
  onTestFinished(() => client.end().catch(() => {}));
  return client;
}

describe('a broker from a configuration', () => {
  test('a busbar.yaml: listeners, users, rules, limits', async () => {
    await users('passwd', 'ann', 'bob');
    const config = write(
      'busbar.yaml',
      `listeners:
  - { host: 127.0.0.1, port: 0 }
  - { host: 127.0.0.1, port: 0, authentication: { allowAnonymous: true, chain: [] } }
authentication: { chain: [{ passwordFile: passwd }] }
authorization:
  rules:
    - { allow: all, topics: 'plant/#', users: ann }
    - { allow: read, topics: 'plant/#', anonymous: true }
data: memory
`,
    );
    const { command, ports } = await start('-c', config);
    await expect(login(ports[0])).rejects.toMatchObject({ reasonCode: 0x87 });
    const ann = await login(ports[0], 'ann');
    const guest = await login(ports[1]);
    const got: string[] = [];
    await guest.subscribe('plant/#', ({ topicName }) => void got.push(topicName));
    await ann.publish('plant/x', '1', { qos: 1 });
    await expect(guest.publish('plant/x', '1', { qos: 1 })).rejects.toMatchObject({ reasonCode: 0x87 });
    await expect(guest.subscribe('#', () => {})).rejects.toMatchObject({ reasonCode: 0x87 });
    await vi.waitFor(() => expect(got).toEqual(['plant/x']));
    command.kill('SIGTERM');
    expect((await command.ended).exitCode).toBe(0);
  });

  test('a mosquitto.conf, with a port more and a longer log', async () => {
    const passwords = await users('conf-passwd', 'ann');
    const pidFile = path.join(folder, 'pid');
    const lines = ['listener 0 127.0.0.1', `password_file ${passwords}`, `pid_file ${pidFile}`, 'log_type error'];
    const { command, ports } = await start('-c', write('mosquitto.conf', `${lines.join('\r\n')}\r\n`), '-p', '0', '-v');
    expect(ports).toHaveLength(2);
    for (const port of ports) await login(port, 'ann');
    await expect(login(ports[0])).rejects.toMatchObject({ reasonCode: 0x87 });
    expect(command.stderr).toContain('"msg":"a connection has come"');
    expect(readFileSync(pidFile, 'utf8')).toBe(`${command.pid}\n`);
    command.kill('SIGTERM');
    await command.ended;
    expect(existsSync(pidFile)).toBe(false);
  });

  test('a pid file that cannot be written ends it, with nothing left running', async () => {
    const pidFile = path.join(folder, 'missing', 'pid');
    const config = write('no-pid.conf', `listener 0 127.0.0.1\npid_file ${pidFile}\n`);
    const { exitCode, stdout, stderr } = await runBusbar(['broker', '-c', config]);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^Error: the pid file cannot be written: ENOENT.*missing/m);
  });

  test('a mosquitto.conf whose listeners have users and rules of their own', async () => {
    const passwords = await users('own-passwd', 'ann');
    const acl = write('own-acl', 'user ann\ntopic write a/#\n');
    const lines = [
      'per_listener_settings true',
      ...['listener 0 127.0.0.1', `password_file ${passwords}`, `acl_file ${acl}`],
      ...['listener 0 127.0.0.1', 'allow_anonymous true'],
    ];
    const { ports } = await start('-c', write('own.conf', `${lines.join('\n')}\n`));
    const ann = await login(ports[0], 'ann');
    await ann.publish('a/1', 'x', { qos: 1 });
    await expect(ann.publish('b/1', 'x', { qos: 1 })).rejects.toMatchObject({ reasonCode: 0x87 });
    await expect(login(ports[0])).rejects.toMatchObject({ reasonCode: 0x87 });
    await (await login(ports[1])).publish('b/1', 'x', { qos: 1 });
  });

  test('listeners open one after the other, with nothing left to load in between', async () => {
    const watch = `import { Server } from 'node:net';
      const { listen } = Server.prototype;
      Server.prototype.listen = function (...words) {
        console.error('webSocket', process.moduleLoadList.includes('NativeModule zlib'));
        return listen.apply(this, words);
      };`;
    const lines = ['listener 0 127.0.0.1', 'listener 0 127.0.0.1', 'protocol websockets'];
    const config = write('two-kinds.conf', `${lines.join('\n')}\n`);
    const command = startBusbar(['broker', '-c', config], {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(watch)}`,
    });
    await command.untilStdout(/ready on .*\n/);
    command.kill('SIGTERM');
    await command.ended;
    expect(command.stderr.match(/^webSocket .*$/gm)?.slice(0, 2)).toEqual(['webSocket true', 'webSocket true']);
  });

  test('settings of the command line and the environment', async () => {
    const config = write('small.yaml', 'listeners: [{ host: 127.0.0.1, port: 1 }]\n');
    const sets = ['--set', 'limits.receiveMaximum=3', '--port', '0', '--data', 'memory'];
    const { ports } = await start('-c', config, ...sets);
    const socket = connect(Number(ports[0]), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write(Buffer.from('100e00044d5154540502003c00000161', 'hex'));
    const [connack] = (await once(socket, 'data')) as [Buffer];
    expect(connack.toString('hex')).toContain('210003');
  });

  test('--test-config says all that is wrong, and runs nothing', async () => {
    const good = write('ok.yaml', 'data: memory\n');
    expect(await runBusbar(['broker', '-c', good, '--test-config'])).toMatchObject({
      exitCode: 0,
      stdout: `${good}: ok\n`,
    });
    const vain = write('vain.conf', 'listener 0 127.0.0.1\nconnection_messages true\n');
    const noticed = await runBusbar(['broker', '-c', vain, '--test-config']);
    expect(noticed).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/^Notice: .*connection_messages/) });
    const bad = write('wrong.conf', 'listenr 1\nplugin x\n');
    const { exitCode, stderr } = await runBusbar(['broker', '-c', bad, '--test-config']);
    expect(exitCode).toBe(3);
    expect(stderr.trimEnd().split('\n')).toEqual([
      `Error: ${bad}:1: there is no option listenr; did you mean listener?`,
      expect.stringMatching(/wrong.conf:2: plugin is not supported/),
    ]);
  });

  test('-d leaves it in the background', async () => {
    const pidFile = path.join(folder, 'daemon.pid');
    const config = write('daemon.yaml', `listeners: [{ port: 0 }]\ndata: memory\npidFile: ${pidFile}\n`);
    expect((await runBusbar(['broker', '-d', '-c', config])).exitCode).toBe(0);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    // Its log goes nowhere, and every line of it leaves the broker as it is.
    for (let line = 0; line < 3; line++) process.kill(pid, 'SIGUSR2');
    process.kill(pid, 'SIGTERM');
    await vi.waitFor(() => expect(existsSync(pidFile)).toBe(false), { timeout: 20_000 });
  });

  test('-d says what keeps it from starting', async () => {
    const config = write('wrong-daemon.conf', 'listenr 1\n');
    expect(await runBusbar(['broker', '-d', '-c', config])).toMatchObject({
      exitCode: 3,
      stderr: `Error: ${config}:1: there is no option listenr; did you mean listener?\n`,
    });
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const { exitCode, stderr } = await runBusbar([
      'broker',
      '-d',
      '-c',
      write('taken.conf', `listener ${port} 127.0.0.1\n`),
    ]);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('address already in use')]);
  });
});

test.each(['configured', 'not configured'])(
  'SIGUSR1 and SIGUSR2 change nothing for a broker that is %s',
  async (how) => {
    const config = write('signals.conf', 'listener 0 127.0.0.1\nallow_anonymous true\n');
    const args = how === 'configured' ? ['-c', config] : ['-p', '0', '--data', 'memory'];
    const { command, ports } = await start(...args);
    for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) {
      command.kill(signal);
      await command.untilStderr(new RegExp(`"signal":"${signal}","msg":"this signal changes nothing"`));
    }
    await login(ports[0]);
    expect(command.stderr).not.toContain('Debugger');
    command.kill('SIGTERM');
    expect((await command.ended).exitCode).toBe(0);
  },
);

describe('SIGHUP', () => {
  test('takes over users and rules under load: nobody is disconnected but who is gone, nothing is lost', async () => {
    const passwords = await users('reload-passwd', 'ann', 'bob', 'eve');
    const acl = write(
      'reload-acl',
      ['ann', 'bob', 'eve'].map((user) => `user ${user}\ntopic plant/#\ntopic other/#`).join('\n'),
    );
    const lines = ['listener 0 127.0.0.1', `password_file ${passwords}`, `acl_file ${acl}`];
    const { command, ports } = await start('-c', write('reload.conf', `${lines.join('\n')}\n`));
    const [ann, bob, eve] = [await login(ports[0], 'ann'), await login(ports[0], 'bob'), await login(ports[0], 'eve')];
    const ends: string[] = [];
    for (const [name, client] of Object.entries({ ann, bob, eve })) client.on('disconnected', () => ends.push(name));
    const got: number[] = [];
    await bob.subscribe('plant/#', { qos: 1 }, ({ payload }) => void got.push(Number(Buffer.from(payload).toString())));
    let isLoading = true;
    let sent = 0;
    const load = (async () => {
      while (isLoading) await ann.publish('plant/x', String(sent++), { qos: 1 });
    })();
    for (let round = 0; round < 3; round++) {
      writeFileSync(acl, ['ann', 'bob'].map((user) => `user ${user}\ntopic plant/#`).join('\n'));
      if (round === 1) await users('reload-passwd', 'ann', 'bob');
      command.kill('SIGHUP');
      const before = round + 1;
      await vi.waitFor(() => expect(command.stderr.match(/has been read again/g)?.length).toBe(before), {
        timeout: 10_000,
      });
    }
    await vi.waitFor(() => expect(ends).toEqual(['eve']), { timeout: 10_000 });
    writeFileSync(acl, 'topic raed x\n');
    command.kill('SIGHUP');
    await command.untilStderr(/reload-acl:1: expected read, write, readwrite or deny before the topic, 'raed' came/);
    isLoading = false;
    await load;
    await vi.waitFor(() => expect(got).toHaveLength(sent), { timeout: 10_000 });
    expect(got).toEqual(Array.from({ length: sent }, (_, at) => at));
    expect(sent).toBeGreaterThan(20);
    await expect(ann.publish('other/x', '1', { qos: 1 })).rejects.toMatchObject({ reasonCode: 0x87 });
    expect(ends).toEqual(['eve']);
    await expect(login(ports[0], 'eve')).rejects.toMatchObject({ reasonCode: 0x87 });
  });
});

describe('a running broker', () => {
  test('busbar reload reads the configuration again, or says what is wrong with it', async () => {
    const acl = write('live-acl', 'topic plant/#\n');
    const conf = write('live.conf', `listener 0 127.0.0.1\nallow_anonymous true\nacl_file ${acl}\n`);
    const { ports } = await start('-c', conf);
    const port = ports[0] ?? '';
    const client = await login(port, undefined, { clientIdentifier: 'panel-3' });
    const ask = (...words: readonly string[]) =>
      runBusbar(['explain', ...words, '--live', '-p', port, '-i', 'panel-3']);
    expect(await ask('publish', 'plant/x')).toMatchObject({
      exitCode: 0,
      stdout: `allowed by ${acl}:1 (topic plant/#)\n`,
    });
    writeFileSync(acl, 'topic deny plant/x\ntopic plant/#\n');
    expect(await runBusbar(['reload', '-p', port])).toMatchObject({
      exitCode: 0,
      stdout: 'the configuration has been read again\n',
    });
    expect(await ask('publish', 'plant/x')).toMatchObject({
      exitCode: 1,
      stdout: `denied by ${acl}:1 (topic deny plant/x): not authorized (0x87)\n`,
    });
    expect((await runBusbar(['explain', 'publish', 'x', '--live', '-p', port, '-i', 'nobody'])).stderr).toContain(
      "there is no session of a client 'nobody'",
    );
    writeFileSync(acl, 'bogus\n');
    const wrong = await runBusbar(['reload', '-p', port]);
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stderr).toContain(`${acl}:1: expected topic, user, pattern or a comment (#), 'bogus' came`);
    await expect(client.publish('plant/x', '1', { qos: 1 })).rejects.toMatchObject({ reasonCode: 0x87 });
    await client.publish('plant/y', '1', { qos: 1 });
  });

  test('takes over new limits, of its listeners too, without losing anybody, and names what needs a new start', async () => {
    const yaml = (limits: string, ofListener = ''): string =>
      `listeners: [{ host: 127.0.0.1, port: 0${ofListener} }]\nauthentication: { allowAnonymous: true }\ndata: memory\nlimits: ${limits}\n`;
    const config = write('limits.yaml', yaml('{ maximumTopicLevels: 3 }'));
    const { ports } = await start('-c', config);
    const port = ports[0] ?? '';
    const client = await login(port);
    const ends: string[] = [];
    client.on('disconnected', () => ends.push('client'));
    await client.subscribe('a/b/c');
    const reload = async () => (await runBusbar(['reload', '-p', port])).stdout;
    write('limits.yaml', yaml('{ maximumTopicLevels: 2, maximumRoutes: 500 }', ', maximumConnections: 1'));
    expect(await reload()).toBe(
      'the configuration has been read again; a new start is needed for limits.maximumRoutes\n',
    );
    await expect(client.subscribe('d/e/f')).rejects.toMatchObject({ reasonCode: 0x8f });
    await expect(login(port)).rejects.toThrow();
    write('limits.yaml', yaml('{ maximumTopicLevels: 0 }'));
    expect((await runBusbar(['reload', '-p', port])).stderr).toContain('maximumTopicLevels');
    await expect(login(port)).rejects.toThrow();
    write('limits.yaml', yaml('{ maximumMessageRate: 2, ratePolicy: refuse }'));
    expect(await reload()).toBe('the configuration has been read again\n');
    await client.subscribe('d/e/f');
    const sent = Array.from({ length: 5 }, () => client.publish('t', 'x', { qos: 1 }));
    const refused = (await Promise.allSettled(sent)).filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    await login(port);
    expect(ends).toEqual([]);
    const stats = JSON.parse((await runBusbar(['inspect', 'stats', '--json', '-p', port])).stdout);
    expect(stats).toMatchObject({ isOverloaded: false, overload: { level: 'none' } });
    expect(stats.limitsReached).toMatchObject({ maximumTopicLevels: 1, maximumMessageRate: refused.length });
  });

  test('gives users, rules and bounds to the listeners they are for, whatever comes before them or is gone', async () => {
    await users('own-passwd', 'ann');
    write('own-acl', 'user ann\ntopic write own/#\n');
    const open = '{ host: 127.0.0.1, port: 0, aclFile: false, authentication: { allowAnonymous: true } }';
    const own = (host: string, chain = '[{ passwordFile: own-passwd }]'): string =>
      `{ host: ${host}, port: 0, aclFile: own-acl, authentication: { allowAnonymous: false, chain: ${chain} } }`;
    const authority = createTestAuthority();
    const { cert, key } = authority.issue({ commonName: 'localhost' });
    write('own-cert.pem', cert);
    write('own-key.pem', key);
    const tls = '{ transport: tls, host: 127.0.0.4, port: 0, tls: { cert: own-cert.pem, key: own-key.pem } }';
    const yaml = (...listeners: readonly string[]): string => `listeners: [${listeners.join(', ')}]\ndata: memory\n`;
    const config = write('own.yaml', yaml(open, own('127.0.0.2')));
    const { ports } = await start('-c', config);
    const port = ports[0] ?? '';
    const reload = async () => (await runBusbar(['reload', '-p', port])).stdout;
    const enter = (userName?: string) =>
      connectClient(`mqtt://127.0.0.2:${ports[1]}`, {
        reconnect: false,
        ...(userName === undefined ? {} : { userName, password: `pw-${userName}` }),
      } as never);
    const newStart = 'the configuration has been read again; a new start is needed for listeners\n';
    const arrangements = [[own('127.0.0.2'), open], [tls, own('127.0.0.3'), open, own('127.0.0.2')], [open]];
    for (const listeners of arrangements) {
      write('own.yaml', yaml(...listeners));
      expect(await reload()).toBe(newStart);
      await expect(enter()).rejects.toMatchObject({ reasonCode: 0x87 });
      const ann = await enter('ann');
      await ann.publish('own/x', '1', { qos: 1 });
      await expect(ann.publish('other/x', '1', { qos: 1 })).rejects.toMatchObject({ reasonCode: 0x87 });
      await ann.end();
      await (await login(port)).publish('other/x', '1', { qos: 1 });
    }
    write('own.yaml', yaml(open, own('127.0.0.2', '[]')));
    expect(await reload()).toBe('the configuration has been read again\n');
    await expect(enter('ann')).rejects.toMatchObject({ reasonCode: 0x87 });
  });

  test('names what of authentication needs a new start', async () => {
    const yaml = (rest: string): string =>
      `listeners: [{ host: 127.0.0.1, port: 0 }]\nauthentication: ${rest}\ndata: memory\n`;
    const config = write('guard.yaml', yaml('{ allowAnonymous: true }'));
    const { ports } = await start('-c', config);
    write('guard.yaml', yaml('{ allowAnonymous: true, backOff: { nameFailures: 1 }, sessionOwnership: anyone }'));
    expect((await runBusbar(['reload', '-p', ports[0] ?? ''])).stdout).toBe(
      'the configuration has been read again; a new start is needed for authentication.backOff, authentication.sessionOwnership\n',
    );
  });

  test('takes over new certificates and revocation lists; with a key that does not fit, nothing changes', async () => {
    const authority = createTestAuthority();
    const [first, second] = [
      authority.issue({ commonName: 'localhost' }),
      authority.issue({ commonName: 'localhost' }),
    ];
    write('tls-cert.pem', first.cert);
    write('tls-key.pem', first.key);
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    const tls = '{ cert: tls-cert.pem, key: tls-key.pem }';
    const config = write(
      'tls.yaml',
      `listeners: [{ transport: tls, host: 127.0.0.1, port: ${port}, tls: ${tls} }]\ndata: memory\n`,
    );
    const { command } = await start('-c', config);
    const shown = async (): Promise<string> => {
      const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['mqtt'] });
      await once(socket, 'secureConnect');
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    };
    const before = await shown();
    write('tls-cert.pem', second.cert);
    expect((await runBusbar(['config', 'check', config])).exitCode).toBe(1);
    command.kill('SIGHUP');
    await command.untilStderr(/certificate, key, ca or crl cannot be used/);
    expect(await shown()).toBe(before);
    write('tls-key.pem', second.key);
    command.kill('SIGHUP');
    await command.untilStderr(/has been read again/);
    expect(await shown()).not.toBe(before);
    const validity = { validFrom: new Date(Date.now() - 7_200_000), validTo: new Date(Date.now() - 3_600_000) };
    const expired = authority.issue({ commonName: 'localhost', ...validity });
    write('tls-cert.pem', expired.cert);
    write('tls-key.pem', expired.key);
    command.kill('SIGHUP');
    await command.untilStderr(/listeners\[0\]\.tls\.cert: the certificate of CN=localhost has expired/);
  });
});

const hasMosquitto = spawnSync('mosquitto_pub', ['--help']).error === undefined;

test.skipIf(!hasMosquitto)('mosquitto’s own tools at a broker of their configuration', async () => {
  const passwords = await users('tools-passwd', 'ann');
  const lines = ['port 0', 'bind_address 127.0.0.1', `password_file ${passwords}`];
  const { ports } = await start('-c', write('tools.conf', `${lines.join('\n')}\n`));
  const publish = (password: string) =>
    spawnSync('mosquitto_pub', ['-p', ports[0] ?? '', '-u', 'ann', '-P', password, '-t', 't', '-m', 'x', '-q', '1']);
  expect(publish('pw-ann').status).toBe(0);
  expect(publish('wrong').status).toBe(5);
});
