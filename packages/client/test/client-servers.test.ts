import assert from 'node:assert/strict';
import { type ConnackProperties, type DisconnectProperties, PacketType, ReasonCode } from '@busbar/codec';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { ConnectionRefusedError, createClient, MemoryStore, type ServerUrls } from '../src/index.ts';
import { ClientHarness, outcomeOf } from './client-harness.ts';

const TWO = ['mqtt://a', 'mqtt://b'];

function refuse(harness: ClientHarness, reasonCode: ReasonCode, properties: ConnackProperties = {}) {
  return harness.send({ type: PacketType.connack, sessionPresent: false, reasonCode, properties });
}

function disconnect(harness: ClientHarness, reasonCode: ReasonCode, properties: DisconnectProperties = {}) {
  return harness.send({ type: PacketType.disconnect, reasonCode, properties });
}

describe('several servers', () => {
  test('the next one is tried at once, all of them again after a wait', async () => {
    const harness = new ClientHarness({}, TWO);
    harness.deadServers.add('mqtt://a').add('mqtt://b');
    harness.client.start();
    await harness.settle();
    assert.deepEqual(harness.dialled, ['mqtt://a']);
    await harness.advance(0);
    assert.deepEqual(harness.dialled, ['mqtt://a', 'mqtt://b']);
    const [first, second] = harness.eventDetails as { nextAttemptInMs: number; server: { url: string } }[];
    assert.deepEqual([first?.nextAttemptInMs, first?.server.url], [0, 'mqtt://a']);
    assert.deepEqual([second?.nextAttemptInMs, second?.server.url], [500, 'mqtt://b']);
    harness.deadServers.delete('mqtt://b');
    await harness.advance(500);
    await harness.advance(0);
    await harness.accept();
    assert.equal(harness.lastEvent('connected').server.url, 'mqtt://b');
    await harness.cut();
    await harness.advance(1_000);
    assert.equal(harness.dialled.at(-1), 'mqtt://b', 'a connection that is lost is first sought where it was');
  });

  test('connect tries all of them before it rejects', async () => {
    const harness = new ClientHarness();
    const dialled: string[] = [];
    const options = {
      ...harness.fullOptions(),
      dial: ({ url }: { url: string }) => {
        dialled.push(url);
        return Promise.reject(new Error(`not ${url}`));
      },
    };
    const { Client } = await import('../src/index.ts');
    const outcome = outcomeOf(Client.connect(TWO, options).catch((error: unknown) => error));
    await harness.advance(0);
    await harness.advance(0);
    assert.match(String(await outcome) + String(dialled), /mqtt:\/\/a,mqtt:\/\/b/);
    assert.equal(harness.clock.timerCount, 0);
  });

  test('each has its own credentials', async () => {
    const harness = new ClientHarness({}, ['mqtt://one:1@a', 'mqtt://two:2@b']);
    harness.deadServers.add('mqtt://a');
    harness.client.start();
    await harness.advance(0);
    const packet = await harness.accept();
    assert.deepEqual([packet.userName, new TextDecoder().decode(packet.password)], ['two', '2']);
  });

  test.each([[[]], [['mqtt://a', 'amqp://b']], [undefined], [5]])('%j: a mistake', (urls) => {
    assert.throws(() => createClient(urls as unknown as ServerUrls), { code: 'server-url-invalid' });
  });
});

describe('redirection (section 4.11)', () => {
  test('useAnotherServer: there at once, next time back', async () => {
    const harness = new ClientHarness({}, 'mqtts://user:secret@a:9000/');
    harness.client.start();
    await harness.settle();
    await refuse(harness, ReasonCode.useAnotherServer, { serverReference: 'b [fe80::1]:1883' });
    assert.equal(harness.lastEvent('attempt-failed').nextAttemptInMs, 0);
    harness.deadServers.add('mqtts://b/');
    await harness.advance(0);
    await harness.advance(0);
    const packet = await harness.accept();
    assert.deepEqual(harness.dialled, ['mqtts://a:9000/', 'mqtts://b/', 'mqtts://[fe80::1]:1883/']);
    assert.equal(packet.userName, 'user');
    await harness.cut();
    await harness.advance(1_000);
    assert.equal(harness.dialled.at(-1), 'mqtts://a:9000/');
  });

  test('serverMoved: there from now on, the old one last', async () => {
    const harness = new ClientHarness();
    await harness.start();
    await disconnect(harness, ReasonCode.serverMoved, { serverReference: 'new:1884' });
    assert.equal(harness.lastEvent('disconnected').nextAttemptInMs, 0);
    await harness.advance(0);
    await harness.accept();
    await harness.cut();
    harness.deadServers.add('mqtt://new:1884');
    await harness.advance(1_000);
    await harness.advance(0);
    assert.deepEqual(harness.dialled, ['mqtt://server', 'mqtt://new:1884', 'mqtt://new:1884', 'mqtt://server']);
  });

  test('connect follows it as part of the same call', async () => {
    const harness = new ClientHarness();
    const connecting = harness.connect();
    await harness.settle();
    await refuse(harness, ReasonCode.useAnotherServer, { serverReference: 'b' });
    await harness.advance(0);
    await harness.accept();
    assert.equal((await connecting).state, 'connected');
    assert.deepEqual(harness.dialled, ['mqtt://server', 'mqtt://b']);
  });

  test('two servers that send one another the client are waited for in the end', async () => {
    const harness = new ClientHarness();
    harness.client.start();
    const waits: unknown[] = [];
    for (let i = 0; i < 7; i++) {
      await harness.settle();
      await refuse(harness, ReasonCode.useAnotherServer, { serverReference: i % 2 === 0 ? 'b' : 'server' });
      waits.push(harness.lastEvent('attempt-failed').nextAttemptInMs);
      await harness.advance(Number(waits.at(-1)));
    }
    assert.deepEqual(waits, [0, 0, 0, 0, 0, 500, 1_000]);
  });

  test.each([
    ['mqtts://a', 'mqtt://evil'],
    ['mqtt://a', ''],
    ['mqtt://a', '::: /'],
    ['unix:///run/mqtt.sock', 'b'],
  ])('%s does not follow %j', async (url, serverReference) => {
    const harness = new ClientHarness({}, url);
    harness.client.start();
    await harness.settle();
    await refuse(harness, ReasonCode.serverMoved, { serverReference });
    assert.equal(harness.lastEvent('attempt-failed').nextAttemptInMs, 500);
    await harness.advance(500);
    assert.equal(harness.dialled[1], harness.dialled[0]);
  });
});

