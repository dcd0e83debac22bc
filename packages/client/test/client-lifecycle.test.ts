import assert from 'node:assert/strict';
import { NO_PROPERTIES, PacketType, ReasonCode, type UsageError } from '@busbar/codec';
import { TransportError } from '@busbar/transport';
import { describe, test } from 'vitest';
import { ClientError, ConnectionEndedError, ConnectionRefusedError, createClient } from '../src/index.ts';
import { acknowledge, ClientHarness, outcomeOf } from './client-harness.ts';

const refusal = {
  type: PacketType.connack,
  sessionPresent: false,
  reasonCode: ReasonCode.badUserNameOrPassword,
  properties: { reasonString: 'who are you' },
} as const;

describe('connect', () => {
  test('resolves with a connected client', async () => {
    const harness = new ClientHarness({ userName: 'u', password: 'p', keepAlive: 30 });
    const connecting = harness.connect();
    await harness.settle();
    const packet = await harness.accept();
    const client = await connecting;
    assert.equal(client.state, 'connected');
    assert.equal(packet.userName, 'u');
    assert.deepEqual(packet.password, new TextEncoder().encode('p'));
    assert.equal(packet.keepAlive, 30);
    assert.equal(packet.cleanStart, true);
    assert.equal(client.agreement?.maximumQoS, 2);
  });

  test('rejects when nobody listens, and does not try again', async () => {
    const harness = new ClientHarness();
    harness.refuseDials();
    const error = await outcomeOf(harness.connect());
    assert.ok(error instanceof TransportError);
    assert.equal(error.code, 'ECONNREFUSED');
    await harness.advance(1_000_000);
    assert.equal(harness.dials, 1);
    assert.equal(harness.clock.timerCount, 0);
  });

  test('rejects with the Reason Code when the server refuses', async () => {
    const harness = new ClientHarness();
    const outcome = harness.connect().then(undefined, (error: unknown) => error);
    await harness.settle();
    await harness.send(refusal);
    const error = await outcome;
    assert.ok(error instanceof ConnectionRefusedError);
    assert.equal(error.reasonCode, ReasonCode.badUserNameOrPassword);
    assert.equal(error.message, "the server refused the connection: bad user name or password (0x86), 'who are you'");
    await harness.advance(100_000);
    assert.equal(harness.dials, 1);
  });

  test('rejects after connectTimeoutMs, whether the network or the server is silent', async () => {
    for (const isDialSilent of [true, false]) {
      const harness = new ClientHarness({ connectTimeoutMs: 5_000 });
      harness.isDialSilent = isDialSilent;
      const outcome = harness.connect().then(undefined, (error: unknown) => error);
      await harness.advance(4_999);
      assert.equal(await outcomeOf(outcome), 'pending');
      await harness.advance(1);
      assert.match(String(await outcome), isDialSilent ? /no answer in 5000 ms \(ETIMEDOUT\)/ : /no CONNACK came/);
    }
  });

  test('says in whole milliseconds for how long no CONNACK came', async () => {
    const prepare = () => harness.clock.advance(12.3456) as undefined;
    const harness = new ClientHarness({ connectTimeoutMs: 5_000, prepare });
    const outcome = harness.connect().then(undefined, (error: unknown) => error);
    await harness.advance(5_000);
    assert.match(String(await outcome), /no CONNACK came within 4\.988 s/);
  });

  test('gives up when its signal is aborted, and leaves a connected client alone', async () => {
    const harness = new ClientHarness();
    harness.isDialSilent = true;
    const early = new AbortController();
    const outcome = harness.connect({ signal: early.signal }).then(undefined, (error: unknown) => error);
    await harness.settle();
    early.abort(new Error('enough'));
    assert.match(String(await outcome), /enough/);
    assert.equal(harness.clock.timerCount, 0);

    harness.isDialSilent = false;
    const late = new AbortController();
    const connecting = harness.connect({ signal: late.signal });
    await harness.settle();
    await harness.accept();
    const client = await connecting;
    late.abort();
    await harness.settle();
    assert.equal(client.state, 'connected');
  });

  test('an aborted signal is not even tried', async () => {
    const harness = new ClientHarness();
    await assert.rejects(harness.connect({ signal: AbortSignal.abort(new Error('no')) }), /no/);
    assert.equal(harness.dials, 0);
  });
});

