import { createServer } from 'node:net';
import { type Broker, createBroker } from '@busbar/broker';
import { connect } from '@busbar/client';
import { ReasonCode } from '@busbar/codec';
import { createTestAuthority, findMosquitto, freePort, MosquittoBroker } from '@busbar/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { BenchOptions, Workload } from '../src/plan.ts';
import type { BenchResult } from '../src/result.ts';
import { type BenchProgress, runBench } from '../src/run-bench.ts';
import { duplicating, honest, losing, reordering, startFaultyProxy } from './faulty-proxy.ts';

vi.setConfig({ testTimeout: 60_000 });

let broker: Broker;
let port = 0;

beforeAll(async () => {
  broker = await createBroker({
    listeners: [{ port: 0, host: '127.0.0.1' }],
  });
  port = broker.listeners[0]?.port ?? 0;
});

afterAll(() => broker.stop());

/** The load of one thread, here: patient, since a machine that stands still for a moment has lost nothing. */
const ALONE = { warmUpMs: 200, patienceMs: 20_000, threads: 1 } as const;
/** For brokers that lose messages: their rest is waited for. */
const HASTY = { patienceMs: 2_000 } as const;
/** Deliveries that tell something. */
const ENOUGH = 500;

/** A run against the broker of this file, or what stands on another port, that ends once something has been measured. */
function bench(options: Partial<BenchOptions>, at: number = port): Promise<BenchResult> {
  return benchAt(`mqtt://127.0.0.1:${at}`, options);
}

function benchAt(url: string, options: Partial<BenchOptions>): Promise<BenchResult> {
  const abort = new AbortController();
  const handleProgress = ({ p99, received }: BenchProgress) => {
    if (p99 > 0 && received >= ENOUGH) abort.abort();
  };
  const watch = options.durationMs === undefined ? { signal: abort.signal, handleProgress } : {};
  return runBench({ url, ...ALONE, durationMs: 50_000, ...options }, watch);
}

const CLEAN = { lost: 0, duplicates: 0, reordered: 0, refused: 0, foreign: 0, unsent: 0 };

function expectClean(result: BenchResult): void {
  expect(result).toMatchObject(CLEAN);
  expect(result.received).toBe(result.expected);
  expect(result.sent).toBeGreaterThan(0);
  const { p50, p99, max } = result.latencyMs;
  expect(p50).toBeGreaterThan(0);
  expect(p99).toBeGreaterThanOrEqual(p50);
  expect(max).toBeGreaterThanOrEqual(p99);
}

describe('every workload gets everything through', () => {
  const few = { publishers: 4, subscribers: 4, window: 8 };
  test.each(
    (['fan-in', 'fan-out', 'pairs', 'shared'] as const).flatMap((workload) =>
      ([0, 1, 2] as const).map((qos) => [workload, qos] as const),
    ),
  )('%s at QoS %d', async (workload, qos) => {
    const result = await bench({ workload, qos, ...few });
    expectClean(result);
    expect(result.receiveRate).toBeGreaterThan(0);
    expect(result.expected).toBe(result.sent * (workload === 'fan-in' || workload === 'fan-out' ? 4 : 1));
  });

  test.each([3, 5] as const)('MQTT version %d', async (version) => {
    expectClean(await bench({ version, qos: 1, ...few, ...(version === 5 && { userProperties: 3 }) }));
  });

  test('payloads that fill more than a write', async () => {
    expectClean(await bench({ publishers: 2, window: 3, size: 200_000 }));
  });

  test.each([0, 1] as const)('retained messages come, and are gone afterwards, QoS %d', async (qos) => {
    const result = await bench({
      workload: 'retained',
      messages: 500,
      subscribers: 2,
      qos,
      topicPrefix: `kept/${qos}`,
    });
    expectClean(result);
    expect(result).toMatchObject({ sent: 500, received: 1_000 });
    const client = await connect(`mqtt://127.0.0.1:${port}`);
    let count = 0;
    await client.subscribe(`kept/${qos}/#`, () => {
      count++;
    });
    await client.publish('kept/last', 'x', { qos: 2 });
    expect(count).toBe(0);
    await client.end();
  });

  test('connections', async () => {
    const result = await bench({ workload: 'connect', connections: 60, concurrency: 20 });
    expectClean(result);
    expect(result).toMatchObject({ sent: 60, received: 60, expected: 60 });
  });
});

test.each(['connecting', 'warming up'] as const)(
  'a run that is stopped while it is %s has measured nothing',
  async (when) => {
    const abort = new AbortController();
    const handleProgress = ({ phase }: BenchProgress) => {
      if (phase === when) abort.abort();
    };
    if (when === 'connecting') queueMicrotask(() => abort.abort());
    const options = { url: `mqtt://127.0.0.1:${port}`, ...ALONE, warmUpMs: 50_000, durationMs: 1_000 };
    const run = runBench(options, { signal: abort.signal, handleProgress });
    await expect(run).rejects.toThrow('stopped before anything was measured');
  },
);

describe('a fixed rate', () => {
  test.each([0, 1] as const)('sends as many messages as it asks for, QoS %d', async (qos) => {
    const result = await bench({ publishers: 7, qos, rate: 1_000, warmUpMs: 100, durationMs: 400 });
    expectClean(result);
    expect(result.sent).toBe(500);
  });

  test('what the broker holds up counts from when it should have left', async () => {
    // One acknowledgement is 300 ms late, and with a window of one message nothing can leave meanwhile: 60 of 100 messages are
    // late. Measured from when they left at last, one would be.
    const stalling = await startFaultyProxy(port, () => honest, 300);
    const load = { publishers: 1, qos: 1, window: 1, rate: 200, warmUpMs: 10, durationMs: 490 } as const;
    const { latencyMs, sent, lost } = await bench(load, stalling);
    expect({ sent, lost }).toEqual({ sent: 100, lost: 0 });
    expect(latencyMs.p50).toBeGreaterThan(25);
    expect(latencyMs.p90).toBeGreaterThan(200);
  });
});

