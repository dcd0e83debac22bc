import { createTestAuthority, RecordingReceiver } from '@busbar/testkit';
import { dialTls } from '@busbar/transport';
import { describe, expect, test } from 'vitest';
import { dialled, failure, RawPeer } from './open-listeners.ts';
import { authority, listenSecurely } from './tls-harness.ts';

describe('names', () => {
  const both = createTestAuthority('Both');
  const certificates = [
    both.issue({ commonName: 'first', altNames: ['first.example'] }),
    both.issue({ commonName: 'second', altNames: ['second.example', '*.plant.example'] }),
    { ...both.issue({ commonName: 'third', altNames: ['x.example'] }), serverNames: ['THIRD.example'] },
  ];

  test.each([
    ['first.example', 'first'],
    ['second.example', 'second'],
    ['Second.Example', 'second'],
    ['line-4.plant.example', 'second'],
    ['third.example', 'third'],
    ['a.b.plant.example', 'first'],
    ['unknown.example', 'first'],
  ])('a client that asks for %s is shown the certificate of %s', async (serverName, commonName) => {
    const { dial, accepted } = await listenSecurely({ certificates });
    const near = await dialled(dial({ ca: both.cert, serverName, rejectUnauthorized: false }));
    expect(near.tls?.peerCertificate?.commonName).toBe(commonName);
    expect((await accepted.at(0)).tls?.serverName).toBe(serverName);
  });

  test('a client that dials an address names nobody and is shown the first', async () => {
    const { listener, accepted } = await listenSecurely({ certificates });
    const tls = { ca: both.cert, rejectUnauthorized: false };
    const near = await dialled(dialTls({ host: '127.0.0.1', port: listener.port, tls }));
    expect(near.tls?.peerCertificate?.commonName).toBe('first');
    expect((await accepted.at(0)).tls?.serverName).toBeUndefined();
  });

  test('an address may stand in the certificate', async () => {
    const certificate = authority.issue({ altNames: ['127.0.0.1'] });
    const { listener } = await listenSecurely({ certificates: [certificate] });
    const near = await dialled(dialTls({ host: '127.0.0.1', port: listener.port, tls: { ca: authority.cert } }));
    expect(near.tls?.peerCertificate?.isVerified).toBe(true);
  });
});

describe('what is agreed on', () => {
  test('TLS 1.3 and the protocol mqtt', async () => {
    const { dial, accepted } = await listenSecurely();
    const near = await dialled(dial());
    const far = await accepted.at(0);
    expect(near.tls).toMatchObject({ protocol: 'TLSv1.3', alpnProtocol: 'mqtt', serverName: 'localhost' });
    expect(far.tls).toMatchObject({ protocol: 'TLSv1.3', alpnProtocol: 'mqtt', serverName: 'localhost' });
    expect(far.tls?.cipher).toMatch(/^TLS_/);
    expect(far.tls?.peerCertificate).toBeUndefined();
    expect(far.remote.address).toBe('127.0.0.1');
  });

  test('TLS 1.2 with a cipher suite of the client’s choice', async () => {
    const { dial } = await listenSecurely();
    const near = await dialled(dial({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }));
    expect(near.tls?.protocol).toBe('TLSv1.2');
    expect(near.tls?.cipher).toBe('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256');
  });

  test('a client without ALPN is let in, one that wants another protocol is not', async () => {
    const { dial, accepted, failed } = await listenSecurely();
    await dialled(dial({ alpnProtocols: [] }));
    expect((await accepted.at(0)).tls?.alpnProtocol).toBeUndefined();
    const error = await failure(dial({ alpnProtocols: ['h2'] }));
    expect(error.code).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
    expect(error.message).toMatch(
      /^cannot connect to localhost:\d+: the peer refused TLS, no application protocol \(ERR_SSL_/,
    );
    const [remote, told] = await failed.next();
    expect([remote.address, told.code]).toEqual(['127.0.0.1', 'ERR_SSL_NO_APPLICATION_PROTOCOL']);
    expect(told.message).toMatch(
      /^handshake with 127\.0\.0\.1:\d+ failed: TLS handshake failed, no application protocol \(/,
    );
  });

  test('a version below the minimum is refused on both sides', async () => {
    const { dial, failed } = await listenSecurely({ minVersion: 'TLSv1.3' });
    const error = await failure(dial({ maxVersion: 'TLSv1.2' }));
    expect(error.message).toMatch(/the peer refused TLS, protocol version/);
    expect((await failed.next())[1].message).toMatch(/unsupported protocol/);
  });
});

describe('a handshake', () => {
  test('that is held open ends after its time', async () => {
    const { listener, accepted, failed } = await listenSecurely({}, { handshakeTimeoutMs: 30 });
    const peer = new RawPeer(listener.port);
    await peer.untilClosed();
    const [remote, error] = await failed.next();
    expect(error.code).toBe('ETIMEDOUT');
    expect(error.message).toBe(`handshake with 127.0.0.1:${remote.port} failed: not done within 30 ms (ETIMEDOUT)`);
    expect(accepted.transports).toHaveLength(0);
  });

  test('that is given up is told', async () => {
    const { listener, failed } = await listenSecurely();
    new RawPeer(listener.port).socket.end();
    expect((await failed.next())[1].code).toBe('ECONNRESET');
  });

  test('that is no TLS is refused', async () => {
    const { listener, failed } = await listenSecurely();
    const peer = new RawPeer(listener.port);
    peer.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await peer.untilClosed();
    const [, error] = await failed.next();
    expect(error.code).toBe('ERR_SSL_HTTP_REQUEST');
    expect(error.message).toMatch(/failed: TLS handshake failed, http request \(ERR_SSL_HTTP_REQUEST\)$/);
  });

  test('that is under way when the listener closes is cut off, and nobody is told', async () => {
    const { listener, failed, accepted, dial } = await listenSecurely();
    const peer = new RawPeer(listener.port);
    await new Promise((resolve) => peer.socket.once('connect', resolve));
    await dialled(dial()); // by now the other one was accepted, too
    await accepted.at(0);
    await listener.close();
    await peer.untilClosed();
    expect(failed.all).toEqual([]);
  });

  test('leaves room for a client that talks at once', async () => {
    const { dial, accepted } = await listenSecurely();
    const near = await dialled(dial());
    near.write(Uint8Array.of(7));
    const atFar = new RecordingReceiver().attachTo(await accepted.at(0));
    await atFar.untilBytes(1);
  });
});
