import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { publishPacket } from '@busbar/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, test } from 'vitest';
import type { TracedPacket } from '../../src/index.ts';
import { VirtualBroker } from '../virtual-broker.ts';

let broker: VirtualBroker;
let traced: TracedPacket[];
const listener = (packet: TracedPacket): void => void traced.push(packet);

beforeEach(async () => {
  traced = [];
  broker = await VirtualBroker.start({
    authenticate: ({ userName }) => (userName === 'eve' ? ReasonCode.notAuthorized : ReasonCode.success),
  });
});

afterEach(() => broker.stop());

/** What was traced since the last call, as direction and type. */
function take(): string[] {
  return traced.splice(0).map(({ direction, type }) => `${direction} ${type}`);
}

describe('a client that is traced', () => {
  test('a SUBACK grants, also QoS 0; an UNSUBACK succeeds', () => {
    broker.broker.trace('c', listener);
    const client = broker.connect('c');
    traced.splice(0);
    for (const qos of [0, 1, 2] as const) client.subscribe('t', { qos });
    client.subscribe('a/#/b');
    client.send({ type: PacketType.unsubscribe, packetId: 9, topicFilters: ['t'], properties: {} });
    const answers = traced.filter(({ direction }) => direction === 'out').map(({ type, reasons }) => [type, reasons]);
    assert.deepEqual(answers, [
      ['SUBACK', ['granted QoS 0 (0x00)']],
      ['SUBACK', ['granted QoS 1 (0x01)']],
      ['SUBACK', ['granted QoS 2 (0x02)']],
      ['SUBACK', ['topic filter invalid (0x8f)']],
      ['UNSUBACK', ['success (0x00)']],
    ]);
  });

  test('from its CONNECT to the end of its connection, in the order it happens', () => {
    broker.broker.trace('c', listener);
    const will = { topicName: 'w/t', payload: Buffer.from('secret'), qos: 1, retain: true, properties: {} } as const;
    const client = broker.connect('c', { userName: 'ann', password: Buffer.from('secret'), will, keepAlive: 30 });
    const [connect, connack] = traced;
    assert.deepEqual(
      { ...connect, at: '' },
      {
        at: '',
        direction: 'in',
        remote: 'memory',
        bytes: connect?.bytes,
        type: 'CONNECT',
        clientIdentifier: 'c',
        protocolVersion: '5.0',
        cleanStart: true,
        keepAlive: 30,
        hasUserName: true,
        hasPassword: true,
        will: { topicName: 'w/t', qos: 1, retain: true, payloadBytes: 6 },
      },
    );
    assert.deepEqual([connack?.direction, connack?.type, connack?.reasons], ['out', 'CONNACK', ['success (0x00)']]);
    take();

    client.subscribe('t/#', { qos: 2 });
    client.send(publishPacket('t/1', 'secret', { qos: 1, packetId: 7 }));
    const [subscribe, suback, publish, , delivery] = traced;
    assert.deepEqual(subscribe?.topicFilters, ['t/# (QoS 2)']);
    assert.deepEqual(suback?.reasons, ['granted QoS 2 (0x02)']);
    const message = { topicName: 't/1', qos: 1, retain: false, payloadBytes: 6 } as const;
    assert.deepEqual({ ...publish, at: '' }, { ...base('in', 'PUBLISH', 16), ...message, packetId: 7, dup: false });
    assert.equal(delivery?.direction, 'out');
    assert.deepEqual(take().sort(), ['in PUBLISH', 'in SUBSCRIBE', 'out PUBACK', 'out PUBLISH', 'out SUBACK']);

    client.send({ type: PacketType.puback, packetId: 1, reasonCode: ReasonCode.quotaExceeded, properties: {} });
    client.send({ type: PacketType.pingreq });
    client.disconnect();
    assert.equal(traced[0]?.reasons?.[0], 'quota exceeded (0x97)');
    assert.deepEqual(take(), ['in PUBACK', 'in PINGREQ', 'out PINGRESP', 'in DISCONNECT', 'end disconnected']);
  });

  test('that is connected already, in the middle of a packet', () => {
    const client = broker.connect('c');
    const { clock } = broker;
    client.transport.write(Uint8Array.of(0x30, 6, 0, 1, 0x74));
    clock.run();
    broker.broker.trace('c', listener);
    client.transport.write(Uint8Array.of(0, 0x68, 0x69));
    clock.run();
    assert.deepEqual(
      traced.map(({ type, topicName, payloadBytes, bytes }) => [type, topicName, payloadBytes, bytes]),
      [['PUBLISH', 't', 2, 8]],
    );
  });

  test('that is refused', () => {
    broker.broker.trace('c', listener);
    broker.connect('c', { userName: 'eve' });
    assert.deepEqual(traced[1]?.reasons, ['not authorized (0x87)']);
    assert.deepEqual(take(), ['in CONNECT', 'out CONNACK', 'end ended']);
  });

  test('over several connections, and when another one takes its session over', () => {
    broker.broker.trace('c', listener);
    broker.connectLasting('c');
    broker.connectLasting('c');
    assert.deepEqual(take(), ['in CONNECT', 'out CONNACK', 'in CONNECT', 'out DISCONNECT', 'out CONNACK', 'end ended']);
    broker.broker.kick('c');
    broker.run();
    assert.deepEqual(take(), ['out DISCONNECT', 'end ended']);
  });

  test('whose Client Identifier the broker has chosen', () => {
    const { connack } = broker.connect('');
    const { assignedClientIdentifier = '' } = connack.properties;
    broker.broker.trace(assignedClientIdentifier, listener);
    broker.broker.kick(assignedClientIdentifier);
    broker.run();
    assert.deepEqual(take(), ['out DISCONNECT', 'end ended']);
  });

  test('topics that have an alias are shown by their names', () => {
    broker.broker.trace('c', listener);
    const client = broker.connect('c');
    client.send(publishPacket('long/topic', 'x', { properties: { topicAlias: 3 } }));
    client.send(publishPacket('', 'x', { properties: { topicAlias: 3 } }));
    const shown = traced.slice(2).map(({ topicName, topicAlias }) => [topicName, topicAlias]);
    assert.deepEqual(shown, [
      ['long/topic', 3],
      ['long/topic', 3],
    ]);
  });

  test('what is no packet is shown as such, and ends the connection as ever', () => {
    broker.broker.trace('c', listener);
    const client = broker.connect('c');
    take();
    client.send(Uint8Array.of(0x36, 3, 0, 1, 0x74));
    assert.match(traced[0]?.fault ?? '', /PUBLISH/);
    assert.deepEqual(take(), ['in malformed', 'out DISCONNECT', 'end fault']);
  });
});

