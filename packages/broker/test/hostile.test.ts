import assert from 'node:assert/strict';
import { encodePacket, type Packet, PacketType, PINGREQ, type ProtocolVersion, ReasonCode } from '@busbar/codec';
import { connectPacket, hex, publishPacket, RawClient, RecordingReceiver, subscribePacket } from '@busbar/testkit';
import { type ByteTransport, dialTcp, listenTcp, type TransportListener } from '@busbar/transport';
import { afterEach, beforeEach, describe, test, vi } from 'vitest';
import { type Broker, type BrokerLimits, createBroker, MemoryStore } from '../src/index.ts';
import { type LogLine, RecordingLog } from './recording-log.ts';

// Thousands of connections and floods, on machines of any speed.
vi.setConfig({ testTimeout: 60_000 });

const HOST = '127.0.0.1';
const VERSIONS = [4, 5] as const;

let broker: Broker;
let listener: TransportListener;
let store: MemoryStore;
let log: RecordingLog;
/** The broker's ends of the connections, in the order they came. */
let accepted: ByteTransport[];
let witness: RawClient;

/** Starts another broker with other limits: real sockets, and the broker's ends of them can be seen. */
async function restart(limits: Partial<BrokerLimits>): Promise<void> {
  await stop();
  await start(limits);
}

async function start(limits: Partial<BrokerLimits> = {}): Promise<void> {
  log = new RecordingLog();
  store = new MemoryStore();
  accepted = [];
  broker = await createBroker({ listeners: [], limits, log, store, systemTopicsInterval: 0 });
  listener = await listenTcp({ host: HOST, port: 0 }, (transport) => {
    accepted.push(transport);
    broker.accept(transport);
  });
  witness = await connect('witness', 5);
  log.take();
}

beforeEach(() => start());

afterEach(stop);

async function stop(): Promise<void> {
  await listener.close();
  await broker.stop();
}

async function dial(version: ProtocolVersion = 5): Promise<RawClient> {
  return new RawClient(await dialTcp({ host: HOST, port: listener.port }), version);
}

async function connect(clientIdentifier: string, version: ProtocolVersion): Promise<RawClient> {
  const client = await dial(version);
  client.send(connectPacket({ clientIdentifier, protocolVersion: version }));
  await client.expect({ type: PacketType.connack, reasonCode: ReasonCode.success });
  return client;
}

/** Another client is served as if nothing had happened. */
async function assertServed(): Promise<void> {
  witness.send(subscribePacket(1, 'witness'), publishPacket('witness', 'well', { qos: 1, packetId: 2 }), PINGREQ);
  const types = [await witness.next(), await witness.next(), await witness.next(), await witness.next()].map(
    ({ type }) => type,
  );
  const { suback, publish, puback, pingresp } = PacketType;
  assert.deepEqual(types.sort(), [suback, publish, puback, pingresp].sort());
}

/** What was said since the start, but of clients that came in order. */
function complaints(): LogLine[] {
  // How busy the machine is with other things is nobody's fault.
  return log.take().filter(({ message, fields }) => message !== 'connected' && !('overload' in fields));
}

/** The connection is closed after just these packets; the broker says one line about it, and serves others. */
async function assertClosed(client: RawClient, answer: readonly Packet['type'][], message: RegExp): Promise<void> {
  await client.untilClosed();
  assert.deepEqual(
    client.takeAll().map(({ type }) => type),
    answer,
  );
  await assertServed();
  const lines = complaints();
  assert.equal(lines.length, 1, JSON.stringify(lines));
  assert.equal(lines[0]?.level, 'warn');
  assert.match(lines[0]?.message ?? '', message);
  assert.equal(broker.stats().connections, 1);
}

