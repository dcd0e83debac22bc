import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { willMessage } from '@busbar/testkit';
import { beforeEach, describe, test } from 'vitest';
import { VirtualBroker, type VirtualClient, type VirtualConnect } from '../virtual-broker.ts';

let broker: VirtualBroker;
let watcher: VirtualClient;

beforeEach(async () => {
  broker = await VirtualBroker.start();
  watcher = broker.connect('watcher');
  watcher.subscribe('#', { qos: 2, retainAsPublished: true });
});

const will = (willDelayInterval = 0) => {
  const properties = willDelayInterval === 0 ? {} : { willDelayInterval };
  return willMessage('status/pump', { payload: Buffer.from('gone'), qos: 1, properties });
};

function connect(
  willDelayInterval: number,
  sessionExpiryInterval: number,
  connect: VirtualConnect = {},
): VirtualClient {
  const properties = { sessionExpiryInterval };
  return broker.connect('pump', { will: will(willDelayInterval), cleanStart: false, properties, ...connect });
}

function seen(): string[] {
  return watcher.texts();
}

describe('a Will is published [MQTT-3.1.2-8]', () => {
  test('when the connection breaks', () => {
    connect(0, 0).cut();
    const [message] = watcher.messages();
    assert.deepEqual([message?.topicName, message?.qos, message?.retain], ['status/pump', 1, false]);
  });

  test('when the client closes it without a word', () => {
    const client = connect(0, 0);
    client.transport.end();
    broker.run();
    assert.deepEqual(seen(), ['gone']);
  });

  test('when the client breaks the rules', () => {
    connect(0, 0).send({ type: PacketType.pingresp });
    assert.deepEqual(seen(), ['gone']);
  });

  test('when the client has been silent too long', () => {
    connect(0, 0, { keepAlive: 10 });
    broker.advance(14_999);
    assert.deepEqual(seen(), []);
    broker.advance(101);
    assert.deepEqual(seen(), ['gone']);
  });

  test('when the client says so [MQTT-3.14.4-3]', () => {
    connect(0, 0).disconnect(ReasonCode.disconnectWithWillMessage);
    assert.deepEqual(seen(), ['gone']);
  });

  test('when another connection takes the session over', () => {
    connect(0, 100);
    connect(0, 100);
    assert.deepEqual(seen(), ['gone']);
  });

  test('of a bridge that has one below $SYS, as those of Mosquitto have', () => {
    const state = '$SYS/broker/connection/hall/state';
    watcher.subscribe('$SYS/broker/connection/+/state');
    broker
      .connect('hall', { protocolVersion: 4, will: willMessage(state, { payload: Buffer.from('0'), qos: 1 }) })
      .cut();
    assert.deepEqual(watcher.messages()[0]?.topicName, state);
  });

  test('as a retained message when it says so, and once', () => {
    const retained = willMessage('status/pump', { payload: Buffer.from('gone'), retain: true });
    broker.connect('pump', { will: retained }).cut();
    assert.equal(watcher.messages()[0]?.retain, true);
    assert.equal(broker.broker.stats().retained, 1);
    broker.advance(100_000);
    assert.deepEqual(seen(), []);
  });

  test('with its properties, without the Will Delay Interval', () => {
    const userProperties: [string, string][] = [['a', 'b']];
    const properties = { contentType: 'text/plain', userProperties, willDelayInterval: 1 };
    broker.connect('pump', { will: willMessage('w', { properties }), properties: { sessionExpiryInterval: 9 } }).cut();
    broker.advance(1_100);
    assert.deepEqual(watcher.messages()[0]?.properties, { contentType: 'text/plain', userProperties: [['a', 'b']] });
  });
});

describe('a Will is not published', () => {
  test('after DISCONNECT', () => {
    connect(0, 0).disconnect();
    const lasting = connect(0, 100);
    lasting.disconnect();
    broker.advance(200_000);
    assert.deepEqual(seen(), []);
  });

  test('when the broker stops', async () => {
    connect(0, 0);
    await broker.stop();
    assert.deepEqual(
      watcher.takeAll().filter(({ type }) => type === PacketType.publish),
      [],
    );
  });
});

