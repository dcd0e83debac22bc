import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { publishPacket } from '@busbar/testkit';
import { afterEach, describe, test, vi } from 'vitest';
import { VirtualBroker } from '../virtual-broker.ts';

vi.setConfig({ testTimeout: 60_000 });

let broker: VirtualBroker | undefined;
afterEach(() => broker?.stop());

const TIMES = 5_000;
/** Lines of one kind in a second, and the one that says how many more there were. */
const MOST_LINES = 201;

const RULES = { rules: [{ allow: 'all', topics: 'mine/#' }] } as const;
const WILL = { topicName: 'other', payload: Buffer.from('x'), qos: 0, retain: false, properties: {} } as const;

type Start = Parameters<typeof VirtualBroker.start>[0];

/** What a peer can do as often as it likes, and what the broker says to it. */
const FLOODS: readonly [what: string, options: Start, once: (broker: VirtualBroker, time: number) => void][] = [
  ['connections that come and go', {}, (broker) => broker.raw().transport.destroy()],
  ['connections that speak another protocol', {}, (broker) => broker.raw().send(Buffer.from('GET / HTTP/1.1\r\n\r\n'))],
  ['clients that come and go', {}, (broker, time) => broker.connect(`c${time}`).disconnect()],
  ['clients that get lost', {}, (broker, time) => broker.connect(`c${time}`).cut()],
  ['clients that break a rule', {}, (broker, time) => broker.connect(`c${time}`).send(Uint8Array.of(0xf7, 0))],
  ['clients that take a session over', {}, (broker) => void broker.connect('c')],
  [
    'logins that fail',
    { authenticate: () => ReasonCode.notAuthorized },
    (broker, time) => void broker.connect(`c${time}`, { userName: `u${time}` }),
  ],
  [
    'the names of other users',
    { sessionOwnership: 'user' },
    (broker, time) => void broker.connect('c', { userName: time === 0 ? 'ann' : 'eve' }),
  ],
  [
    'Wills that may not be published',
    { authorization: RULES },
    (broker, time) => broker.connect(`c${time}`, { will: WILL }).cut(),
  ],
  ['more connections than may be', { limits: { maximumConnections: 1 } }, (broker) => void broker.raw()],
];

/** The same of a client that is connected. */
const CLIENT_FLOODS: readonly [string, Start, (time: number) => Parameters<VirtualBroker['raw']>[0] | object][] = [
  ['publications that are denied', { authorization: RULES }, () => publishPacket('other', 'x')],
  [
    'subscriptions that are denied',
    { authorization: RULES },
    (time) => ({
      type: PacketType.subscribe,
      packetId: (time % 60_000) + 1,
      properties: {},
      subscriptions: [{ topicFilter: `t${time}`, qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
    }),
  ],
];

describe('floods are few lines, which say how many more there would have been', () => {
  test.each(FLOODS)('%s', async (_, options, once) => {
    broker = await VirtualBroker.start({ login: { backOff: { addressFailures: 1_000_000 } }, ...options });
    for (let time = 0; time < TIMES; time++) {
      once(broker, time);
      broker.run();
    }
    assertQuiet(broker);
  });

  test.each(CLIENT_FLOODS)('%s', async (_, options, packet) => {
    broker = await VirtualBroker.start(options);
    const client = broker.connect('c');
    for (let time = 0; time < TIMES; time++) client.send(packet(time) as never);
    assertQuiet(broker);
  });

  function assertQuiet(broker: VirtualBroker): void {
    broker.advance(2_000);
    const lines = broker.takeLog('debug');
    const kinds = new Map<string, number>();
    let more = 0;
    for (const { level, fields, message } of lines) {
      const kind = `${level} ${message}`.replace(/\d+/g, 'N').replace(/'.*'/, '');
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      const { more: unsaid = 0 } = fields;
      more += Number(unsaid);
    }
    for (const [kind, count] of kinds) assert.ok(count <= MOST_LINES, `${count} times '${kind}'`);
    assert.ok(lines.length + more >= TIMES - 1, `${lines.length} lines, and ${more} more, of ${TIMES}`);
    assert.ok(more > TIMES / 2);
  }
});

test('what is wrong with strangers does not keep the log from saying what clients do', async () => {
  broker = await VirtualBroker.start();
  for (let time = 0; time < 1_000; time++) broker.raw().send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  broker.run();
  broker.takeLog('debug');
  const client = broker.connect('panel');
  client.send(Uint8Array.of(0xf7, 0));
  const lines = broker.takeLog().map(({ level, fields: { client }, message }) => [level, client, message]);
  assert.deepEqual(lines[0], ['info', 'panel', 'connected']);
  assert.equal(lines[1]?.[0], 'warn');
  assert.equal(lines[1]?.[1], 'panel');
});

test('no payload and no secret is in any line, whatever happens', async () => {
  const secret = 'geheim-1234';
  const bytes = Buffer.from(secret);
  broker = await VirtualBroker.start({
    authorization: { rules: [{ allow: 'subscribe', topics: '#' }], deniedPublish: 'disconnect' },
    authenticate: ({ clientIdentifier }) => {
      if (clientIdentifier === 'broken') throw new Error('the users cannot be asked');
      return clientIdentifier === 'refused' ? ReasonCode.badUserNameOrPassword : ReasonCode.success;
    },
    limits: { maximumPacketSize: 1_000 },
  });
  const userProperties: [string, string][] = [['token', secret]];
  const properties = { userProperties, correlationData: bytes, contentType: secret };
  const will = { topicName: 'w', payload: bytes, qos: 0, retain: false, properties } as const;
  for (const clientIdentifier of ['c', 'refused', 'broken', 'c']) {
    const raw = broker.raw();
    raw.send({
      type: PacketType.connect,
      protocolVersion: 5,
      bridge: false,
      cleanStart: true,
      keepAlive: 0,
      clientIdentifier,
      will,
      userName: 'ann',
      password: bytes,
      properties: { userProperties },
    });
    broker.run();
    raw.send(publishPacket('t', secret, { properties }));
    broker.run();
    raw.send(publishPacket('t', secret.repeat(200)));
    raw.send(Buffer.concat([Uint8Array.of(0x36, 14, 0, 1, 0x74), bytes]));
    broker.run();
    raw.transport.destroy();
    broker.run();
  }
  broker.advance(5_000);
  const lines = broker.takeLog('debug');
  assert.ok(lines.length > 8, `${lines.length} lines`);
  for (const level of ['debug', 'info', 'warn'] as const)
    assert.ok(
      lines.some((line) => line.level === level),
      level,
    );
  assert.ok(!JSON.stringify(lines).includes(secret));
});