describe('garbage on the port', () => {
  const garbage: readonly [name: string, bytes: Uint8Array, message: RegExp][] = [
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), /an HTTP request came/],
    ['a TLS ClientHello', hex('16 03 01 00 05 01 00 00 01 03'), /a TLS handshake came/],
    ['an SSH greeting', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'), /expected CONNECT first/],
    ['zeros', new Uint8Array(1_000), /expected CONNECT first/],
    ['ones', new Uint8Array(1_000).fill(0xff), /expected CONNECT first/],
    [
      'a CONNECT with a Remaining Length of five bytes',
      hex('10 ff ff ff ff ff'),
      /Remaining Length is longer than four bytes/,
    ],
    ['a CONNECT full of noise', hex('10 0c 00 04 "NOPE" 04 02 00 3c 00 00'), /Protocol Name/],
  ];
  for (const [name, bytes, message] of garbage) {
    test(`${name}: closed at once and without a word`, async () => {
      const client = await dial();
      client.send(bytes);
      await assertClosed(client, [], message);
    });
  }

  test('noise: whatever comes, the connection ends and others are served', async () => {
    await restart({ connectTimeoutMs: 200 });
    let state = 12_345;
    const noise = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 24;
    };
    const clients = await Promise.all(Array.from({ length: 50 }, () => dial()));
    for (const client of clients) client.send(Uint8Array.from({ length: 1 + noise() }, noise));
    for (const client of clients) await client.untilClosed();
    await assertServed();
    assert.equal(complaints().length, 50);
    assert.equal(broker.stats().connections, 1);
  });
});

