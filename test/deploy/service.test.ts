import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect } from '@busbar/client';
import { describe, onTestFinished, test, vi } from 'vitest';
import {
  adapt,
  BUSBAR,
  freePort,
  LIFETIME_MS,
  PATH,
  ROOT,
  readFile,
  startBroker,
  startProgram,
  temporaryFolder,
} from './deployment.ts';

vi.setConfig({ testTimeout: LIFETIME_MS });

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;

test.each(['systemd', 'docker', 'haproxy', 'nginx'])(
  'config check finds nothing wrong with deploy/%s/busbar.yaml',
  (name) => {
    const file = path.join(ROOT, `deploy/${name}/busbar.yaml`);
    const { status, stdout, stderr } = spawnSync(process.execPath, [BUSBAR, 'config', 'check', file]);
    assert.equal(status, 0, `${stdout}${stderr}`);
  },
);

describe.skipIf(!hasAnalyze)('the unit for systemd', () => {
  function unit(): string {
    return adapt('deploy/systemd/busbar.service', path.join(temporaryFolder(), 'busbar.service'), [
      ['/usr/bin/node', process.execPath],
      ['/opt/busbar/', ROOT],
    ]);
  }

  test('systemd-analyze verify finds nothing wrong with it', () => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', unit()], { encoding: 'utf8' });
    assert.deepEqual([status, stdout + stderr], [0, '']);
  });

  test('systemd-analyze security sees an exposure of at most 2 of 10', () => {
    const args = ['security', '--offline=true', '--no-pager', '--threshold=20', unit()];
    const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    assert.equal(status, 0, `${stdout}${stderr}`);
    assert.match(stdout, /Overall exposure level for busbar\.service: [01]\.\d OK/);
  });
});

