import assert from 'node:assert/strict';
import { PacketType, PINGREQ, ReasonCode, UsageError } from '@busbar/codec';
import { connectPacket, publishPacket, RawClient, willMessage } from '@busbar/testkit';
import { dialTcp, TransportError } from '@busbar/transport';
import { describe, test } from 'vitest';
import { type Authenticate, createBroker } from '../src/index.ts';
import { VirtualBroker } from './virtual-broker.ts';

const { notAuthorized, serverUnavailable, success } = ReasonCode;

/** Lets promises be kept, and then the virtual event loop turn. */
async function settle(broker: VirtualBroker): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await Promise.resolve();
    broker.run();
  }
}

describe('authentication', () => {
  test('is shown name, password and address of the client', async () => {
    const seen: unknown[] = [];
    const authenticate: Authenticate = ({ clientIdentifier, userName, password, address }) => {
      seen.push([
        clientIdentifier,
        userName,
        password === undefined ? undefined : Buffer.from(password).toString(),
        address,
      ]);
      return success;
    };
    const broker = await VirtualBroker.start({ authenticate });
    broker.connect('pump', { userName: 'u', password: Buffer.from('secret') });
    broker.connect('bare');
    assert.deepEqual(seen, [
      ['pump', 'u', 'secret', 'memory'],
      ['bare', undefined, undefined, 'memory'],
    ]);
  });

  test('a refusal is told in the words of the version, closes the connection and leaves nothing', async () => {
    const broker = await VirtualBroker.start({ authenticate: () => notAuthorized });
    for (const protocolVersion of [3, 4, 5] as const) {
      const client = broker.connect('c', { protocolVersion });
      assert.equal(client.connack.reasonCode, notAuthorized);
      assert.equal(client.isClosed, true);
    }
    const { clients, sessions, connections } = broker.broker.stats();
    assert.deepEqual([clients, sessions, connections], [0, 0, 0]);
    // One line for each connection that ends, and one for the failed logins of this second.
    assert.equal(broker.takeLog().length, 4);
  });

  test('that takes time holds back this client only, whose packets wait', async () => {
    let decide: (verdict: ReasonCode) => void = () => {};
    const verdict = new Promise<ReasonCode>((resolve) => {
      decide = resolve;
    });
    const broker = await VirtualBroker.start({
      authenticate: ({ userName }) => (userName === 'slow' ? verdict : success),
    });
    const watcher = broker.connect('watcher');
    watcher.subscribe('#');
    const slow = broker.raw(5);
    slow.send(connectPacket({ clientIdentifier: 'slow', userName: 'slow', keepAlive: 2 }));
    slow.send(publishPacket('t', 'early', { qos: 1, packetId: 1 }));
    broker.advance(50_000);
    watcher.send(PINGREQ);
    watcher.expectNow({ type: PacketType.pingresp });
    assert.deepEqual(slow.takeAll(), []);
    decide(success);
    await settle(broker);
    slow.expectNow({ type: PacketType.connack, reasonCode: success }, { type: PacketType.puback, packetId: 1 });
    assert.deepEqual(watcher.texts(), ['early']);
    broker.advance(2_900);
    assert.equal(slow.isClosed, false, 'its silence begins with the CONNACK');
    broker.advance(300);
    assert.equal(slow.isClosed, true);
  });

  test.each([false, true, undefined, null, 5, 0x91])(
    '%s from authenticate, which is no Reason Code of CONNACK, lets nobody in, at once or later',
    async (said) => {
      for (const answer of [said, Promise.resolve(said)]) {
        const broker = await VirtualBroker.start({ authenticate: () => answer as never });
        const client = broker.raw(5);
        client.send(connectPacket());
        await settle(broker);
        client.expectNow({ type: PacketType.connack, reasonCode: serverUnavailable });
      }
    },
  );

  test('that fails refuses with 0x88 and is logged', async () => {
    const broker = await VirtualBroker.start({
      authenticate: () => Promise.reject(new Error('the directory is down')),
    });
    const client = broker.raw(5);
    client.send(connectPacket());
    await settle(broker);
    client.expectNow({ type: PacketType.connack, reasonCode: serverUnavailable });
    const [line] = broker.takeLog('error');
    assert.match(JSON.stringify(line), /the directory is down/);
  });

  test('the client may be gone before the answer', async () => {
    let decide: (verdict: ReasonCode) => void = () => {};
    const verdict = new Promise<ReasonCode>((resolve) => {
      decide = resolve;
    });
    const broker = await VirtualBroker.start({ authenticate: () => verdict });
    const client = broker.raw(5);
    client.send(connectPacket());
    broker.run();
    client.transport.destroy();
    broker.run();
    decide(success);
    await settle(broker);
    const { connections, clients, sessions } = broker.broker.stats();
    assert.deepEqual([connections, clients, sessions], [0, 0, 0]);
  });

  test('of two connections of one client the one that is answered last has the session', async () => {
    const decisions: ((verdict: ReasonCode) => void)[] = [];
    const authenticate = () => new Promise<ReasonCode>((resolve) => decisions.push(resolve));
    const broker = await VirtualBroker.start({ authenticate });
    const [first, second] = [broker.raw(5), broker.raw(5)];
    for (const client of [first, second]) client.send(connectPacket({ clientIdentifier: 'same' }));
    broker.run();
    decisions[1]?.(success);
    await settle(broker);
    decisions[0]?.(success);
    await settle(broker);
    assert.equal(second.isClosed, true);
    first.expectNow({ type: PacketType.connack, reasonCode: success });
    assert.equal(broker.broker.stats().clients, 1);
  });
});

