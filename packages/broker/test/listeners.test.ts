import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PacketType, ReasonCode } from '@busbar/codec';
import { connectPacket, createTestAuthority, RawClient, type TestCertificateOptions } from '@busbar/testkit';
import { type ByteTransport, dialTcp, dialTls, dialUnix, dialWebSocket } from '@busbar/transport';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Broker, type BrokerOptions, type Credentials, createBroker, type ListenerOptions } from '../src/index.ts';
import { RecordingLog } from './recording-log.ts';

const authority = createTestAuthority();
const certificates = [authority.issue({ altNames: ['localhost'] })];
const tls = { certificates, ca: authority.cert };
const trust = { ca: authority.cert };
const host = '127.0.0.1';

/** A broker for one test, and what its clients showed of themselves. */
async function start(listeners: readonly ListenerOptions[], options: BrokerOptions = {}) {
  const log = new RecordingLog();
  const shown: Credentials[] = [];
  const authenticate = (credentials: Credentials) => {
    shown.push(credentials);
    return ReasonCode.success;
  };
  const broker = await createBroker({ listeners, log, authenticate, systemTopicsInterval: 0, ...options });
  onTestFinished(() => broker.stop());
  return { broker, log, shown, portOf: (index: number) => broker.listeners[index]?.port ?? assert.fail('no listener') };
}

/** A client that has sent CONNECT. */
async function connect(dialling: Promise<ByteTransport>, packet: Parameters<typeof connectPacket>[0] = {}) {
  const transport = await dialling;
  onTestFinished(() => transport.destroy());
  const client = new RawClient(transport, 5);
  client.send(connectPacket(packet));
  return client;
}

const accepted = { type: PacketType.connack, reasonCode: ReasonCode.success } as const;

async function until(broker: Broker, condition: (stats: ReturnType<Broker['stats']>) => boolean): Promise<void> {
  while (!condition(broker.stats())) await new Promise((resolve) => setImmediate(resolve));
}

describe('every transport', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-listeners-'));
  onProcessEnd(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'mqtt.sock');

  test('serves MQTT beside the others, and clients on all of them reach each other', async () => {
    const { broker, portOf, shown } = await start([
      { host, port: 0 },
      { transport: 'tls', host, port: 0, tls },
      { transport: 'ws', host, port: 0 },
      { transport: 'wss', host, port: 0, tls, path: '/secure' },
      { transport: 'unix', path: file },
    ]);
    expect(broker.listeners.map(({ transport, address }) => [transport, address])).toEqual([
      ['tcp', host],
      ['tls', host],
      ['ws', host],
      ['wss', host],
      ['unix', file],
    ]);
    const diallings = [
      dialTcp({ host, port: portOf(0) }),
      dialTls({ host: 'localhost', port: portOf(1), tls: trust }),
      dialWebSocket({ url: `ws://127.0.0.1:${portOf(2)}/mqtt` }),
      dialWebSocket({ url: `wss://localhost:${portOf(3)}/secure`, tls: trust }),
      dialUnix({ path: file }),
    ];
    const clients = await Promise.all(
      diallings.map((dialling, at) => connect(dialling, { clientIdentifier: `c${at}` })),
    );
    for (const client of clients) await client.expect(accepted);
    for (const client of clients) {
      client.send(Uint8Array.of(0x82, 7, 0, 1, 0, 0, 1, 0x61, 0)); // SUBSCRIBE to 'a'
      await client.expect({ type: PacketType.suback });
    }
    for (const client of clients) {
      client.send(Uint8Array.of(0x30, 5, 0, 1, 0x61, 0, 0x78)); // PUBLISH 'x' on 'a'
      for (const receiver of clients) await receiver.expect({ type: PacketType.publish, topicName: 'a' });
    }
    expect(shown.map(({ address }) => address).sort()).toEqual([host, host, host, host, 'unix']);
    for (const client of clients) client.transport.end();
    await until(broker, ({ connections }) => connections === 0);
  });

  test('tells its clients that the broker stops', async () => {
    const { broker, portOf } = await start([
      { transport: 'tls', host, port: 0, tls },
      { transport: 'wss', host, port: 0, tls },
    ]);
    const clients = [
      await connect(dialTls({ host: 'localhost', port: portOf(0), tls: trust }), { clientIdentifier: 'a' }),
      await connect(dialWebSocket({ url: `wss://localhost:${portOf(1)}/mqtt`, tls: trust }), { clientIdentifier: 'b' }),
    ];
    for (const client of clients) await client.expect(accepted);
    const stopping = broker.stop();
    for (const client of clients) {
      await client.expect({ type: PacketType.disconnect, reasonCode: ReasonCode.serverShuttingDown });
      await client.untilClosed();
      expect(client.error).toBeUndefined();
    }
    await stopping;
  });
});

