import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PeerProcess, RecordingReceiver } from '@busbar/testkit';
import { dialUnix, type ListenUnixOptions, listenUnix } from '@busbar/transport';
import { expect, onTestFinished, test } from 'vitest';
import { dialled, failure, opened } from './open-listeners.ts';

function socketPath(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-unix-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return path.join(folder, 'mqtt.sock');
}

const listen = (options: ListenUnixOptions) => opened((accept) => listenUnix(options, accept));

test('bytes go both ways, and the listener is known by its path', async () => {
  const file = socketPath();
  const { listener, accepted } = await listen({ path: file });
  const near = await dialled(dialUnix({ path: file }));
  const far = await accepted.at(0);
  expect([listener.address, listener.port]).toEqual([file, 0]);
  expect([near.remote, far.remote]).toEqual([
    { address: 'unix', port: 0 },
    { address: 'unix', port: 0 },
  ]);
  const atNear = new RecordingReceiver().attachTo(near);
  far.write(Uint8Array.of(1, 2));
  await atNear.untilBytes(2);
});

test('the file is removed on close, and open connections live on', async () => {
  const file = socketPath();
  const { listener, accepted } = await listen({ path: file });
  const near = await dialled(dialUnix({ path: file }));
  const far = await accepted.at(0);
  await listener.close();
  await listener.close();
  expect(existsSync(file)).toBe(false);
  const atFar = new RecordingReceiver().attachTo(far);
  near.write(Uint8Array.of(1));
  await atFar.untilBytes(1);
  expect((await failure(dialUnix({ path: file }))).message).toBe(
    `cannot connect to ${file}: no such file or directory (ENOENT)`,
  );
});

test.each([
  [undefined, 0o660],
  [0o600, 0o600],
  [0o666, 0o666],
])('with mode %o its file has %o from the first moment, whatever the umask', async (mode, expected) => {
  const file = socketPath();
  const umask = process.umask(0);
  onTestFinished(() => void process.umask(umask));
  const listening = listen({ path: file, ...(mode !== undefined && { mode }) });
  let first: number | undefined;
  while (first === undefined) {
    if (existsSync(file)) first = statSync(file).mode & 0o777;
    else await new Promise((resolve) => setImmediate(resolve));
  }
  await listening;
  expect(first).toBe(expected);
  expect(statSync(file).mode & 0o777).toBe(expected);
  expect(process.umask()).toBe(0);
});

test('its file may be given to a user and a group', async () => {
  const file = socketPath();
  const own = { user: process.getuid?.() ?? 0, group: process.getgid?.() ?? 0 };
  await listen({ path: file, owner: own });
  expect([statSync(file).uid, statSync(file).gid]).toEqual([own.user, own.group]);
});

test('a file that a dead program has left behind is replaced', async () => {
  const file = socketPath();
  const program = `require('node:net').createServer().listen(${JSON.stringify(file)}, () => console.log('up'))`;
  const dead = new PeerProcess(process.execPath, ['-e', program]);
  await dead.untilOutput(/up/);
  await dead.stop('SIGKILL');
  expect(existsSync(file)).toBe(true);
  expect((await failure(dialUnix({ path: file }))).code).toBe('ECONNREFUSED');
  const { accepted } = await listen({ path: file });
  await dialled(dialUnix({ path: file }));
  await accepted.at(0);
});

test('a live listener is not replaced', async () => {
  const file = socketPath();
  const { accepted } = await listen({ path: file });
  const error = await failure(listen({ path: file }));
  expect(error.code).toBe('EADDRINUSE');
  expect(error.message).toBe(`cannot listen on ${file}: another program listens there (EADDRINUSE)`);
  await dialled(dialUnix({ path: file }));
  await accepted.at(1);
});

test('a file that is no socket is not replaced', async () => {
  const file = socketPath();
  writeFileSync(file, 'precious');
  const error = await failure(listen({ path: file }));
  expect(error.message).toBe(`cannot listen on ${file}: the file exists and is no socket (EADDRINUSE)`);
  expect(existsSync(file)).toBe(true);
});

test('a folder that does not exist says so', async () => {
  const file = path.join(socketPath(), 'deeper', 'mqtt.sock');
  expect((await failure(listen({ path: file }))).code).toMatch(/^(EACCES|ENOENT)$/);
});

test('a listener that cannot give its file away leaves none behind', async () => {
  const file = socketPath();
  const error = await failure(listen({ path: file, owner: { user: -5, group: 0 } }));
  expect(error.message).toMatch(/^cannot listen on /);
  expect(existsSync(file)).toBe(false);
});

test('a PROXY header names the client of a Unix socket, too', async () => {
  const file = socketPath();
  const { accepted } = await listen({ path: file, proxyProtocol: true, trustedProxies: ['unix'] });
  const socket = connect(file);
  onTestFinished(() => void socket.destroy());
  socket.write('PROXY TCP4 203.0.113.7 192.0.2.1 5539 1883\r\nabc');
  const far = await accepted.at(0);
  expect(far.remote).toEqual({ address: '203.0.113.7', port: 5_539 });
  const atFar = new RecordingReceiver().attachTo(far);
  await atFar.untilBytes(3);
});

test('an attempt can be aborted', async () => {
  const error = await failure(dialUnix({ path: socketPath(), signal: AbortSignal.abort() }));
  expect(error.code).toBe('ABORT_ERR');
});
