import { spawn } from 'node:child_process';
import { expect, onTestFinished, test, vi } from 'vitest';
import { RecordingServer } from '../mosquitto/recording-server.ts';
import { openBroker } from '../support/broker-under-test.ts';
import { isInstalled, LAUNCHER, startBusbar } from '../support/running-command.ts';

vi.setConfig({ testTimeout: 120_000 });

test('busbar sub | head -1 ends cleanly', async () => {
  const broker = await openBroker();
  onTestFinished(() => broker.close());
  const shell = spawn('sh', ['-c', `"${process.execPath}" "${LAUNCHER}" sub -p ${broker.port} -t '#' 2>&1 | head -1`]);
  onTestFinished(() => void shell.kill('SIGKILL'));
  const lines: Buffer[] = [];
  shell.stdout.on('data', (chunk: Buffer) => lines.push(chunk));
  const ended = new Promise((resolve) => shell.on('close', resolve));
  await expect.poll(() => broker.broker.stats().subscriptions, { timeout: 20_000 }).toBe(1);
  const flood = startBusbar([
    'pub',
    '-p',
    broker.port,
    '-t',
    'a',
    '-m',
    'x',
    '--repeat',
    '1000',
    '--repeat-delay',
    '0.01',
  ]);
  await ended;
  flood.kill('SIGKILL');
  expect(Buffer.concat(lines).toString()).toBe('x\n');
  await expect.poll(() => broker.broker.stats().subscriptions, { timeout: 20_000 }).toBe(0);
});

test('what cannot be written to a full disk is an error, not a success', async () => {
  const broker = await openBroker();
  onTestFinished(() => broker.close());
  const { exitCode } = await startBusbar(['pub', '-p', broker.port, '-t', 'kept', '-m', 'x', '-r', '-q', '1']).ended;
  expect(exitCode).toBe(0);
  const sub = [process.execPath, LAUNCHER, 'sub', '-p', broker.port, '-t', 'kept', '-C', '1'].map(
    (word) => `"${word}"`,
  );
  const shell = spawn('sh', ['-c', `${sub.join(' ')} > /dev/full`]);
  let stderr = '';
  shell.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise((resolve) => shell.on('close', resolve));
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/^Error: cannot write to stdout: ENOSPC[^\n]*\n$/),
  });
});

test('-l takes a million lines in bounded memory, and every one arrives', async () => {
  const broker = await openBroker();
  onTestFinished(() => broker.close());
  const before = broker.broker.stats().messagesReceived;
  const program = `"${process.execPath}" --max-old-space-size=64 "${LAUNCHER}" pub -p ${broker.port} -t a -l`;
  const shell = spawn('sh', ['-c', `seq 1000000 | ${program}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  const stderr: Buffer[] = [];
  shell.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const exitCode = await new Promise((resolve) => shell.on('close', resolve));
  expect({ exitCode, stderr: Buffer.concat(stderr).toString() }).toEqual({ exitCode: 0, stderr: '' });
  expect(broker.broker.stats().messagesReceived - before).toBe(1_000_000);
});

test('-l tells which line the server did not accept', async () => {
  const server = await RecordingServer.open({ afterPublish: ['4003IIII87'] });
  onTestFinished(() => server.close());
  const args = ['pub', '-h', '127.0.0.1', '-p', server.port, '-t', 'a', '-l', '-q', '1', '-V', '5'];
  const command = startBusbar(args);
  command.stdin.end('one\ntwo\n');
  expect(await command.ended).toMatchObject({
    exitCode: 0,
    stderr:
      'Warning: line 1 was not accepted: not authorized (0x87)\nWarning: line 2 was not accepted: not authorized (0x87)\n',
  });
});

test.skipIf(!isInstalled('python3'))('Ctrl-C leaves the terminal as it was', async () => {
  const broker = await openBroker();
  onTestFinished(() => broker.close());
  const python = `
import os, pty, sys, termios, time, signal
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
before = termios.tcgetattr(fd)
time.sleep(3)
os.write(fd, b'\\x03')
out = b''
while True:
    try:
        chunk = os.read(fd, 4096)
    except OSError:
        break
    if not chunk: break
    out += chunk
_, status = os.waitpid(pid, 0)
print(os.waitstatus_to_exitcode(status), repr(out))
`;
  const args = [process.execPath, LAUNCHER, 'sub', '-p', broker.port, '-t', '#', '-v'];
  const child = spawn('python3', ['-c', python, ...args]);
  const out: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  await new Promise((resolve) => child.on('close', resolve));
  // Nothing but the echo of Ctrl-C: no mode was switched on that would have to be switched off.
  expect(Buffer.concat(out).toString().trim()).toBe("0 b'^C'");
});

test('-l sends again what was not acknowledged when its connection broke, with DUP and the same identifier', async () => {
  const server = await RecordingServer.open({ cutAfter: 3 });
  onTestFinished(() => server.close());
  const command = startBusbar(['pub', '-h', '127.0.0.1', '-p', server.port, '-t', 'a', '-l', '-q', '1', '-i', 'i']);
  command.stdin.end('one\n');
  expect(await command.ended).toMatchObject({
    exitCode: 0,
    stderr: expect.stringMatching(/^Connection lost, trying again: [^\n]+\nConnected again\n$/),
  });
  const connect = '100d00044d5154540402003c000169';
  expect(server.packets).toEqual([connect, '320800016100016f6e65', connect, '3a0800016100016f6e65', 'e000']);
});