describe('Keep Alive', () => {
  test('a silent client is closed after one and a half times, at most a tick late, and its Will published', async () => {
    const broker = await VirtualBroker.start();
    const watcher = broker.connect('watcher');
    watcher.subscribe('#');
    const client = broker.connect('c', { keepAlive: 10, will: willMessage('w', { payload: Buffer.from('gone') }) });
    for (let i = 0; i < 5; i++) {
      broker.advance(14_900);
      client.send(PINGREQ);
      client.expectNow({ type: PacketType.pingresp });
    }
    broker.advance(14_999);
    assert.equal(client.isClosed, false);
    broker.advance(101);
    client.expectNow({ type: PacketType.disconnect, reasonCode: ReasonCode.keepAliveTimeout });
    assert.deepEqual(watcher.texts(), ['gone']);
  });

  test('the broker may ask for a shorter one, and tells', async () => {
    const broker = await VirtualBroker.start({ limits: { maximumKeepAlive: 60 } });
    assert.equal(broker.connect('a', { keepAlive: 0 }).connack.properties.serverKeepAlive, 60);
    assert.equal(broker.connect('b', { keepAlive: 61 }).connack.properties.serverKeepAlive, 60);
    assert.equal(broker.connect('c', { keepAlive: 60 }).connack.properties.serverKeepAlive, undefined);
    broker.advance(1_000_000);
    assert.equal(broker.broker.stats().clients, 0);
  });
});

describe('stop', () => {
  test('5.0 clients hear 0x8B, all are closed, and nothing ticks any more', async () => {
    const broker = await VirtualBroker.start();
    const clients = [
      broker.connect('a'),
      broker.connect('b', { protocolVersion: 4, keepAlive: 60 }),
      broker.connectLasting('c'),
    ];
    const waiting = broker.raw();
    broker.run();
    await broker.stop();
    assert.deepEqual(
      clients.map((client) => client.takeAll().map(({ type }) => type)),
      [[PacketType.disconnect], [], [PacketType.disconnect]],
    );
    assert.ok([...clients, waiting].every(({ isClosed }) => isClosed));
    assert.equal(broker.clock.timerCount, 0);
    assert.equal(broker.broker.stats().connections, 0);
  });

  test('what was sent still arrives', async () => {
    const broker = await VirtualBroker.start();
    const reader = broker.connect('reader', { pair: { windowBytes: 1_000, chunk: () => 100 } });
    reader.subscribe('t');
    const sender = broker.connect('sender');
    sender.transport.write(Uint8Array.of(0x30, 0x06, 0, 1, 0x74, 0, 0x68, 0x69));
    const stopping = broker.stop();
    await stopping;
    assert.deepEqual(
      reader.takeAll().map(({ type }) => type),
      [PacketType.publish, PacketType.disconnect],
    );
  });

  test('a client that does not read is cut off after the stop timeout', async () => {
    const broker = await VirtualBroker.start({ limits: { stopTimeoutMs: 500 } });
    const stuck = broker.connect('stuck', { pair: { windowBytes: 100 } });
    stuck.subscribe('t');
    stuck.transport.pause();
    broker.connect('sender').send(publishPacket('t', new Uint8Array(10_000)));
    const before = broker.clock.now();
    await broker.stop();
    assert.ok(broker.clock.now() - before <= 1_000);
    assert.equal(broker.broker.stats().connections, 0);
  });
});

