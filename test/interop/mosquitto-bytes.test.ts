/**
 * The same bytes to Debian's mosquitto and to `busbar broker` under the name and with the configuration of Mosquitto: what each
 * answers must be the same, byte by byte, wherever the standard leaves one answer or Mosquitto's is as good as ours.
 */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ConnectPacket,
  encodePacket,
  NO_PROPERTIES,
  type Packet,
  PacketType,
  type ProtocolVersion,
  ReasonCode,
} from '@busbar/codec';
import {
  connectPacket,
  findMosquitto,
  MosquittoBroker,
  PeerProcess,
  publishPacket,
  subscribePacket,
} from '@busbar/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const BUSBAR = fileURLToPath(new URL('../../packages/cli/bin/busbar.js', import.meta.url));
/** What is asked last: its answer, or the end of the connection, ends an exchange. */
const PING: Packet = { type: PacketType.pingreq };
const PINGRESP = 'd000';

const { puback, pubrel, unsubscribe, disconnect } = PacketType;
type Sent = Packet | Uint8Array;

function connectAs(version: ProtocolVersion, more: Partial<ConnectPacket> = {}): ConnectPacket {
  return connectPacket({ protocolVersion: version, clientIdentifier: 'bytes', keepAlive: 60, ...more });
}

function acknowledgement(type: typeof puback | typeof pubrel, packetId: number): Packet {
  return { type, packetId, reasonCode: ReasonCode.success, properties: NO_PROPERTIES };
}

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** For every version, after a CONNECT of that version. */
const EXCHANGES: Record<string, (version: ProtocolVersion) => Sent[]> = {
  'nothing more': () => [],
  'a subscription of each QoS': () => [
    subscribePacket(1, 'a', { qos: 0 }),
    subscribePacket(2, 'b', { qos: 1 }),
    subscribePacket(3, 'c', { qos: 2 }),
  ],
  'an end of a subscription that is there, and of one that is not': () => [
    subscribePacket(1, 'a'),
    { type: unsubscribe, packetId: 2, topicFilters: ['a'], properties: NO_PROPERTIES },
    { type: unsubscribe, packetId: 3, topicFilters: ['b'], properties: NO_PROPERTIES },
  ],
  'a message of QoS 0 to oneself': () => [subscribePacket(1, 'a/+'), publishPacket('a/b', 'text')],
  'one of QoS 1 to oneself': () => [
    subscribePacket(1, 'a/#', { qos: 1 }),
    publishPacket('a/b', 'text', { qos: 1, packetId: 7 }),
    acknowledgement(puback, 1),
  ],
  'messages that nobody receives': () => [
    publishPacket('a', 'x', { qos: 1, packetId: 1 }),
    publishPacket('a', 'x', { qos: 2, packetId: 2 }),
    acknowledgement(pubrel, 2),
  ],
  'a retained message, and its end': () => [
    publishPacket('kept', 'x', { retain: true }),
    subscribePacket(1, 'kept'),
    publishPacket('kept', '', { retain: true }),
    subscribePacket(2, 'kept'),
  ],
  'acknowledgements of nothing': () => [acknowledgement(puback, 9), acknowledgement(pubrel, 9)],
  'a Topic Name with a wildcard below 5.0': (version) =>
    version === 5 ? [] : [publishPacket('a', 'x'), bytes('30 05 00 02 61 2b 78')],
  'QoS 3': (version) => [version === 5 ? bytes('36 06 00 01 61 00 01 00') : bytes('36 05 00 01 61 00 01')],
  'a Topic Name with U+0000': (version) => [
    version === 5 ? bytes('30 06 00 03 61 00 62 00') : bytes('30 05 00 03 61 00 62'),
  ],
  'a message with Packet Identifier 0': (version) => [
    version === 5 ? bytes('32 06 00 01 61 00 00 00') : bytes('32 05 00 01 61 00 00'),
  ],
  'a Remaining Length of five bytes below 5.0': (version) => (version === 5 ? [] : [bytes('30 ff ff ff ff 01')]),
  'SUBSCRIBE with wrong flags': (version) => [
    version === 5 ? bytes('80 07 00 01 00 00 01 61 00') : bytes('80 06 00 01 00 01 61 00'),
  ],
};