describe('the identity of a client', () => {
  const identity = async (
    useIdentityAsUserName: 'cn' | 'san' | 'subject',
    client: TestCertificateOptions | undefined,
    clientCertificates: 'request' | 'require' = 'require',
    issuer = authority,
  ) => {
    const listener = {
      transport: 'tls',
      host,
      port: 0,
      tls: { ...tls, clientCertificates },
      useIdentityAsUserName,
    } as const;
    const { portOf, shown } = await start([listener]);
    const own = client && issuer.issue(client);
    const dialling = dialTls({ host: 'localhost', port: portOf(0), tls: { ...trust, ...own } });
    const connected = await connect(dialling, { userName: 'claimed', password: Buffer.of(1) });
    return { answer: await connected.next(), shown: shown[0] };
  };

  test.each([
    ['cn', { commonName: 'press-7', organization: 'Plant, 4' }, 'press-7'],
    ['san', { commonName: 'x', altNames: ['press-7.plant.example', 'mailto:p@example'] }, 'press-7.plant.example'],
    ['san', { altNames: ['mailto:press-7@plant.example'] }, 'press-7@plant.example'],
    ['san', { altNames: ['urn:example:press-7'] }, 'urn:example:press-7'],
    ['san', { altNames: ['192.0.2.7'] }, '192.0.2.7'],
    ['subject', { commonName: 'press-7', organization: 'Plant, 4' }, 'CN=press-7,O=Plant\\, 4'],
  ] as const)('%s of %j is the user name, whatever it claims', async (part, certificate, userName) => {
    const { answer, shown } = await identity(part, certificate);
    expect(answer).toMatchObject(accepted);
    expect(shown).toMatchObject({ userName, certificate: { isVerified: true }, password: Buffer.of(1) });
  });

  test.each([
    ['cn', { commonName: null, organization: 'Plant 4' }, 'Common Name'],
    ['san', { commonName: 'press-7' }, 'Subject Alternative Name'],
  ] as const)('without a %s is refused and nobody is asked', async (part, certificate, words) => {
    const { answer, shown } = await identity(part, certificate);
    expect(answer).toMatchObject({ type: PacketType.connack, reasonCode: ReasonCode.badUserNameOrPassword });
    expect(answer).toMatchObject({
      properties: { reasonString: `expected a ${words} in the client certificate, it has none` },
    });
    expect(shown).toBeUndefined();
  });

  // OpenSSL escapes it where the whole subject is asked for.
  test('with a Common Name that no client can have is refused and nobody is asked', async () => {
    const { answer, shown } = await identity('cn', { commonName: 'ad\0min' });
    expect(answer).toMatchObject({ type: PacketType.connack, reasonCode: ReasonCode.badUserNameOrPassword });
    expect(answer).toMatchObject({
      properties: { reasonString: expect.stringContaining('the Common Name in the client certificate cannot be') },
    });
    expect(shown).toBeUndefined();
  });

  test('that is not verified gives no name, nor does none', async () => {
    const stranger = createTestAuthority('Somebody else');
    const unverified = await identity('cn', { commonName: 'admin' }, 'request', stranger);
    expect(unverified.answer).toMatchObject(accepted);
    expect(unverified.shown).toMatchObject({
      userName: 'claimed',
      certificate: { isVerified: false, commonName: 'admin' },
    });
    const anonymous = await identity('cn', undefined, 'request');
    expect(anonymous.shown).toMatchObject({ userName: 'claimed', certificate: undefined });
  });

  test('is shown to whoever authenticates, also where it is not the user name', async () => {
    const { portOf, shown } = await start([
      { transport: 'wss', host, port: 0, tls: { ...tls, clientCertificates: 'require' } },
      { host, port: 0 },
    ]);
    const device = authority.issue({ commonName: 'press-7' });
    const url = `wss://localhost:${portOf(0)}/mqtt`;
    await (await connect(dialWebSocket({ url, tls: { ...trust, ...device } }), { userName: 'u' })).expect(accepted);
    await (await connect(dialTcp({ host, port: portOf(1) }), { clientIdentifier: 'other' })).expect(accepted);
    expect(shown.map(({ userName, certificate }) => [userName, certificate?.commonName])).toEqual([
      ['u', 'press-7'],
      [undefined, undefined],
    ]);
  });
});