describe('start', () => {
  test('options that do not hold are told at once', async () => {
    await assert.rejects(createBroker({ listeners: [], limits: { receiveMaximum: 0 } }), UsageError);
    await assert.rejects(createBroker({ listeners: [], capabilities: JSON.parse('{"constructor": 1}') }), UsageError);
    await assert.rejects(createBroker({ listeners: [], capabilities: JSON.parse('{"maximumQos": 1}') }), UsageError);
  });

  test('a port that is taken: the broker does not start, and holds no other', async () => {
    const taken = await createBroker({ listeners: [{ host: '127.0.0.1', port: 0 }] });
    const port = taken.listeners[0]?.port ?? 0;
    const listeners = [
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.1', port },
    ];
    await assert.rejects(
      createBroker({ listeners }),
      (error) => error instanceof TransportError && error.code === 'EADDRINUSE',
    );
    await taken.stop();
    const again = await createBroker({ listeners: [{ host: '127.0.0.1', port }] });
    await again.stop();
  });

  test('localhost is both loopback addresses, at one port', async () => {
    const broker = await createBroker({ listeners: [{ port: 0 }] });
    assert.equal(new Set(broker.listeners.map(({ port }) => port)).size, 1);
    for (const { address, port } of broker.listeners) {
      const client = new RawClient(await dialTcp({ host: address, port }));
      client.send(connectPacket());
      await client.expect({ type: PacketType.connack });
      client.transport.destroy();
    }
    await broker.stop();
    assert.equal(broker.stats().connections, 0);
  });

  test('two brokers in one process do not know each other', async () => {
    const [one, two] = [await VirtualBroker.start(), await VirtualBroker.start()];
    const watcher = one.connect('watcher');
    watcher.subscribe('#');
    two.connect('watcher').send(publishPacket('t', 'x', { retain: true }));
    assert.deepEqual(watcher.takeAll(), []);
    assert.deepEqual([one.broker.stats().retained, two.broker.stats().retained], [0, 1]);
  });
});

describe('log', () => {
  test('a client comes and goes with a line each, which never shows a payload or a password', async () => {
    const broker = await VirtualBroker.start();
    const secret = { userName: 'u', password: Buffer.from('secret-password') };
    const client = broker.connect('c', { ...secret, will: willMessage('w', { payload: Buffer.from('secret-will') }) });
    client.send(publishPacket('t', 'secret-payload'));
    client.disconnect();
    const lines = broker.takeLog();
    assert.deepEqual(
      lines.map(({ level, message }) => [level, message]),
      [
        ['info', 'connected'],
        ['info', 'the client disconnected'],
      ],
    );
    assert.ok(lines.every(({ fields: { client } }) => client === 'c'));
    assert.equal(JSON.stringify(lines).includes('secret'), false);
  });

  test('details tell of every Network Connection as it comes; an ordinary end has no reason but the message', async () => {
    const broker = await VirtualBroker.start();
    const client = broker.connect('c');
    client.disconnect();
    const lines = broker.takeLog('debug');
    assert.deepEqual(
      lines.map(({ level, message }) => [level, message]),
      [
        ['debug', 'a connection has come'],
        ['info', 'connected'],
        ['info', 'the client disconnected'],
      ],
    );
    assert.equal('reason' in (lines.at(-1)?.fields ?? {}), false);
  });
});