describe('the beginning of a connection', () => {
  test('half a CONNECT, as a tutorial writes it by hand: 22 bytes announced, 12 came', async () => {
    await restart({ connectTimeoutMs: 200 });
    const client = await dial();
    client.send(hex('10 16 00 04 "MQTT" 04 02 00 3c 00 00'));
    await assertClosed(client, [], /no whole CONNECT came within 0\.2 s: its Remaining Length says 22 bytes, 12 came/);
  });

  test('nothing at all', async () => {
    await restart({ connectTimeoutMs: 200 });
    await assertClosed(await dial(), [], /no CONNECT came within 0\.2 s/);
  });

  test('a packet before CONNECT', async () => {
    for (const version of VERSIONS) {
      const client = await dial(version);
      client.send(publishPacket('t', 'x'), connectPacket({ protocolVersion: version }));
      await assertClosed(client, [], /expected CONNECT first, PUBLISH came/);
    }
  });

  test('a CONNECT of 10 MB is refused from its header', async () => {
    const client = await dial();
    client.send(hex('10 80 ad e2 04'));
    await assertClosed(client, [], /the packet is 10000005 bytes, the Maximum Packet Size is 1048576/);
  });

  test('a version that does not exist is told so', async () => {
    for (const [version, bytes] of [
      [4, '10 0d 00 04 "MQTT" 02 02 00 3c 00 01 "a"'],
      [5, '10 0e 00 04 "MQTT" 06 02 00 3c 00 00 01 "a"'],
    ] as const) {
      const client = await dial(version);
      client.send(hex(bytes));
      const connack = await client.expect({
        type: PacketType.connack,
        reasonCode: ReasonCode.unsupportedProtocolVersion,
      });
      assert.ok(connack);
      await assertClosed(client, [], /Protocol Version/);
    }
  });

  test('CONNECT byte by byte is served like any other, and so is what follows', async () => {
    for (const version of VERSIONS) {
      const client = await dial(version);
      const packets: Packet[] = [
        connectPacket({ protocolVersion: version, clientIdentifier: `slow${version}` }),
        subscribePacket(1, 'slow'),
        publishPacket('slow', 'but sure', { qos: 1, packetId: 2 }),
      ];
      for (const byte of Buffer.concat(packets.map((packet) => encodePacket(packet, version)))) {
        client.transport.write(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await client.untilPackets(4);
      const { connack, suback, publish, puback } = PacketType;
      assert.deepEqual(
        client
          .takeAll()
          .map(({ type }) => type)
          .sort(),
        [connack, suback, publish, puback].sort(),
      );
      await assertServed();
      assert.deepEqual(complaints(), []);
      client.transport.destroy();
      while (broker.stats().connections > 1) await assertServed();
      log.take();
    }
  });
});

describe('a connected client breaks the rules: 5.0 hears why, 3.1.1 is closed', () => {
  const crimes: readonly [name: string, bytes: (version: ProtocolVersion) => Uint8Array, reasonCode: ReasonCode][] = [
    [
      'a second CONNECT',
      (version) => encodePacket(connectPacket({ protocolVersion: version }), version),
      ReasonCode.protocolError,
    ],
    ['10 MB announced', () => hex('30 80 ad e2 04'), ReasonCode.packetTooLarge],
    ['a packet of the server', () => hex('d0 00'), ReasonCode.protocolError],
    ['reserved flags', () => hex('c1 00'), ReasonCode.malformedPacket],
    ['a Topic Name with a wildcard', () => hex('30 06 00 03 "a/#" 00'), ReasonCode.topicNameInvalid],
    ['a Topic Name that is not UTF-8', () => hex('30 05 00 02 c3 28 00'), ReasonCode.malformedPacket],
    [
      'SUBSCRIBE without a Topic Filter',
      (version) => (version === 5 ? hex('82 03 00 01 00') : hex('82 02 00 01')),
      ReasonCode.protocolError,
    ],
  ];
  for (const [name, bytes, reasonCode] of crimes) {
    for (const version of VERSIONS) {
      test(`${name}, version ${version}`, async () => {
        const client = await connect('criminal', version);
        client.send(bytes(version));
        if (version === 5) await client.expect({ type: PacketType.disconnect, reasonCode });
        await assertClosed(client, [], /./);
        assert.equal(broker.stats().clients, 1);
      });
    }
  }
});

describe('connections that go away', () => {
  test('in the middle of a packet: one line, nothing left', async () => {
    for (const version of VERSIONS) {
      const client = await connect('half', version);
      client.send(subscribePacket(1, '#'));
      await client.next();
      client.send(encodePacket(publishPacket('t', 'a long text'), version).slice(0, 7));
      client.transport.end();
      await client.untilClosed();
      await assertServed();
      const lines = complaints();
      assert.equal(lines.length, 1, JSON.stringify(lines));
      assert.match(lines[0]?.message ?? '', /was closed/);
      const { clients, sessions, subscriptions } = broker.stats();
      assert.deepEqual([clients, sessions, subscriptions], [1, 1, 1]);
    }
  });

  test('two thousand of them, at every stage: nothing is left of any', async () => {
    const stages = [
      (client: RawClient) => client.transport.destroy(),
      (client: RawClient) => client.send(hex('10 20 00 04')),
      (client: RawClient) => client.send(connectPacket({ clientIdentifier: '' })),
      (client: RawClient) =>
        client.send(connectPacket({ clientIdentifier: '' }), subscribePacket(1, '#'), publishPacket('t', 'x')),
      (client: RawClient) => client.send(Buffer.from('GET / HTTP/1.1\r\n\r\n')),
    ];
    for (let round = 0; round < 20; round++) {
      const clients = await Promise.all(Array.from({ length: 100 }, () => dial()));
      for (const [at, client] of clients.entries()) stages[at % stages.length]?.(client);
      await assertServed();
      for (const client of clients) client.transport.destroy();
      await Promise.all(clients.map((client) => client.untilClosed()));
    }
    while (broker.stats().connections > 1) await assertServed();
    const { connections, clients, sessions, subscriptions, connectionsAccepted } = broker.stats();
    assert.deepEqual([connections, clients, sessions, subscriptions], [1, 1, 1, 1]);
    assert.equal(connectionsAccepted, 2_001);
    assert.equal([...store.load().sessions].length, 1);
  });

  test('more than are allowed at a time are closed at once and counted, and a line says so once a second', async () => {
    await restart({ maximumConnections: 3 });
    const allowed = [await connect('a', 5), await connect('b', 5)];
    const refused = [await dial(), await dial()];
    for (const client of refused) await client.untilClosed();
    assert.deepEqual(
      complaints().map(({ message }) => message),
      ['a limit has been reached'],
    );
    assert.equal(broker.stats().connectionsRefused, 2);
    for (const client of allowed) client.transport.destroy();
    while (broker.stats().connections > 1) await assertServed();
    await connect('c', 5);
  });
});

describe('a client that does not read', () => {
  test('while another floods: its memory is bounded, and others get everything', async () => {
    const limits = { maximumBufferedBytes: 262_144, maximumQueuedBytes: 1_000_000, maximumQueuedMessages: 1_000 };
    await restart(limits);
    const stuck = await connect('stuck', 4);
    const end = accepted.at(-1);
    const fine = await connect('fine', 5);
    for (const client of [stuck, fine]) {
      client.send(subscribePacket(1, 'flood'));
      await client.expect({ type: PacketType.suback });
    }
    stuck.transport.pause();
    const flooder = await connect('flooder', 4);
    const text = 'x'.repeat(4_000);
    const batch = Array.from({ length: 500 }, () => publishPacket('flood', text));
    const queue = [...store.load().sessions].find(({ clientIdentifier }) => clientIdentifier === 'stuck')?.queue;
    let received = 0;
    // As much as the kernel takes for a reader that does not read, and then as much again.
    for (let round = 0; round < 60 && (broker.stats().dropped['queue-full'] ?? 0) < 2_000; round++) {
      flooder.send(...batch);
      await fine.untilPackets(batch.length);
      received += fine.takeAll().length;
      assert.ok((end?.bufferedBytes ?? 0) < limits.maximumBufferedBytes + 5_000, `${end?.bufferedBytes} buffered`);
      assert.ok((queue?.length ?? 0) <= 1_000 && (queue?.byteLength ?? 0) <= 1_000_000);
    }
    const { dropped, messagesReceived } = broker.stats();
    assert.ok((dropped['queue-full'] ?? 0) >= 2_000, JSON.stringify(dropped));
    assert.equal(received, messagesReceived, 'others have everything');
    await assertServed();
    const waiting = queue?.length ?? 0;
    stuck.transport.resume();
    await stuck.untilPackets(waiting);
    assert.ok(
      complaints().every(({ fields }) => fields['client'] === 'stuck' && fields['limit'] === 'maximumQueuedBytes'),
    );
  });

  test('and asks without end: it is not read any more until it reads, and has every answer then', async () => {
    await restart({ maximumBufferedBytes: 65_536, maximumPacketSize: 1_000 });
    const transport = await dialTcp({ host: HOST, port: listener.port });
    const answers = new RecordingReceiver().attachTo(transport);
    transport.write(encodePacket(connectPacket({ protocolVersion: 4, clientIdentifier: 'greedy' }), 4));
    await answers.untilBytes(4);
    const end = accepted.at(-1);
    transport.pause();
    const question = encodePacket(publishPacket('t', '', { qos: 1, packetId: 1 }), 4);
    const questions = Buffer.alloc(question.length * 50_000, question);
    const before = broker.stats().bytesReceived;
    let asked = 0;
    // Until the broker stops reading, so that what is written stays here.
    for (; transport.bufferedBytes < 1_000_000; asked += 50_000) {
      transport.write(questions);
      await assertServed();
      assert.ok((end?.bufferedBytes ?? 0) < 65_536 * 3 + 2_000, `${end?.bufferedBytes} buffered`);
    }
    assert.ok(broker.stats().bytesReceived - before < asked * question.length);
    transport.resume();
    await answers.untilBytes(4 + asked * 4); // CONNACK and PUBACK are four bytes each
    transport.destroy();
    await answers.untilClosed();
    while (broker.stats().connections > 1) await assertServed();
    assert.equal(complaints().length, 1);
  });
});