/** With 5.0 alone. */
const EXCHANGES_5: Record<string, Sent[]> = {
  'a message with an expiry': [
    subscribePacket(1, 'a'),
    publishPacket('a', 'x', { properties: { messageExpiryInterval: 60 } }),
  ],
  'a message with User Properties': [
    subscribePacket(1, 'a'),
    publishPacket('a', 'x', {
      properties: { userProperties: [['k', 'v']], contentType: 't' },
    }),
  ],
  'a Topic Alias, set and used': [
    subscribePacket(1, 'a'),
    publishPacket('a', 'x', { properties: { topicAlias: 10 } }),
    publishPacket('', 'y', { properties: { topicAlias: 10 } }),
  ],
  'a Topic Alias over the maximum': [publishPacket('a', 'x', { properties: { topicAlias: 11 } })],
  'a Topic Alias that stands for nothing': [publishPacket('', 'x', { properties: { topicAlias: 1 } })],
  'a Subscription Identifier': [
    subscribePacket(1, 'a', {}, { subscriptionIdentifiers: [300] }),
    publishPacket('a', 'x'),
  ],
  'No Local and Retain As Published': [
    subscribePacket(1, 'a', { noLocal: true, retainAsPublished: true }),
    publishPacket('a', 'x'),
  ],
  'DISCONNECT with the will': [
    { type: disconnect, reasonCode: ReasonCode.disconnectWithWillMessage, properties: NO_PROPERTIES },
  ],
};

const CASES: [string, ProtocolVersion, Sent[]][] = [
  ...([3, 4, 5] as const).flatMap((version) =>
    Object.entries(EXCHANGES).map(([name, make]): [string, ProtocolVersion, Sent[]] => [name, version, make(version)]),
  ),
  ...Object.entries(EXCHANGES_5).map(([name, sent]): [string, ProtocolVersion, Sent[]] => [name, 5, sent]),
];

describe.skipIf(findMosquitto() === undefined)('under the name of Mosquitto', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-bytes-'));
  let mosquitto: MosquittoBroker;
  let ours: PeerProcess;
  let ourPort: number;

  beforeAll(async () => {
    // Later versions have this maximum when nothing is said.
    mosquitto = await MosquittoBroker.start({ config: ['max_packet_size 2000000'] });
    const link = path.join(folder, 'mosquitto');
    symlinkSync(BUSBAR, link);
    const config = path.join(folder, 'mosquitto.conf');
    writeFileSync(config, 'listener 0 127.0.0.1\nallow_anonymous true\n');
    ours = new PeerProcess(process.execPath, [link, '-c', config], { timeoutMs: 120_000 });
    await ours.untilOutput(/ready on mqtt:\S+?:\d+/);
    ourPort = Number(/ready on mqtt:\S+?:(\d+)/.exec(ours.stdout)?.[1]);
  });

  afterAll(async () => {
    await Promise.all([mosquitto.stop(), ours.stop('SIGTERM')]);
    rmSync(folder, { recursive: true });
  });

  test.each(CASES)('%s (version %i)', async (_name, version, sent) => {
    const all = [connectAs(version), ...sent, PING];
    const theirs = await answersTo(mosquitto.port, version, all);
    expect(theirs).not.toBe('');
    expect(await answersTo(ourPort, version, all)).toBe(theirs);
  });

  test('an assigned Client Identifier has the shape of theirs', async () => {
    const all = [connectAs(5, { clientIdentifier: '' }), PING];
    const shapeOf = (hex: string) =>
      Buffer.from(hex, 'hex')
        .toString('latin1')
        .replace(/[0-9A-F]/g, 'X');
    expect(shapeOf(await answersTo(ourPort, 5, all))).toBe(shapeOf(await answersTo(mosquitto.port, 5, all)));
  });

  test('without a configuration it listens as theirs does', async () => {
    const link = path.join(folder, 'mosquitto');
    const broker = new PeerProcess(process.execPath, [link, '-p', '0', '-v']);
    await broker.untilOutput(/ready on/);
    expect(broker.stdout).toMatch(/mqtt:\/\/127\.0\.0\.1:\d+/);
    expect((await broker.stop('SIGTERM')).exitCode).toBe(0);
  });
});

/** All that comes until PINGRESP or the end, in hex. */
function answersTo(port: number, version: ProtocolVersion, sent: readonly Sent[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let came = '';
    const socket = connect(port, '127.0.0.1');
    const end = (): void => {
      socket.destroy();
      resolve(came);
    };
    socket.on('data', (chunk) => {
      came += chunk.toString('hex');
      if (came.endsWith(PINGRESP)) end();
    });
    socket.on('close', end);
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? end() : reject(error)));
    socket.write(Buffer.concat(sent.map((each) => (each instanceof Uint8Array ? each : encodePacket(each, version)))));
  });
}