describe('the lifecycle: each attempt ends once, each connection ends once', () => {
  test('a client that is started tries for ever, waiting longer each time', async () => {
    const harness = new ClientHarness({ reconnect: { initialDelayMs: 100, maximumDelayMs: 300 } });
    harness.random = 1;
    harness.refuseDials();
    harness.client.start();
    harness.client.start();
    await harness.settle();
    assert.deepEqual(harness.events, ['attempt-failed']);
    assert.equal(harness.client.state, 'waiting');
    const waits: unknown[] = [];
    for (let i = 1; i <= 4; i++) {
      const { nextAttemptInMs, attempt } = harness.lastEvent('attempt-failed');
      assert.equal(attempt, i);
      waits.push(nextAttemptInMs);
      await harness.advance(Number(nextAttemptInMs));
    }
    assert.deepEqual(waits, [100, 200, 300, 300]);
    assert.equal(harness.dials, 5);

    harness.dialError = undefined;
    await harness.advance(300);
    await harness.accept();
    assert.equal(harness.events.at(-1), 'connected');
    assert.deepEqual(harness.client.counters.connections, 1);
    assert.deepEqual(harness.client.counters.attemptsFailed, 5);
  });

  test('a refusal is tried again too, a lost connection reconnects', async () => {
    const harness = new ClientHarness();
    harness.client.start();
    await harness.settle();
    await harness.send(refusal);
    await harness.advance(1_000);
    await harness.accept();
    await harness.cut();
    assert.deepEqual(harness.events, ['attempt-failed', 'connected', 'disconnected']);
    const { reason, nextAttemptInMs } = harness.lastEvent('disconnected');
    assert.ok(reason instanceof ConnectionEndedError);
    assert.equal(reason.code, 'lost');
    assert.match(reason.message, /ECONNRESET/);
    assert.ok(reason.cause instanceof TransportError);
    assert.equal(harness.client.agreement, undefined);
    await harness.advance(Number(nextAttemptInMs));
    await harness.accept();
    assert.equal(harness.client.state, 'connected');
  });

  test('only a healthy time resets the wait', async () => {
    const harness = new ClientHarness({ reconnect: { initialDelayMs: 100, healthyAfterMs: 5_000 } });
    harness.random = 1;
    await harness.start();
    await harness.cut();
    assert.equal(harness.lastEvent('disconnected').nextAttemptInMs, 100);
    await harness.advance(100);
    await harness.accept();
    await harness.cut();
    assert.equal(harness.lastEvent('disconnected').nextAttemptInMs, 200);
    await harness.advance(200);
    await harness.accept();
    await harness.advance(5_000);
    await harness.cut();
    assert.equal(harness.lastEvent('disconnected').nextAttemptInMs, 100);
  });

  test("a server's DISCONNECT and a server's fault end the connection with their reason", async () => {
    const harness = new ClientHarness();
    await harness.start();
    await harness.send({ type: PacketType.disconnect, reasonCode: ReasonCode.serverShuttingDown, properties: {} });
    const first = harness.lastEvent('disconnected').reason;
    assert.deepEqual([first.code, first.reasonCode], ['disconnected', ReasonCode.serverShuttingDown]);
    await harness.advance(1_000);
    await harness.accept();
    await harness.send({ type: PacketType.pingreq });
    const second = harness.lastEvent('disconnected').reason;
    assert.deepEqual([second.code, second.reasonCode], ['fault', ReasonCode.protocolError]);
    assert.deepEqual(
      (await harness.took()).map((packet) => 'reasonCode' in packet && packet.reasonCode),
      [ReasonCode.protocolError],
    );
  });

  test('a half-open connection is noticed by the Keep Alive', async () => {
    const harness = new ClientHarness({ keepAlive: 10 });
    await harness.start();
    await harness.advance(10_000);
    assert.deepEqual(await harness.took(), [{ type: PacketType.pingreq }]);
    await harness.send({ type: PacketType.pingresp });
    await harness.advance(10_000);
    await harness.took();
    await harness.advance(10_000);
    const { reason } = harness.lastEvent('disconnected');
    assert.equal(reason.code, 'timeout');
  });

  test('without reconnection the first end is the last', async () => {
    const harness = new ClientHarness({ reconnect: false });
    await harness.start();
    await harness.cut();
    assert.deepEqual(harness.events, ['connected', 'disconnected', 'closed']);
    assert.equal(harness.client.state, 'closed');
    assert.match(String(harness.lastEvent('closed').error), /lost/);
    assert.equal(harness.clock.timerCount, 0);
  });

  test('a transport that comes after its attempt was given up is destroyed', async () => {
    const harness = new ClientHarness();
    let isDestroyed = false;
    let arrive: (transport: unknown) => void = () => {};
    const client = createClient('mqtt://server', {
      ...harness.fullOptions(),
      connectTimeoutMs: 1_000,
      dial: () => new Promise<never>((resolve) => (arrive = resolve as typeof arrive)),
    });
    client.start();
    await harness.advance(1_000);
    assert.equal(client.state, 'waiting');
    arrive({ destroy: () => (isDestroyed = true) });
    await harness.settle();
    assert.equal(isDestroyed, true);
    assert.equal(client.state, 'waiting');
    await client.end();
  });

  test('a dial that throws at once, or something that is no Error, is a failed attempt like any other', async () => {
    for (const dial of [
      () => {
        throw new Error('at once');
      },
      () => Promise.reject('no error'),
    ]) {
      const harness = new ClientHarness({ dial });
      harness.client.start();
      await harness.settle();
      assert.match(String(harness.lastEvent('attempt-failed').error), /at once|no error/);
      await harness.client.end();
    }
  });
});

