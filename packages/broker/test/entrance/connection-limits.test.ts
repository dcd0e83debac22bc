import assert from 'node:assert/strict';
import { encodePacket, PacketType, ReasonCode } from '@busbar/codec';
import { connectPacket } from '@busbar/testkit';
import { afterEach, describe, test } from 'vitest';
import type { Authenticator } from '../../src/index.ts';
import { VirtualBroker } from '../virtual-broker.ts';
import { connackOf, isOpen, openFrom, reached, retryAfter, startLimited, warnings } from './limited-broker.ts';

let broker: VirtualBroker;

afterEach(async () => broker.stop());

describe('connections', () => {
  test('of one address, of IPv6 of one /64: one more is closed at once', async () => {
    broker = await startLimited({ maximumConnectionsPerAddress: 2 });
    const first = openFrom(broker, '10.0.0.1');
    assert.deepEqual(
      [isOpen(broker, openFrom(broker, '10.0.0.1')), isOpen(broker, openFrom(broker, '10.0.0.1'))],
      [true, false],
    );
    assert.deepEqual(
      ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8:0:1::1'].map((address) =>
        isOpen(broker, openFrom(broker, address)),
      ),
      [true, true, false, true],
    );
    assert.deepEqual(reached(broker), { maximumConnectionsPerAddress: 2 });
    assert.equal(broker.broker.stats().connectionsRefused, 2);
    assert.deepEqual(warnings(broker), [['a limit has been reached', 'maximumConnectionsPerAddress']]);
    first.destroy();
    broker.run();
    assert.equal(isOpen(broker, openFrom(broker, '10.0.0.1')), true);
  });

  test('of one user: one more is refused with 0x97, below 5.0 with 3; taking one over is none more', async () => {
    broker = await startLimited({ maximumConnectionsPerUser: 2 });
    const first = broker.connect('a', { userName: 'u' });
    broker.connect('b', { userName: 'u' });
    const refused = broker.connect('c', { userName: 'u' });
    assert.equal(connackOf(refused), ReasonCode.quotaExceeded);
    assert.match(refused.connack.properties.reasonString ?? '', /at most 2 clients of a user/);
    const old = broker.connect('d', { userName: 'u', protocolVersion: 4 });
    assert.equal(connackOf(old), ReasonCode.serverUnavailable);
    assert.equal(connackOf(broker.connect('b', { userName: 'u' })), ReasonCode.success);
    for (const name of ['e', 'f', 'g']) assert.equal(connackOf(broker.connect(name)), ReasonCode.success);
    assert.equal(connackOf(broker.connect('h', { userName: 'other' })), ReasonCode.success);
    first.cut();
    assert.equal(connackOf(broker.connect('c', { userName: 'u' })), ReasonCode.success);
    assert.deepEqual(reached(broker), { maximumConnectionsPerUser: 2 });
  });

  test('that are not let in yet: the one that has been silent for longest gives way', async () => {
    broker = await startLimited({ maximumUnauthenticatedConnections: 3 });
    const silent = [broker.raw(), broker.raw(), broker.raw()];
    broker.run();
    broker.connect('fine');
    assert.deepEqual(
      silent.map(({ isClosed }) => isClosed),
      [true, false, false],
    );
    for (let n = 0; n < 20; n++) broker.connect(`fine ${n}`);
    assert.equal(broker.broker.stats().clients, 21);
    assert.deepEqual(reached(broker), { maximumUnauthenticatedConnections: 1 });
  });

  test.each(['maximumConnections', 'maximumUnauthenticatedConnections'] as const)(
    'whose clients have left while they were being authenticated take up no room that others need: %s',
    async (limit) => {
      const slow: Authenticator = {
        name: 'slow',
        authenticate: ({ userName }) => (userName === undefined ? { kind: 'allow' } : new Promise(() => {})),
      };
      broker = await VirtualBroker.start({ limits: { [limit]: 3 }, authenticators: [slow] });
      for (let n = 0; n < 10; n++) {
        const transport = broker.open();
        transport.write(encodePacket(connectPacket({ clientIdentifier: `${n}`, userName: 'u' }), 5));
        transport.write(encodePacket({ type: PacketType.pingreq }, 5));
        broker.run();
        transport.cut();
        broker.run();
      }
      assert.equal(broker.broker.stats().connectionsRefused, 0);
      assert.equal(connackOf(broker.connect('fine')), ReasonCode.success);
      assert.equal(broker.broker.stats().connections, 1);
    },
  );

  test('whose client takes its time for CONNECT are closed, and counted', async () => {
    broker = await startLimited({ connectTimeoutMs: 1_000 });
    const client = broker.raw();
    client.send(Uint8Array.of(0x10));
    broker.advance(1_200);
    assert.equal(client.isClosed, true);
    assert.deepEqual(reached(broker), { connectTimeoutMs: 1 });
  });
});

test('whoever is asked about a client and does not answer keeps it at the door for so long', async () => {
  let answer: (isAllowed: boolean) => void = () => {};
  const authenticate = () => new Promise<boolean>((resolve) => (answer = resolve)).then((isAllowed) => ({ isAllowed }));
  broker = await startLimited({ authenticationTimeoutMs: 5_000 }, { authenticate: authenticate as never });
  const client = broker.raw();
  client.send(connectPacket({ clientIdentifier: 'c' }));
  broker.advance(4_900);
  assert.equal(client.isClosed, false);
  broker.advance(300);
  client.expectNow({ type: PacketType.connack, reasonCode: ReasonCode.serverUnavailable });
  assert.equal(client.isClosed, true);
  answer(true);
  await Promise.resolve();
  broker.run();
  assert.equal(broker.broker.stats().clients, 0);
  assert.deepEqual(reached(broker), { authenticationTimeoutMs: 1 });
});

describe('CONNECT packets per second', () => {
  test('what is more is refused with 0x9F and a hint when to come again; a second later they may', async () => {
    broker = await startLimited({ maximumConnectRate: 5, retryAfterSeconds: 7 });
    const clients = Array.from({ length: 8 }, (_, n) => broker.connect(`c${n}`));
    const { success, connectionRateExceeded } = ReasonCode;
    assert.deepEqual(clients.map(connackOf), [
      ...Array.from({ length: 5 }, () => success),
      ...Array.from({ length: 3 }, () => connectionRateExceeded),
    ]);
    assert.ok(clients.slice(5).every((client) => Number(retryAfter(client)) >= 7));
    assert.equal(connackOf(broker.connect('old', { protocolVersion: 4 })), ReasonCode.serverUnavailable);
    assert.deepEqual(reached(broker), { maximumConnectRate: 4 });
    broker.advance(1_000);
    assert.equal(connackOf(broker.connect('later')), success);
  });

  test('of one address are bounded before those of all', async () => {
    broker = await startLimited({ maximumConnectRate: 5, maximumConnectRatePerAddress: 2 });
    for (let n = 0; n < 10; n++) broker.connect(`m${n}`);
    assert.deepEqual(reached(broker), { maximumConnectRatePerAddress: 8 });
    for (let n = 0; n < 5; n++) {
      openFrom(broker, `10.0.0.${n}`).write(
        Uint8Array.of(0x10, 14, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, 2, 0x41 + n, 0x41),
      );
      broker.run();
    }
    assert.equal(broker.broker.stats().clients, 5);
    assert.equal(reached(broker)['maximumConnectRate'], 2);
  });
});