describe('those who trace', () => {
  test('see one client and no other, each his own, until they end', () => {
    const other: TracedPacket[] = [];
    const end = broker.broker.trace('c', listener);
    const endOther = broker.broker.trace('c', (packet) => other.push(packet));
    const client = broker.connect('c');
    broker.connect('d');
    assert.deepEqual(take(), ['in CONNECT', 'out CONNACK']);
    end();
    end();
    client.send({ type: PacketType.pingreq });
    assert.deepEqual([take(), other.length], [[], 4]);
    endOther();
    client.send({ type: PacketType.pingreq });
    client.disconnect();
    assert.deepEqual([take(), other.length], [[], 4]);
    broker.broker.trace('c', listener);
    broker.connect('c');
    assert.deepEqual(take(), ['in CONNECT', 'out CONNACK']);
  });
});

test('a listener that fails loses its trace, and nobody else anything', () => {
  let calls = 0;
  broker.broker.trace('c', () => {
    calls++;
    throw new Error('it is broken');
  });
  const client = broker.connect('c');
  broker.broker.trace('c', listener);
  client.send({ type: PacketType.pingreq });
  assert.deepEqual([calls, take(), client.takeAll().length], [1, ['in PINGREQ', 'out PINGRESP'], 1]);
  assert.deepEqual(
    broker.takeLog('error').map(({ fields, message }) => [fields, message]),
    [[{ client: 'c', error: 'Error: it is broken' }, 'a trace ends: its listener has failed']],
  );
});

test('whatever is sent, and however it is cut, a client that is traced is answered as one that is not', async () => {
  const run = async (isTraced: boolean, chunks: readonly Uint8Array[]): Promise<string> => {
    const virtual = await VirtualBroker.start();
    if (isTraced) virtual.broker.trace('c', () => {});
    const client = virtual.connect('c');
    for (const chunk of chunks) client.send(chunk);
    const answers = JSON.stringify(client.takeAll());
    await virtual.stop();
    return answers;
  };
  const packets = Buffer.concat([
    Buffer.from('820600010001740100'.slice(0, 16), 'hex'),
    Buffer.from('3207000174000100ff', 'hex'),
    Buffer.from('c000', 'hex'),
    Buffer.from('3404000174ff', 'hex'),
  ]);
  const cuts = fc.array(fc.nat({ max: packets.length }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(cuts, fc.nat({ max: packets.length - 1 }), fc.nat({ max: 255 }), async (at, where, byte) => {
      const changed = Uint8Array.from(packets, (old, index) => (index === where ? byte : old));
      const bounds = [0, ...at, changed.length].sort((one, other) => one - other);
      const chunks = bounds
        .slice(1)
        .map((end, index) => changed.subarray(bounds[index], end))
        .filter(({ length }) => length > 0);
      assert.equal(await run(true, chunks), await run(false, chunks));
    }),
    { numRuns: 100 },
  );
});

test('no payload, password, user name or value of a property is shown', () => {
  const secret = 'geheim-1234';
  const bytes = Buffer.from(secret);
  const userProperties: [string, string][] = [['token', secret]];
  broker.broker.trace('c', listener);
  broker.broker.trace('d', listener);
  const will = {
    topicName: 'w',
    payload: bytes,
    qos: 0,
    retain: false,
    properties: { userProperties, correlationData: bytes, contentType: secret },
  } as const;
  const client = broker.connect('c', { userName: secret, password: bytes, will, properties: { userProperties } });
  client.subscribe('t', {}, { userProperties });
  client.send(
    publishPacket('t', secret, { properties: { userProperties, correlationData: bytes, responseTopic: 'r' } }),
  );
  const method = { authenticationMethod: 'M', authenticationData: bytes };
  broker.connect('d', { properties: method });
  client.send({ type: PacketType.auth, reasonCode: ReasonCode.reAuthenticate, properties: method });
  assert.ok(traced.length > 8);
  assert.ok(traced.some(({ properties = [] }) => properties.includes('correlationData')));
  assert.ok(!JSON.stringify(traced).includes(secret));
});

function base(direction: string, type: string, bytes: number) {
  return { at: '', direction, remote: 'memory', type, bytes };
}