describe('sessions', () => {
  test('with a Session Expiry Interval, Clean Start holds for the first connection only', async () => {
    const harness = new ClientHarness({ sessionExpiryInterval: 60 });
    assert.equal((await harness.start()).cleanStart, true);
    await harness.cut();
    await harness.advance(1_000);
    const packet = await harness.accept({}, true);
    assert.equal(packet.cleanStart, false);
    assert.equal(packet.properties.sessionExpiryInterval, 60);
    assert.equal(harness.lastEvent('connected').sessionPresent, true);
  });

  test('without one, and below 5.0, it holds for all', async () => {
    for (const options of [{}, { protocolVersion: 4, sessionExpiryInterval: 60 } as const]) {
      const harness = new ClientHarness(options);
      await harness.start();
      await harness.cut();
      await harness.advance(1_000);
      assert.equal((await harness.accept()).cleanStart, true);
    }
  });

  test('the Client Identifier that the server assigns is kept', async () => {
    const harness = new ClientHarness({ clientIdentifier: '', sessionExpiryInterval: 60 });
    await harness.start({ assignedClientIdentifier: 'auto-7' });
    assert.equal(harness.client.agreement?.clientIdentifier, 'auto-7');
    await harness.cut();
    await harness.advance(1_000);
    assert.equal((await harness.accept({}, true)).clientIdentifier, 'auto-7');
  });
});