describe('Will Delay Interval (section 3.1.3.2.2)', () => {
  test('it is published when the delay is over', () => {
    connect(20, 100).cut();
    broker.advance(19_999);
    assert.deepEqual(seen(), []);
    broker.advance(101);
    assert.deepEqual(seen(), ['gone']);
    broker.advance(200_000);
    assert.deepEqual(seen(), []);
  });

  test('or when the session ends, if that is earlier', () => {
    connect(200, 100).cut();
    broker.advance(99_999);
    assert.deepEqual(seen(), []);
    broker.advance(101);
    assert.deepEqual(seen(), ['gone']);
    broker.advance(200_000);
    assert.deepEqual(seen(), []);
  });

  test('at once when the session ends with the connection', () => {
    connect(200, 0).cut();
    assert.deepEqual(seen(), ['gone']);
  });

  test('never when the client is back in time [MQTT-3.1.3-9]', () => {
    connect(20, 100).cut();
    broker.advance(19_000);
    const back = connect(20, 100);
    assert.equal(back.connack.sessionPresent, true);
    broker.advance(500_000);
    assert.deepEqual(seen(), []);
  });

  test('a client that comes back begins the delay anew', () => {
    connect(20, 100).cut();
    broker.advance(15_000);
    connect(20, 100).cut();
    broker.advance(15_000);
    assert.deepEqual(seen(), []);
    broker.advance(5_100);
    assert.deepEqual(seen(), ['gone']);
  });

  test('when the client comes back with Clean Start, its session has ended, and the Will is published', () => {
    connect(20, 100).cut();
    connect(0, 100, { cleanStart: true, will: undefined });
    assert.deepEqual(seen(), ['gone']);
  });

  test('take-over: not with a delay and the session going on; at once when the session ends [MQTT-3.1.4-3]', () => {
    connect(20, 100);
    connect(20, 100);
    broker.advance(100);
    assert.deepEqual(seen(), []);
    connect(20, 100, { cleanStart: true });
    assert.deepEqual(seen(), ['gone']);
  });

  test('a Session Expiry Interval in DISCONNECT holds', () => {
    connect(200, 100).disconnect(ReasonCode.disconnectWithWillMessage, { sessionExpiryInterval: 10 });
    broker.advance(9_000);
    assert.deepEqual(seen(), []);
    broker.advance(1_200);
    assert.deepEqual(seen(), ['gone']);
  });
});

describe('the client itself subscribes to its Will', () => {
  test('its session gets it when it is back, and the connection that ends gets nothing after its DISCONNECT', () => {
    const pump = connect(0, 100);
    pump.subscribe('status/#', { qos: 1 });
    pump.subscribe('status/#', { qos: 0 });
    pump.subscribe('+/pump', { qos: 1 });
    pump.send({ type: PacketType.pingresp });
    assert.deepEqual(
      pump.takeAll().map(({ type }) => type),
      [PacketType.disconnect],
    );
    const back = connect(0, 100);
    assert.deepEqual(back.texts(), ['gone']);
    broker.assertNothingLostInSilence();
  });

  test('at QoS 0 it is lost, and counted', () => {
    const pump = connect(0, 100);
    pump.subscribe('status/#', { qos: 0 });
    pump.send({ type: PacketType.pingresp });
    assert.deepEqual(
      pump.takeAll().map(({ type }) => type),
      [PacketType.disconnect],
    );
    assert.deepEqual(broker.broker.stats().dropped, { 'offline-qos0': 1 });
    broker.assertNothingLostInSilence();
  });

  test('at QoS 0 with a connection that breaks it is lost, and counted', () => {
    const pump = connect(0, 0);
    pump.subscribe('status/#', { qos: 0 });
    pump.cut();
    assert.deepEqual(broker.broker.stats().dropped, { 'session-ended': 1 });
  });
});