describe('how long to wait', () => {
  test("the server's retry-after comes before the jitter; at most an hour", async () => {
    const harness = new ClientHarness();
    harness.client.start();
    for (const [hint, wait] of [
      ['20', 20_500],
      ['999999', 3_601_000],
      ['soon', 2_000],
    ] as const) {
      await harness.settle();
      await refuse(harness, ReasonCode.serverBusy, { userProperties: [['Retry-After', hint]] });
      assert.equal(harness.lastEvent('attempt-failed').nextAttemptInMs, wait);
      await harness.advance(wait);
    }
    await harness.accept();
    await disconnect(harness, ReasonCode.quotaExceeded, { userProperties: [['retry-after', '7']] });
    const { reason, nextAttemptInMs } = harness.lastEvent('disconnected');
    assert.equal(nextAttemptInMs, 7_000 + 4_000);
    assert.deepEqual(reason.properties.userProperties, [['retry-after', '7']]);
  });

  test('hurry makes the attempt now, and only then', async () => {
    const harness = new ClientHarness();
    harness.refuseDials();
    harness.client.hurry().start();
    await harness.settle();
    harness.client.hurry();
    await harness.advance(0);
    assert.equal(harness.dials, 2);
    harness.dialError = undefined;
    harness.client.hurry().hurry();
    await harness.advance(0);
    await harness.accept();
    harness.client.hurry();
    await harness.advance(100_000);
    assert.equal(harness.dials, 3);
  });

  test('hurry within a listener changes the order of events for nobody', async () => {
    const harness = new ClientHarness();
    harness.refuseDials();
    const { client } = harness;
    client.on('attempt-failed', ({ attempt }) => void (attempt < 3 && client.hurry()));
    const seen: string[] = [];
    for (const name of ['connecting', 'attempt-failed'] as const) client.on(name, () => void seen.push(name));
    client.start();
    for (let turn = 0; turn < 3; turn++) await harness.advance(0);
    assert.deepEqual(seen, Array(3).fill(['connecting', 'attempt-failed']).flat());
  });

  test('giveUp ends the client', async () => {
    const harness = new ClientHarness({
      reconnect: {
        giveUp: (error) => error instanceof ConnectionRefusedError && error.reasonCode === ReasonCode.banned,
      },
    });
    harness.client.start();
    await harness.settle();
    await refuse(harness, ReasonCode.serverBusy);
    await harness.advance(500);
    await refuse(harness, ReasonCode.banned);
    assert.deepEqual(harness.events, ['attempt-failed', 'attempt-failed', 'closed']);
    assert.equal(harness.lastEvent('attempt-failed').nextAttemptInMs, undefined);
  });

  test('giveUp that throws is told of, and the client goes on', async () => {
    const mistake = new Error('not a function');
    const harness = new ClientHarness({
      reconnect: {
        giveUp: () => {
          throw mistake;
        },
      },
    });
    harness.refuseDials();
    harness.client.start();
    await harness.advance(500);
    harness.dialError = undefined;
    await harness.advance(1_000);
    await harness.accept();
    await harness.cut();
    assert.equal(harness.client.state, 'waiting');
    assert.equal(harness.client.counters.handlerErrors, 3);
    assert.deepEqual(harness.lastEvent('handler-error'), { error: mistake, message: undefined });
  });

  test.each([undefined, new MemoryStore()])(
    'giveUp may end the client: each event comes once, in order',
    async (store) => {
      for (const isConnected of [false, true]) {
        const harness: ClientHarness = new ClientHarness({
          ...(store && { store }),
          reconnect: {
            giveUp: () => {
              void harness.client.end({ timeoutMs: 0 });
              return isConnected;
            },
          },
        });
        if (isConnected) {
          await harness.start();
          await harness.cut();
        } else {
          harness.refuseDials();
          harness.client.start();
        }
        await harness.advance(0);
        assert.deepEqual(harness.events, [
          ...(isConnected ? ['connected', 'disconnected'] : ['attempt-failed']),
          'closed',
        ]);
        assert.equal(harness.client.state, 'closed');
        assert.equal(harness.clock.timerCount, 0);
      }
    },
  );
});