describe('end', () => {
  test('says DISCONNECT, closes, and is the last event', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const ended = harness.client.end();
    assert.equal(harness.client.state, 'ending');
    await harness.settle();
    await ended;
    assert.deepEqual(
      (await harness.took()).map((packet) => packet.type),
      [PacketType.disconnect],
    );
    assert.equal(harness.server.isClosed, true);
    assert.deepEqual(harness.events, ['connected', 'disconnected', 'closed']);
    assert.equal(harness.lastEvent('closed').error, undefined);
    assert.equal(harness.client.state, 'closed');
    assert.equal(harness.clock.timerCount, 0);
    assert.equal(harness.client.end(), harness.client.end());
  });

  test('says what the program wants the server to know, and ends where that cannot be said', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const properties = { userProperties: [['why', 'maintenance'] as [string, string]] };
    const ended = harness.client.end({ reasonCode: ReasonCode.disconnectWithWillMessage, properties });
    await harness.settle();
    const reasonCode = ReasonCode.disconnectWithWillMessage;
    await harness.server.expect({ type: PacketType.disconnect, reasonCode, properties });
    await ended;

    const mistaken = new ClientHarness();
    await mistaken.start();
    const outcome = outcomeOf(mistaken.client.end({ properties: { sessionExpiryInterval: 60 } }));
    await mistaken.settle();
    assert.equal(((await outcome) as UsageError).code, 'session-expiry-not-allowed');
    assert.equal(mistaken.client.state, 'closed');
    assert.deepEqual(mistaken.events, ['connected', 'disconnected', 'closed']);
  });

  test('waits for what is in flight and in the queue', async () => {
    const harness = new ClientHarness();
    await harness.start({ receiveMaximum: 1 });
    const first = harness.client.publish('a', '1', { qos: 1 });
    const second = harness.client.publish('a', '2', { qos: 1 });
    const ended = harness.client.end();
    await harness.settle();
    assert.equal(await outcomeOf(ended), 'pending');
    await harness.send(acknowledge('puback', 1));
    assert.equal(await outcomeOf(ended), 'pending');
    await harness.send(acknowledge('puback', 2));
    await ended;
    assert.equal((await first).reasonCode, 0);
    assert.equal((await second).reasonCode, 0);
    await assert.rejects(harness.client.publish('a', '3'), { name: 'ClientError', code: 'client-ended' });
  });

  test('gives up after its timeout: what is not done fails', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const publication = harness.client.publish('a', '1', { qos: 1 });
    const ended = harness.client.end({ timeoutMs: 700 });
    await harness.advance(699);
    assert.equal(await outcomeOf(ended), 'pending');
    await harness.advance(1);
    await ended;
    const error = await outcomeOf(publication);
    assert.ok(error instanceof ClientError && error.code === 'client-ended');
  });

  test.each(['idle', 'connecting', 'connack', 'waiting'])('of a client that is %s', async (state) => {
    const harness = new ClientHarness();
    if (state === 'connecting') harness.isDialSilent = true;
    if (state === 'waiting') harness.refuseDials();
    if (state !== 'idle') harness.client.start();
    await harness.settle();
    const ended = harness.client.end();
    await harness.settle();
    await ended;
    assert.equal(harness.client.state, 'closed');
    assert.deepEqual(harness.events, state === 'idle' ? ['closed'] : ['attempt-failed', 'closed']);
    assert.equal(harness.lastEvent('closed').error, undefined, 'the program wanted it so');
    assert.equal(harness.clock.timerCount, 0);
    harness.client.start();
    assert.equal(harness.client.state, 'closed');
  });
});

test('options that cannot be throw at once', () => {
  for (const options of [
    { protocolVersion: 6 as 5 },
    { keepAlive: -1 },
    { receiveMaximum: 0 },
    { connectTimeoutMs: 0 },
    { queue: { maximumMessages: Number.NaN } },
    { reconnect: { initialDelayMs: -5 } },
    { will: { topicName: '#', payload: '' } },
    { protocolVersion: 4, password: 'x' } as const,
  ]) {
    assert.throws(() => createClient('mqtt://localhost', options), { name: 'UsageError' }, JSON.stringify(options));
  }
  assert.throws(() => createClient('amqp://localhost'), { code: 'server-url-invalid' });
});

test('a Will without a payload has an empty one', async () => {
  const harness = new ClientHarness({ will: { topicName: 'gone' } });
  harness.client.start();
  await harness.settle();
  assert.deepEqual((await harness.accept()).will?.payload, new Uint8Array());
});

test('to unsubscribe from nothing is a mistake', async () => {
  const harness = new ClientHarness();
  await assert.rejects(harness.client.unsubscribe(undefined as unknown as string), { name: 'UsageError' });
});

test('the Client Identifier is random unless told otherwise', async () => {
  const harness = new ClientHarness();
  const { clientIdentifier: _, ...options } = harness.fullOptions();
  const client = createClient('mqtt://server', { ...options, random: Math.random }).start();
  await harness.settle();
  const packet = await harness.accept(NO_PROPERTIES);
  assert.match(packet.clientIdentifier, /^busbar-[a-z0-9]{16}$/);
  void client;
});

test('listeners that throw harm nobody', async () => {
  const harness = new ClientHarness();
  harness.client.on('connected', () => {
    throw new Error('mine');
  });
  let isCalled = false;
  harness.client.on('connected', () => {
    isCalled = true;
  });
  await harness.start();
  assert.equal(isCalled, true);
  assert.equal(harness.client.counters.handlerErrors, 1);
  assert.match(String(harness.lastEvent('handler-error').error), /mine/);
  assert.equal(harness.client.state, 'connected');
});