describe('a broker that does wrong is caught', () => {
  const load = { publishers: 2, window: 20, ...HASTY } as const;

  test.each([
    ['loses messages', () => losing(50), 'lost'],
    ['sends messages twice', () => duplicating(50), 'duplicates'],
    ['changes the order', () => reordering(50), 'reordered'],
  ] as const)('%s', async (_, faultOf, metric) => {
    const result = await bench(load, await startFaultyProxy(port, faultOf));
    const share = result[metric] / result.expected;
    expect(share).toBeGreaterThan(0.01);
    expect(share).toBeLessThan(0.03);
    const others = { ...CLEAN, [metric]: result[metric] };
    // What is held back at the end never comes.
    expect(result).toMatchObject(metric === 'reordered' ? { ...others, lost: expect.any(Number) } : others);
  });

  test('loses at QoS 1 what it has acknowledged, and the load goes on', async () => {
    const result = await bench({ ...load, qos: 1 }, await startFaultyProxy(port, () => losing(50)));
    expect(result.lost).toBeGreaterThan(0);
    expect(result.received).toBe(result.expected - result.lost);
  });

  test('sends a shared subscription to two members', async () => {
    const result = await bench(
      { ...load, workload: 'shared', subscribers: 2 },
      await startFaultyProxy(port, () => duplicating(50)),
    );
    expect(result.duplicates).toBeGreaterThan(0);
    expect(result).toMatchObject({ lost: 0, reordered: 0 });
  });
});

describe('errors are one line', () => {
  test('nobody listens', async () => {
    const unused = await freePort();
    await expect(bench({}, unused)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/refused \(ECONNREFUSED\)$/),
    });
  });

  test.each(['pairs', 'connect'] as const)('the broker refuses (%s)', async (workload) => {
    // One of its own: a broker answers otherwise to somebody whom it has refused often.
    const other = await createBroker({
      listeners: [{ port: 0, host: '127.0.0.1' }],
      authenticate: () => ReasonCode.notAuthorized,
    });
    await expect(bench({ workload }, other.listeners[0]?.port)).rejects.toMatchObject({
      code: 'refused',
      message: 'the broker refused the connection: not authorized (0x87)',
    });
    await other.stop();
  });

  test('the broker speaks no MQTT 5.0', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.end(Uint8Array.of(0x20, 2, 0, 1))));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const at = typeof address === 'object' ? address?.port : 0;
    await expect(bench({ version: 5 }, at)).rejects.toMatchObject({
      code: 'refused',
      message: 'the broker does not speak MQTT 5.0',
    });
    server.close();
  });

  test('the broker goes away during the run', async () => {
    const other = await createBroker({ listeners: [{ port: 0, host: '127.0.0.1' }] });
    const watch = { handleProgress: () => void other.stop() };
    const run = runBench(
      { url: `mqtt://127.0.0.1:${other.listeners[0]?.port}`, threads: 1, publishers: 2, durationMs: 20_000 },
      watch,
    );
    await expect(run).rejects.toMatchObject({
      code: 'lost',
      message: expect.stringMatching(/^connection of \w+ \d+ lost: /),
    });
  });

  test('what does not go together', async () => {
    await expect(bench({ userProperties: 1 })).rejects.toThrow('User Properties need MQTT 5.0');
    await expect(bench({ workload: 'pairs', publishers: 2, subscribers: 3 })).rejects.toThrow('as many subscribers');
    await expect(bench({ size: 15 })).rejects.toThrow('a payload needs 16 bytes');
    await expect(bench({ pids: [2 ** 31 - 2] })).rejects.toThrow('there is no process');
  });
});

test('ended early, it tells what it has measured', async () => {
  const result = await bench({});
  expectClean(result);
  expect(result.measuredSeconds).toBeGreaterThan(0);
  expect(result.measuredSeconds).toBeLessThan(49);
});

describe('other transports', () => {
  const authority = createTestAuthority();
  const { cert, key } = authority.issue({ altNames: ['127.0.0.1'] });
  const tls = { certificates: [{ cert, key }] };

  test.each([
    ['mqtts', { transport: 'tls', tls }],
    ['ws', { transport: 'ws' }],
    ['wss', { transport: 'wss', tls }],
  ] as const)('%s', async (scheme, how) => {
    const other = await createBroker({ listeners: [{ port: 0, host: '127.0.0.1', ...how }] });
    const url = `${scheme}://127.0.0.1:${other.listeners[0]?.port}/mqtt`;
    expectClean(await benchAt(url, { publishers: 3, qos: 1, tls: { ca: authority.cert } }));
    await other.stop();
  });
});

describe.skipIf(findMosquitto() === undefined)('against Mosquitto', () => {
  test.each([
    ['pairs', 4, 0],
    ['pairs', 5, 2],
    ['fan-in', 4, 1],
    ['shared', 5, 1],
    ['connect', 4, 0],
    ['retained', 4, 1],
  ] as const)('%s, version %d, QoS %d', async (workload: Workload, version, qos) => {
    // With its default of 1,000 it drops messages of QoS 1 long before so many wait, and counts them as dropped.
    const mosquitto = await MosquittoBroker.start({ config: ['max_queued_messages 0'] });
    try {
      expectClean(await bench({ workload, version, qos, window: 10, messages: 300, connections: 50 }, mosquitto.port));
    } finally {
      await mosquitto.stop();
    }
  });
});