describe('prepare', () => {
  test('gives each attempt what it needs, before it is made', async () => {
    let count = 0;
    const harness = new ClientHarness({
      userName: 'device',
      prepare: async ({ server, attempt }) => {
        await Promise.resolve();
        return {
          password: `token-${++count}-${attempt}`,
          url: `${server.url}:${2000 + count}`,
          properties: { userProperties: [['trace', 'x']] },
        };
      },
    });
    const first = await harness.start();
    await harness.cut();
    await harness.advance(1_000);
    const second = await harness.accept();
    const password = ({ password }: typeof first) => new TextDecoder().decode(password);
    assert.deepEqual([password(first), password(second)], ['token-1-1', 'token-2-1']);
    assert.deepEqual(harness.dialled, ['mqtt://server:2001', 'mqtt://server:2002']);
    assert.deepEqual([first.userName, first.properties.userProperties], ['device', [['trace', 'x']]]);
    assert.equal(first.properties.receiveMaximum, 1_024);
  });

  test('what it throws is a failed attempt; one that takes too long is given up', async () => {
    const signals: AbortSignal[] = [];
    const harness = new ClientHarness({
      connectTimeoutMs: 3_000,
      prepare: ({ signal }) => {
        signals.push(signal);
        return signals.length === 1 ? Promise.reject(new Error('no token')) : new Promise(() => {});
      },
    });
    harness.client.start();
    await harness.settle();
    assert.match(harness.lastEvent('attempt-failed').error.message, /no token/);
    await harness.advance(500);
    await harness.advance(3_000);
    assert.match(harness.lastEvent('attempt-failed').error.message, /ETIMEDOUT/);
    assert.deepEqual([signals[1]?.aborted, harness.dials], [true, 0]);
  });

  test('options that cannot be are a failed attempt too', async () => {
    const harness = new ClientHarness({ prepare: () => ({ url: 'amqp://x' }) });
    harness.client.start();
    await harness.settle();
    assert.match(harness.lastEvent('attempt-failed').error.message, /scheme/);
  });
});

test('a handler that keeps the machine busy is not taken for a server that is silent', async () => {
  const harness = new ClientHarness({ keepAlive: 10 });
  await harness.start();
  await harness.advance(10_000);
  // The answer is there, and the machine comes to it only long after the deadline.
  harness.server.send({ type: PacketType.pingresp });
  harness.clock.leap(25_000);
  await harness.settle();
  assert.equal(harness.client.state, 'connected');
});

test('property: connecting, then connected or attempt-failed; connected, then disconnected; closed at the end and once', async () => {
  const step = fc.constantFrom(
    'accept',
    'refuse',
    'cut',
    'advance',
    'disconnect',
    'redirect',
    'dead',
    'alive',
    'hurry',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const harness = new ClientHarness({ connectTimeoutMs: 5_000 }, TWO);
      const lifecycle: string[] = [];
      for (const name of ['connecting', 'connected', 'attempt-failed', 'disconnected', 'closed'] as const) {
        harness.client.on(name, () => lifecycle.push(name));
      }
      harness.client.start();
      for (const each of steps) {
        await harness.settle();
        const isOpen = harness.peers.length > 0 && !harness.server.isClosed;
        if (each === 'advance') await harness.advance(3_000);
        if (each === 'hurry') harness.client.hurry();
        if (each === 'dead') harness.deadServers.add('mqtt://a');
        if (each === 'alive') harness.deadServers.clear();
        if (!isOpen) continue;
        if (each === 'cut') harness.cutNow();
        const isAwaited = harness.client.state === 'connecting';
        const reasonCode = each === 'accept' ? ReasonCode.success : ReasonCode.serverBusy;
        if (isAwaited && (each === 'accept' || each === 'refuse')) await refuse(harness, reasonCode);
        const serverReference = 'c';
        if (isAwaited && each === 'redirect') await refuse(harness, ReasonCode.serverMoved, { serverReference });
        if (!isAwaited && each === 'redirect')
          await disconnect(harness, ReasonCode.useAnotherServer, { serverReference });
        if (!isAwaited && each === 'disconnect') await disconnect(harness, ReasonCode.serverShuttingDown);
      }
      const ended = harness.client.end({ timeoutMs: 0 });
      await harness.advance(10_000);
      await ended;
      assert.match(lifecycle.join(' '), /^(connecting (attempt-failed|connected disconnected) )*closed$/);
      assert.equal(harness.clock.timerCount, 0);
    }),
    { numRuns: 60 },
  );
}, 60_000);
