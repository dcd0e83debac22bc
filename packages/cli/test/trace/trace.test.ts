import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TracedPacket } from '@busbar/broker';
import { connect as connectClient } from '@busbar/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ControlServer } from '../../src/control/control-server.ts';
import { createStyle } from '../../src/terminal/style.ts';
import { renderPacket } from '../../src/trace/render-packet.ts';
import { type BrokerUnderTest, openBroker } from '../support/broker-under-test.ts';
import { runBusbar, startBusbar } from '../support/running-command.ts';

vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let socket: string;
let broker: BrokerUnderTest;
let control: ControlServer;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'busbar-trace-'));
  socket = path.join(folder, 'broker.sock');
  broker = await openBroker({ systemTopicsInterval: 0 });
  control = await ControlServer.open(socket, broker.broker);
});

afterEach(async () => {
  control.close();
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});

const trace = (...args: string[]) => startBusbar(['trace', ...args, '--socket', socket]);

describe('busbar trace', () => {
  test('waits for a client, and shows its packets in both directions until a signal', async () => {
    const command = trace('panel-3');
    await command.untilStdout(/tracing a client: it is not connected/);
    const client = await connectClient(broker.url, {
      clientIdentifier: 'panel-3',
      userName: 'ann',
      password: 'geheim',
    });
    await client.subscribe('plant/#', { qos: 1 });
    await client.publish('plant/t', 'geheim', { qos: 1, retain: true });
    await client.end();
    await command.untilStdout(/x disconnected/);
    const words = command.stdout
      .split('\n')
      .map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, '').split(/ {2,}/)[0]);
    expect(words.filter((word) => /^[<>x] /.test(word ?? ''))).toEqual([
      '> CONNECT',
      '< CONNACK',
      '> SUBSCRIBE',
      '< SUBACK',
      '> PUBLISH',
      ...['< PUBLISH', '< PUBACK'].sort(() => (/< PUBACK[\s\S]*< PUBLISH/.test(command.stdout) ? -1 : 1)),
      '> PUBACK',
      '> DISCONNECT',
      'x disconnected the client disconnected',
    ]);
    expect(command.stdout).toMatch(/> PUBLISH +plant\/t {2}QoS 1 retain {2}payload 6 B {2}alias 1 {2}#2 {2}\d+ B\n/);
    expect(command.stdout).not.toMatch(/geheim|ann\b/);
    command.kill('SIGINT');
    expect(await command.ended).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('as JSON, of a client that is connected, for a while', async () => {
    const client = await connectClient(broker.url, { clientIdentifier: 'c' });
    const command = trace('c', '--json', '--for', '3s');
    await command.untilStdout(/\{"tracing":"c","connected":true\}\n/);
    await client.publish('a\u0007', 'x');
    expect(await command.ended).toMatchObject({ exitCode: 0 });
    const [, ...packets] = command.stdout.trimEnd().split('\n');
    expect(JSON.parse(packets[0] ?? '')).toMatchObject({ direction: 'in', type: 'PUBLISH', topicName: 'a\u0007' });
    await client.end();
  });

  test('no broker, a broker that stops, no client named', async () => {
    expect(await runBusbar(['trace', 'c', '--socket', path.join(folder, 'none')])).toMatchObject({ exitCode: 1 });
    expect(await runBusbar(['trace'])).toMatchObject({ exitCode: 2, stdout: '' });
    const command = trace('c');
    await command.untilStdout(/tracing/);
    control.close();
    expect(await command.ended).toMatchObject({ exitCode: 1, stderr: 'Error: the broker has stopped\n' });
  });

  test('names cannot move the cursor', () => {
    const packet: TracedPacket = {
      at: '2026-01-01T00:00:00.000Z',
      direction: 'in',
      type: 'PUBLISH',
      remote: 'memory',
      bytes: 9,
      topicName: `\u001b[2J\u009b\u202e${'x'.repeat(300)}`,
      qos: 0,
      retain: false,
      payloadBytes: 3,
    };
    const line = renderPacket(packet, createStyle(false));
    expect(line).toContain(' > PUBLISH     \\x1b[2J\\x9b\\u202ex');
    expect(line).toContain('x... (306 characters)  QoS 0  payload 3 B  9 B');
  });
});

describe('the stream of a trace', () => {
  test('ends with its reader, for whom the broker never waits', async () => {
    const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      request({ socketPath: socket, path: '/trace?client=flood' }, resolve).on('error', reject).end();
    });
    // Nobody reads: what the socket and the bound of the broker hold is all that is kept.
    response.pause();
    const client = await connectClient(broker.url, { clientIdentifier: 'flood', queue: { maximumMessages: 100_000 } });
    const topicName = `t/${'x'.repeat(500)}`;
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 500 }, () => client.publish(topicName, 'x', { qos: 1 })));
    }
    let text = '';
    response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    response.resume();
    await vi.waitFor(() => expect(text).toMatch(/\{"missed":\d+\}\n/));
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const missed = lines.reduce((sum, line) => sum + (line.missed ?? 0), 0);
    expect(missed).toBeGreaterThan(1_000);
    expect(lines.filter(({ type }) => type !== undefined).length + missed).toBe(2 * 10_000 + 2);
    response.destroy();
    await client.end();
  });

  test('only so many at a time, and a client has to be named', async () => {
    const open = (target: string) =>
      new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
        request({ socketPath: socket, path: target, agent: false }, resolve).on('error', reject).end();
      });
    expect((await open('/trace?client=')).statusCode).toBe(400);
    expect((await open('/trace?x=y')).statusCode).toBe(400);
    const readers = await Promise.all(Array.from({ length: 32 }, (_, at) => open(`/trace?client=${at}`)));
    expect((await open('/trace?client=a')).statusCode).toBe(400);
    for (const reader of readers) reader.destroy();
    await vi.waitFor(async () => {
      const again = await open('/trace?client=a');
      again.destroy();
      expect(again.statusCode).toBe(200);
    });
  });
});
