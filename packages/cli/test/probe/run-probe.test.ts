import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ProbeReport } from '../../src/probe/findings.ts';
import { type BrokerUnderTest, openBroker } from '../support/broker-under-test.ts';
import { runInProcess } from '../support/in-process.ts';

vi.setConfig({ testTimeout: 120_000 });

let broker: BrokerUnderTest;

beforeAll(async () => {
  broker = await openBroker();
});

afterAll(() => broker.close());

async function probe(port: string): Promise<{ exitCode: number; report: ProbeReport }> {
  const { exitCode, stdout } = await runInProcess(['probe', '-h', '127.0.0.1', '-p', port, '--json']);
  return { exitCode, report: JSON.parse(stdout) as ProbeReport };
}

function findingOf({ sections }: ProbeReport, name: string) {
  return sections.flatMap(({ findings }) => findings).find((finding) => finding.name === name);
}

describe('our broker', () => {
  test('can everything, and keeps every rule that is asked for', async () => {
    const { exitCode, report } = await probe(broker.port);
    expect(exitCode).toBe(0);
    const findings = report.sections.flatMap(({ findings: each }) => each);
    expect(findings.filter(({ verdict }) => verdict === 'no' || verdict === 'odd')).toEqual([]);
    expect(findingOf(report, 'MQTT 5.0')).toMatchObject({ verdict: 'yes' });
    expect(findingOf(report, 'round trip (PINGREQ)')?.value).toMatch(/^\d+\.\d\d ms$/);
    expect(Number(findingOf(report, 'Topic Alias Maximum')?.value)).toBeGreaterThan(0);
  });

  test('as a table', async () => {
    const { exitCode, stdout } = await runInProcess(['probe', '-h', '127.0.0.1', '-p', broker.port]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^127\.0\.0\.1:\d+\n\nconnection\n {2}connected in +\d/);
  });

  test('nothing is left behind', async () => {
    const { sessions, retained } = broker.broker.stats();
    await probe(broker.port);
    expect(broker.broker.stats()).toMatchObject({ sessions, retained });
  });
});

test('a server that breaks rules is told so', async () => {
  // Lets everybody in, grants every subscription, delivers nothing and never hangs up.
  const server = createServer((socket) => {
    let isVersion5 = false;
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      const id = bytes.subarray(2, 4).toString('hex');
      if (bytes[0] === 0x10) isVersion5 = bytes[8] === 5;
      if (bytes[0] === 0x10) socket.write(Buffer.from(isVersion5 ? '2003000000' : '20020000', 'hex'));
      if (bytes[0] === 0x82) socket.write(Buffer.from(isVersion5 ? `9004${id}0000` : `9003${id}00`, 'hex'));
      if (bytes[0] === 0xc0) socket.write(Buffer.from('d000', 'hex'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const startedAt = performance.now();
  const { report } = await probe(typeof address === 'object' ? String(address?.port) : '');
  // Nothing is waited for twice: about five seconds, one after the other would be forty.
  expect(performance.now() - startedAt).toBeLessThan(20_000);
  expect(findingOf(report, 'a second CONNECT ends the connection')).toMatchObject({
    verdict: 'odd',
    value: 'no, against MQTT-3.1.0-2',
  });
  expect(findingOf(report, 'QoS 1')).toMatchObject({ verdict: 'no' });
});

test('nobody listens: one line, exit code 1', async () => {
  expect(await runInProcess(['probe', '-p', '1'])).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'Error: cannot connect to localhost:1: connection refused (ECONNREFUSED)\n',
  });
});

test('wrong usage: exit code 2, and the nearest right thing', async () => {
  const { exitCode, stderr } = await runInProcess(['probe', '--jsno']);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: "Error: unknown option '--jsno'; did you mean '--json'? (see 'busbar probe --help')\n",
  });
});
