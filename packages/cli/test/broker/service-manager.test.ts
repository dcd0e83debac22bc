import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type RunningCommand, startBusbar } from '../support/running-command.ts';

vi.setConfig({ testTimeout: 60_000 });
const PATIENCE = { timeout: 30_000, interval: 20 };

/** systemd's side: a datagram socket that writes down what it is told, a line for each datagram. */
const LISTENER = `
import array, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
while True:
    data, ancillary, _, _ = s.recvmsg(4096, 1024)
    for _, kind, content in ancillary:
        if kind == socket.SCM_RIGHTS:
            for descriptor in array.array('i', content[:len(content) // 4 * 4]): os.close(descriptor)
    print(data.decode().replace(chr(10), ' '), flush=True)
`;

function has(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0;
}

const isPossible = has('systemd-notify') && has('python3');

async function listen(): Promise<{ address: string; told: () => string[]; folder: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-notify-'));
  const address = path.join(folder, 'notify');
  const listener = spawn('python3', ['-c', LISTENER, address]);
  let output = '';
  listener.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  onTestFinished(() => {
    listener.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  await vi.waitFor(() => expect(output).toContain('listening'), PATIENCE);
  // With a barrier comes the descriptor whose end systemd-notify waits for.
  const told = (): string[] =>
    output
      .split('\n')
      .slice(1)
      .filter((line) => line !== '' && line !== 'BARRIER=1');
  return { address, told, folder };
}

function start(environment: NodeJS.ProcessEnv, ...args: readonly string[]): RunningCommand {
  return startBusbar(['broker', '--log-format', 'json', ...args], environment);
}

test.skipIf(!isPossible)(
  'systemd is told: ready, alive, reloading and ready again, stopping, in this order',
  async () => {
    const { address, told, folder } = await listen();
    const config = path.join(folder, 'busbar.yaml');
    writeFileSync(config, 'listeners: [{ host: 127.0.0.1, port: 0 }]\ndata: memory\n');
    const broker = start({ NOTIFY_SOCKET: address, WATCHDOG_USEC: '200000' }, '-c', config);
    await vi.waitFor(() => expect(told()[0]).toMatch(/^READY=1 STATUS=busbar broker .* ready on mqtt:/), PATIENCE);
    await vi.waitFor(() => expect(told().filter((line) => line === 'WATCHDOG=1').length).toBeGreaterThan(2), PATIENCE);
    broker.kill('SIGHUP');
    const others = (): string[] => told().filter((line) => line !== 'WATCHDOG=1');
    await vi.waitFor(() => expect(others()).toHaveLength(3), PATIENCE);
    broker.kill('SIGTERM');
    expect((await broker.ended).exitCode).toBe(0);
    await vi.waitFor(() => expect(others()).toHaveLength(4), PATIENCE);
    expect(others().map((line) => line.split(' ')[0])).toEqual(['READY=1', 'RELOADING=1', 'READY=1', 'STOPPING=1']);
  },
);

test.skipIf(!isPossible)(
  'a broker without a configuration tells it, too; the watchdog of another process is not fed',
  async () => {
    const { address, told } = await listen();
    const environment = { NOTIFY_SOCKET: address, WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' };
    const broker = start(environment, '--port', '0', '--data', 'memory');
    await vi.waitFor(() => expect(told()).toHaveLength(1), PATIENCE);
    broker.kill('SIGTERM');
    expect((await broker.ended).exitCode).toBe(0);
    await vi.waitFor(() => expect(told()).toHaveLength(2), PATIENCE);
    expect(told().map((line) => line.split(' ')[0])).toEqual(['READY=1', 'STOPPING=1']);
  },
);

test('where systemd-notify is not there, the log says so once, and the broker runs', async () => {
  const environment = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '20000', PATH: '/nowhere' };
  const broker = start(environment, '--port', '0', '--data', 'memory');
  await broker.untilStdout(/ready on .*\n/);
  await vi.waitFor(() => expect(broker.stderr).toContain('systemd cannot be told'), PATIENCE);
  broker.kill('SIGTERM');
  const { exitCode, stderr } = await broker.ended;
  expect(exitCode).toBe(0);
  expect(stderr.match(/systemd cannot be told/g)).toHaveLength(1);
});