describe('the image', () => {
  const dockerfile = readFile('deploy/docker/Dockerfile');
  const instructions = dockerfile
    .replaceAll(/^#.*$/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');

  test('is made of what is in the repository and gets past its ignore file, and runs without root', () => {
    const ignored = readFile('deploy/docker/Dockerfile.dockerignore').split('\n');
    const copied = instructions
      .filter((line) => /^COPY (?!--from)/.test(line))
      .flatMap((line) => line.split(/\s+/).slice(1, -1));
    assert.ok(copied.length > 5);
    for (const each of copied) {
      assert.ok(statSync(path.join(ROOT, each)), each);
      assert.ok(
        ignored.some((line) => line.startsWith('!') && `${each}/`.startsWith(`${line.slice(1)}/`)),
        `${each} is ignored`,
      );
    }
    const users = instructions.filter((line) => line.startsWith('USER'));
    assert.deepEqual(users, ['USER node']);
    assert.ok(instructions.indexOf('USER node') < instructions.findIndex((line) => line.startsWith('ENTRYPOINT')));
  });

  test('every program and every file that it names is known to the command', () => {
    const args = /^CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? assert.fail('no CMD');
    assert.deepEqual(JSON.parse(args), ['broker', '-c', '/etc/busbar/busbar.yaml', '--data', '/data']);
    const health = /HEALTHCHECK .* CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? assert.fail('no HEALTHCHECK');
    assert.deepEqual(JSON.parse(health), ['node', '/app/healthcheck.mjs']);
  });

  test('its health check says yes while the broker is ready, and no when it is gone', async () => {
    const http = await freePort();
    const data = path.join(temporaryFolder(), 'data');
    const { broker } = await startBroker('deploy/docker/busbar.yaml', 1, '--set', `http.port=${http}`, '--data', data);
    const check = () =>
      startProgram(process.execPath, [path.join(ROOT, 'deploy/docker/healthcheck.mjs')], {
        HEALTH_URL: `http://127.0.0.1:${http}/health/ready`,
      }).ended;
    assert.equal((await check()).exitCode, 0);
    await broker.stop('SIGTERM');
    const { exitCode, stderr } = await check();
    assert.equal(exitCode, 1);
    assert.match(stderr, /fetch failed/);
  });

  test('the image asks for health where its configuration has it', () => {
    assert.match(readFile('deploy/docker/busbar.yaml'), /http: \{ host: 127\.0\.0\.1, port: 9883, openHealth: true \}/);
    assert.match(readFile('deploy/docker/healthcheck.mjs'), /'http:\/\/127\.0\.0\.1:9883\/health\/ready'/);
  });

  test('compose mounts what is there, and its environment names settings that exist', async () => {
    const { parse } = await import('yaml');
    const { services } = parse(readFile('deploy/docker/compose.yaml')) as {
      services: { broker: { environment: Record<string, string>; volumes: string[]; build: Record<string, string> } };
    };
    const { environment, volumes, build } = services.broker;
    assert.ok(statSync(path.join(ROOT, 'deploy/docker', build['context'] ?? '', build['dockerfile'] ?? '')).isFile());
    const files = volumes.flatMap((each) => (each.startsWith('./') ? [each.split(':')[0] ?? ''] : []));
    for (const file of files) assert.ok(statSync(path.join(ROOT, 'deploy/docker', file)).isFile());
    const args = [BUSBAR, 'broker', '--test-config', '-c', path.join(ROOT, 'deploy/docker/busbar.yaml')];
    const run = spawnSync(process.execPath, args, { env: { ...process.env, ...environment }, encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
  });
});

describe('deploy/backup.sh', () => {
  const backUp = (...args: readonly string[]) => backUpWith(`${process.execPath} ${BUSBAR}`, ...args);
  const backUpWith = (command: string, ...args: readonly string[]) =>
    spawnSync(path.join(ROOT, 'deploy/backup.sh'), args, {
      env: { ...process.env, PATH, BUSBAR: command },
      encoding: 'utf8',
    });

  async function start(data: string) {
    const args = [BUSBAR, 'broker', '--port', '0', '--data', data];
    const broker = startProgram(process.execPath, args);
    await broker.untilOutput(/ready on .*\n/);
    const port = /:(\d+)[ ,]/.exec(broker.stdout)?.[1];
    return { broker, url: `mqtt://localhost:${port}` };
  }

  test('backs up while the broker runs; what it wrote brings everything back elsewhere, after kill -9', async () => {
    const folder = temporaryFolder();
    const [data, elsewhere, backups] = ['data', 'elsewhere', 'backups'].map((name) => path.join(folder, name));
    assert.ok(data && elsewhere && backups);
    const { broker, url } = await start(data);
    const options = {
      clientIdentifier: 'panel',
      sessionExpiryInterval: 3600,
      cleanStart: false,
      reconnect: false,
    } as const;
    const panel = await connect(url, options);
    await panel.subscribe('plant/#', { qos: 1 }, () => {});
    await panel.end();
    const device = await connect(url, { reconnect: false });
    for (let i = 1; i <= 20; i++) await device.publish('plant/count', String(i), { qos: 1 });
    await device.publish('state', 'running', { qos: 1, retain: true });

    const { status, stdout, stderr } = backUp(data, backups);
    assert.equal(status, 0, stderr);
    const [file = ''] = readdirSync(backups);
    assert.equal(stdout.trim().split('\n').at(-1), path.join(backups, file));
    assert.equal(statSync(path.join(backups, file)).mode & 0o077, 0);
    await device.end({ timeoutMs: 0 });
    await broker.stop('SIGKILL');

    const store = (...args: readonly string[]) =>
      spawnSync(process.execPath, [BUSBAR, 'store', ...args], { encoding: 'utf8' });
    const restored = store('restore', '--data', elsewhere, '--file', path.join(backups, file));
    assert.equal(restored.status, 0, restored.stderr);
    assert.equal(store('check', '--data', elsewhere).status, 0);
    const again = await start(elsewhere);
    const heard: string[] = [];
    const back = await connect(again.url, { ...options, onMessage: (message) => void heard.push(message.text()) });
    onTestFinished(() => back.end({ timeoutMs: 0 }).catch(() => {}));
    await back.subscribe('state', { qos: 1 });
    const expected = [...Array.from({ length: 20 }, (_, at) => String(at + 1)), 'running'];
    await vi.waitFor(() => assert.deepEqual(heard, expected), { timeout: 30_000, interval: 50 });
  });

  test('keeps as many as it is told to, and nothing that is not whole', async () => {
    const folder = temporaryFolder();
    const [data, backups] = [path.join(folder, 'data'), path.join(folder, 'backups')];
    const { broker } = await start(data);
    await broker.stop('SIGTERM');
    assert.equal(backUp(data, backups, '1').status, 0);
    const [first] = readdirSync(backups);
    // The names have seconds.
    await vi.waitFor(
      () => {
        assert.equal(backUp(data, backups, '1').status, 0);
        assert.notEqual(readdirSync(backups)[0], first);
      },
      { timeout: 30_000, interval: 500 },
    );
    assert.equal(readdirSync(backups).length, 1);
    assert.match(readFileSync(path.join(backups, readdirSync(backups)[0] ?? ''), 'utf8'), /^\{/);
    assert.notEqual(backUp(path.join(folder, 'nothing'), backups).status, 0);
    assert.equal(readdirSync(backups).length, 1);
  });

  test.each(['HUP', 'INT', 'TERM'])('leaves nothing when it is ended by SIG%s, and fails', (signal) => {
    const folder = temporaryFolder();
    const [command, backups] = [path.join(folder, 'command.sh'), path.join(folder, 'backups')];
    // Stands for a dump that has begun: store dump --data DATA --file FILE.
    writeFileSync(command, `[ "$2" = dump ] || exit 0\necho half >"$6"\nkill -${signal} $PPID\n`);
    assert.notEqual(backUpWith(`sh ${command}`, folder, backups).status, 0);
    assert.deepEqual(readdirSync(backups), []);
  });
});
