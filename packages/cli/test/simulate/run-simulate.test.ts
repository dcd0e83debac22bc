import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '@busbar/client';
import { createTestAuthority } from '@busbar/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { openBroker } from '../support/broker-under-test.ts';
import { runInProcess } from '../support/in-process.ts';

const PUMPS = fileURLToPath(new URL('../../../../examples/shell/pumps.yaml', import.meta.url));

test('devices come, publish and go without their wills', async () => {
  const broker = await openBroker();
  onTestFinished(() => broker.close());
  const client = await connect(broker.url);
  onTestFinished(() => client.end());
  const states = new Map<string, string>();
  await client.subscribe('plant/pumps/#', { qos: 1 }, (message) => void states.set(message.topicName, message.text()));
  const { exitCode, stdout } = await runInProcess(['simulate', PUMPS, '-p', broker.port, '--seed', '7', '--for', '2']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    /^10 devices, 40 readings, 61 signals; publishing to localhost:\d+ below plant\/pumps\/, seed 7\n/,
  );
  expect(stdout).toContain('10 of 10 devices connected\n');
  expect([...states.keys()].filter((topic) => topic.endsWith('/state'))).toHaveLength(10);
});

test.each([
  ['ws', ['--ws']],
  ['tls', []],
  ['wss', ['--ws']],
] as const)('devices connect over %s', async (transport, flags) => {
  const authority = createTestAuthority();
  const { cert, key } = authority.issue({ altNames: ['localhost'] });
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-simulate-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const caFile = path.join(folder, 'ca.pem');
  writeFileSync(caFile, authority.cert);
  const secure = transport === 'ws' ? [] : ['--cafile', caFile];
  const broker = await openBroker({
    listeners: [{ port: 0, transport, ...(secure.length > 0 && { tls: { certificates: [{ cert, key }] } }) }],
  });
  onTestFinished(() => broker.close());
  const { exitCode, stdout } = await runInProcess([
    ...['simulate', PUMPS, '-h', 'localhost', '-p', broker.port, '--seed', '7', '--for', '3'],
    ...flags,
    ...secure,
  ]);
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringContaining('10 of 10 devices connected\n'),
  });
  expect(broker.broker.stats().retained).toBeGreaterThanOrEqual(10);
});

test('--check plays nothing', async () => {
  expect(await runInProcess(['simulate', PUMPS, '--check'])).toEqual({
    exitCode: 0,
    stdout: `${PUMPS} can be played: 10 devices, 40 readings, 61 signals\n`,
    stderr: '',
  });
});

test.each([
  [['simulate', '/does/not/exist'], 1, 'cannot read /does/not/exist: no such file or directory'],
  [['simulate', PUMPS, '-p', '1'], 1, 'connection refused'],
  [['simulate'], 2, 'expected <scenario.yaml>'],
])('%j: one line, exit code %i', async (args, code, line) => {
  const { exitCode, stderr } = await runInProcess(args);
  expect({ exitCode, lines: stderr.split('\n').length }).toEqual({ exitCode: code, lines: 2 });
  expect(stderr).toContain(line);
});

test('a server that lets none of the devices in is told of at once, and is an error when the time is over', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(Uint8Array.of(0x20, 3, 0, 0x87, 0)));
  });
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const args = ['simulate', PUMPS, '-h', '127.0.0.1', '-p', String(port), '--for', '1'];
  const { exitCode, stderr } = await runInProcess(args);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr:
      'hall-a/pump-1 was not let in and tries again: the server refused the connection: not authorized (0x87)\n' +
      `Error: 127.0.0.1:${port} has let none of the devices in\n`,
  });
});
