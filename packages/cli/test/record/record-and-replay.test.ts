import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type Message } from '@busbar/client';
import { expect, onTestFinished, test } from 'vitest';
import { openBroker } from '../support/broker-under-test.ts';
import { runInProcess } from '../support/in-process.ts';

test('what is recorded is published again: faster, filtered, below other topics', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-record-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'shift.busbar');
  const broker = await openBroker();
  onTestFinished(() => broker.close());
  const client = await connect(broker.url);
  onTestFinished(() => client.end());

  const before = broker.broker.stats().subscriptions;
  const recording = runInProcess(['record', '-p', broker.port, '-t', 'plant/#', '-q', '1', '-C', '3', file]);
  await expect.poll(() => broker.broker.stats().subscriptions).toBe(before + 1);
  const properties = { contentType: 'text/plain', userProperties: [['k', 'v']] as [string, string][] };
  await client.publish('plant/a', 'one', { qos: 1, properties });
  await client.publish('plant/b', Uint8Array.of(0, 255));
  await client.publish('plant/a', 'three', { qos: 1 });
  expect(await recording).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/^3 messages in /) });

  const came: Message[] = [];
  await client.subscribe('test/#', { qos: 1 }, (each) => void came.push(each));
  const args = ['replay', '-p', broker.port, '--speed', 'max', '--map', 'plant=test', '-T', 'plant/b', file];
  expect(await runInProcess(args)).toMatchObject({ exitCode: 0, stderr: '2 messages published\n' });
  await expect.poll(() => came.length).toBe(2);
  expect(came.map(({ topicName, qos }) => [topicName, qos])).toEqual([
    ['test/a', 1],
    ['test/a', 1],
  ]);
  expect(came.map((each) => each.text())).toEqual(['one', 'three']);
  expect(came[0]?.properties).toMatchObject(properties);
});

test('a server that sends more at once than the disk takes is waited with, and no word of it is said', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-record-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const broker = await openBroker();
  onTestFinished(() => broker.close());
  const client = await connect(broker.url);
  onTestFinished(() => client.end());
  const payload = new Uint8Array(4096);
  const topics = Array.from({ length: 1000 }, (_, index) => `flood/${index}`);
  await Promise.all(topics.map((topic) => client.publish(topic, payload, { qos: 1, retain: true })));

  const file = path.join(folder, 'flood.busbar');
  const { exitCode, stderr } = await runInProcess(['record', '-p', broker.port, '-t', 'flood/#', '-C', '1000', file]);
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/^1000 messages in [^\n]+\n$/);
});

test.each([
  [['replay'], 2, 'expected <file>'],
  [['replay', 'a', 'b'], 2, "unexpected word 'b'"],
  [['replay', '--speed', '0', 'a'], 2, "--speed: expected a factor above 0, or max, not '0'"],
  [['replay', '--map', 'a', 'f'], 2, "--map: expected from=to, not 'a'"],
  [['record', '-p', '1', '/does/not/exist/file'], 1, 'cannot'],
])('%j: one line, exit code %i', async (args, code, line) => {
  const { exitCode, stderr } = await runInProcess(args);
  expect({ exitCode, lines: stderr.split('\n').length }).toEqual({ exitCode: code, lines: 2 });
  expect(stderr).toContain(line);
});