describe('behind a proxy', () => {
  test('the address that counts is the client’s', async () => {
    const { portOf, shown } = await start([
      { host, port: 0, proxyProtocol: true },
      { transport: 'ws', host, port: 0, trustedProxies: ['127.0.0.1'] },
    ]);
    const socket = connectSocket(portOf(0), host);
    onTestFinished(() => void socket.destroy());
    socket.write('PROXY TCP6 2001:db8::7 2001:db8::1 5539 1883\r\n');
    socket.write(Buffer.from('100c00044d5154540402003c0000', 'hex'));
    const [connack] = (await once(socket, 'data')) as [Buffer];
    expect([...connack]).toEqual([0x20, 2, 0, 0]);
    const url = `ws://127.0.0.1:${portOf(1)}/mqtt`;
    const headers = { 'X-Forwarded-For': '203.0.113.66, 198.51.100.7' };
    await (await connect(dialWebSocket({ url, headers }))).expect(accepted);
    expect(shown.map(({ address }) => address)).toEqual(['2001:db8::7', '198.51.100.7']);
  });
});

describe('each listener has its own bounds', () => {
  test('on connections at a time, shared by the addresses that it stands for', async () => {
    const { broker, log, portOf } = await start([
      { host: 'localhost', port: 0, maximumConnections: 2 },
      { host, port: 0 },
    ]);
    const addresses = broker.listeners.map(({ address }) => address);
    const isDual = addresses.includes('::1');
    const hosts = isDual ? ['127.0.0.1', '::1'] : ['127.0.0.1', '127.0.0.1'];
    for (const [at, each] of hosts.entries()) {
      const client = await connect(dialTcp({ host: each, port: portOf(0) }), { clientIdentifier: `c${at}` });
      await client.expect(accepted);
    }
    for (let count = 1; count <= 3; count += 1) {
      const client = await connect(dialTcp({ host, port: portOf(0) }));
      await client.untilClosed();
      await until(broker, ({ connectionsRefused }) => connectionsRefused === count);
    }
    const other = await connect(dialTcp({ host, port: portOf(isDual ? 2 : 1) }), { clientIdentifier: 'other' });
    await other.expect(accepted);
    const lines = log.take('warn');
    expect(lines[0]).toMatchObject({
      message: 'a listener has turned a connection away',
      fields: { transport: 'tcp', reason: 'maximumConnections' },
    });
    expect(lines.length).toBeLessThan(3);
    expect(broker.stats().limitsReached).toEqual({ listenerMaximumConnections: 3 });
  });

  test('or the broker’s, which is then the limit that was reached', async () => {
    const { broker, portOf } = await start([{ host, port: 0 }], { limits: { maximumConnections: 1 } });
    await (await connect(dialTcp({ host, port: portOf(0) }))).expect(accepted);
    await (await connect(dialTcp({ host, port: portOf(0) }))).untilClosed();
    await until(broker, ({ connectionsRefused }) => connectionsRefused === 1);
    expect(broker.stats().limitsReached).toEqual({ maximumConnections: 1 });
    broker.replaceLimits({ maximumConnections: 1 }, [{ maximumConnections: 1 }]);
    await (await connect(dialTcp({ host, port: portOf(0) }))).untilClosed();
    await until(broker, ({ connectionsRefused }) => connectionsRefused === 2);
    expect(broker.stats().limitsReached).toEqual({ listenerMaximumConnections: 1, maximumConnections: 1 });
  });

  test('on connections per second', async () => {
    const { broker, portOf } = await start([
      { transport: 'tls', host, port: 0, tls, connectionRate: 0.001 },
      { transport: 'tls', host, port: 0, tls },
    ]);
    const dial = (index: number) => dialTls({ host: 'localhost', port: portOf(index), tls: trust });
    await (await connect(dial(0), { clientIdentifier: 'a' })).expect(accepted);
    await expect(dial(0)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await until(broker, ({ connectionsRefused }) => connectionsRefused === 1);
    await (await connect(dial(1), { clientIdentifier: 'b' })).expect(accepted);
  });

  test('on handshakes, which are counted when they fail', async () => {
    const { broker, log, portOf } = await start([{ transport: 'tls', host, port: 0, tls, handshakeTimeoutMs: 30 }]);
    const silent = connectSocket(portOf(0), host);
    onTestFinished(() => void silent.destroy());
    silent.on('error', () => {}).resume();
    await once(silent, 'close');
    await until(broker, ({ handshakesFailed }) => handshakesFailed === 1);
    expect(log.take('warn')).toMatchObject([
      { message: 'a handshake has failed', fields: { transport: 'tls', code: 'ETIMEDOUT' } },
    ]);
    expect(broker.stats().connectionsAccepted).toBe(0);
  });
});

describe('certificates', () => {
  test('are replaced on one port, and connections that are open live on', async () => {
    const { broker, portOf } = await start([
      { transport: 'tls', host, port: 0, tls },
      { transport: 'wss', host, port: 0, tls },
    ]);
    const dial = () => dialTls({ host: 'localhost', port: portOf(0), tls: trust });
    const before = await connect(dial(), { clientIdentifier: 'a' });
    await before.expect(accepted);
    const renewed = [authority.issue({ commonName: 'renewed', altNames: ['localhost'] })];
    broker.replaceCertificates(portOf(0), { certificates: renewed, ca: authority.cert });
    const after = await connect(dial(), { clientIdentifier: 'b' });
    await after.expect(accepted);
    expect(after.transport.tls?.peerCertificate?.commonName).toBe('renewed');
    const url = `wss://localhost:${portOf(1)}/mqtt`;
    const other = await connect(dialWebSocket({ url, tls: trust }), { clientIdentifier: 'c' });
    expect(other.transport.tls?.peerCertificate?.commonName).toBe('localhost');
    before.send(Uint8Array.of(0xc0, 0));
    await before.expect({ type: PacketType.pingresp });
  });

  test('are replaced at the place of one listener, also where another has its port', async () => {
    const { broker, portOf } = await start([
      { transport: 'tls', host, port: 0, tls },
      { transport: 'tls', host: '127.0.0.2', port: 0, tls },
    ]);
    const renewed = [authority.issue({ commonName: 'renewed', altNames: ['localhost'] })];
    broker.replaceCertificates({ place: 1 }, { certificates: renewed });
    const names = [];
    for (const [at, address] of [host, '127.0.0.2'].entries()) {
      const dialled = await dialTls({ host: address, port: portOf(at), tls: { ...trust, serverName: 'localhost' } });
      names.push(dialled.tls?.peerCertificate?.commonName);
      dialled.destroy();
    }
    expect(names).toEqual(['localhost', 'renewed']);
    expect(() => broker.replaceCertificates({ place: 2 }, { certificates: renewed })).toThrow('is at place 2');
  });

  test('that cannot be used, or for a port without TLS, are refused', async () => {
    const { broker, portOf } = await start([
      { host, port: 0 },
      { transport: 'tls', host, port: 0, tls },
    ]);
    expect(() => broker.replaceCertificates(portOf(0), { certificates })).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'unknown-listener' }),
    );
    expect(() => broker.replaceCertificates(portOf(1), { certificates: [] })).toThrow(
      expect.objectContaining({ name: 'TransportError', code: 'ERR_TLS_NO_CERTIFICATE' }),
    );
  });
});

function onProcessEnd(act: () => void): void {
  process.once('exit', act);
}
