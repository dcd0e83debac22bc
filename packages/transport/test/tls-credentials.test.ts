import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { type ConnectionOptions, connect } from 'node:tls';
import { createSelfSignedCertificate, RecordingReceiver } from '@busbar/testkit';
import { dialTls, dialWebSocket } from '@busbar/transport';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dialled, failure } from './open-listeners.ts';
import { authority, device, ending, listenSecurely, server, stranger } from './tls-harness.ts';

describe('client certificates', () => {
  test('required: the peer’s identity is told', async () => {
    const { dial, accepted } = await listenSecurely({ clientCertificates: 'require' });
    const names = ['press-7.plant.example', 'mailto:press-7@plant.example', 'urn:example:press-7', '192.0.2.7', '::1'];
    const certificate = authority.issue({
      commonName: 'press-7',
      organization: 'Plant, 4',
      altNames: names.slice(0, 4),
    });
    await dialled(dial(certificate));
    const { peerCertificate } = (await accepted.at(0)).tls ?? {};
    expect(peerCertificate).toMatchObject({
      isVerified: true,
      verificationError: undefined,
      subject: 'CN=press-7,O=Plant\\, 4',
      commonName: 'press-7',
      issuer: 'CN=Busbar test authority',
      serialNumber: certificate.serial.toString(16).toUpperCase().padStart(4, '0'),
      subjectAltNames: [
        { type: 'dns', value: 'press-7.plant.example' },
        { type: 'email', value: 'press-7@plant.example' },
        { type: 'uri', value: 'urn:example:press-7' },
        { type: 'ip', value: '192.0.2.7' },
      ],
    });
    expect(peerCertificate?.fingerprint256).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(peerCertificate?.validTo.getTime()).toBeGreaterThan(Date.now());
  });

  test('required: without one nobody comes in, and the client is told', async () => {
    const { dial, accepted, failed } = await listenSecurely({ clientCertificates: 'require' });
    const client = await ending(await dial()); // in TLS 1.3 the client is done before the server has judged
    expect(client.error?.code).toBe('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
    expect(client.error?.message).toMatch(/the peer refused TLS, certificate required/);
    expect((await failed.next())[1].code).toBe('ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE');
    const older = await failure(dial({ maxVersion: 'TLSv1.2' }));
    expect(older.message).toMatch(/the peer refused TLS, handshake failure/);
    await failed.next();
    expect(accepted.transports).toHaveLength(0);
  });

  test.each([
    [
      'of a stranger',
      stranger.issue(),
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'issued by an authority that is not trusted',
    ],
    ['that has expired', authority.issue({ validTo: new Date(Date.now() - 1_000) }), 'CERT_HAS_EXPIRED', 'has expired'],
    ['that signs itself', createSelfSignedCertificate(), 'DEPTH_ZERO_SELF_SIGNED_CERT', 'signed by itself'],
  ])('required: one %s is refused with the reason', async (_, certificate, code, words) => {
    const { dial, accepted, failed } = await listenSecurely({ clientCertificates: 'require' });
    await ending(await dial(certificate));
    const [remote, error] = await failed.next();
    expect([remote.address, error.code]).toEqual(['127.0.0.1', code]);
    expect(error.message).toMatch(/^handshake with 127\.0\.0\.1:\d+ failed: client certificate refused: /);
    expect(error.message).toContain(words);
    expect(accepted.transports).toHaveLength(0);
  });

  test('required: a revoked one is refused', async () => {
    const { dial, failed } = await listenSecurely({ clientCertificates: 'require', crl: authority.revoke(device) });
    await ending(await dial(device));
    expect((await failed.next())[1].code).toBe('CERT_REVOKED');
    const other = authority.issue({ commonName: 'press-8' });
    await dialled(dial(other));
  });

  test('requested: everybody comes in, and it shows who is verified', async () => {
    const { dial, accepted } = await listenSecurely({ clientCertificates: 'request' });
    await dialled(dial());
    await dialled(dial(device));
    await dialled(dial(stranger.issue({ commonName: 'press-7' })));
    expect((await accepted.at(0)).tls?.peerCertificate).toBeUndefined();
    expect((await accepted.at(1)).tls?.peerCertificate?.isVerified).toBe(true);
    expect((await accepted.at(2)).tls?.peerCertificate).toMatchObject({
      isVerified: false,
      verificationError: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      commonName: 'press-7',
    });
  });

  test('with an empty subject have no name, and are read all the same', async () => {
    const { dial, accepted } = await listenSecurely({ clientCertificates: 'require' });
    await dialled(dial(authority.issue({ commonName: null, altNames: ['press-7.example'] })));
    expect((await accepted.at(0)).tls?.peerCertificate).toMatchObject({
      isVerified: true,
      subject: '',
      commonName: undefined,
      subjectAltNames: [{ type: 'dns', value: 'press-7.example' }],
    });
  });

  test('not requested: a client’s certificate is not seen', async () => {
    const { dial, accepted } = await listenSecurely();
    await dialled(dial(device));
    expect((await accepted.at(0)).tls?.peerCertificate).toBeUndefined();
  });
});

describe('credentials', () => {
  test('replaced: new connections see the new ones, open ones live on', async () => {
    const { dial, accepted, listener } = await listenSecurely();
    const before = await dialled(dial());
    const atFar = new RecordingReceiver().attachTo(await accepted.at(0));
    listener.replaceCertificates({ certificates: [authority.issue({ commonName: 'new', altNames: ['localhost'] })] });
    const after = await dialled(dial());
    expect(before.tls?.peerCertificate?.commonName).toBe('localhost');
    expect(after.tls?.peerCertificate?.commonName).toBe('new');
    before.write(Uint8Array.of(1, 2, 3));
    await atFar.untilBytes(3);
  });

  test('replaced by what cannot be used: the former ones stay', async () => {
    const { dial, listener } = await listenSecurely();
    const { cert } = authority.issue();
    expect(() => listener.replaceCertificates({ certificates: [server, { cert, key: server.key }] })).toThrow(
      /^cannot use certificate 2 of 2, key values mismatch/,
    );
    expect(() => listener.replaceCertificates({ certificates: [] })).toThrow(/^expected at least one certificate/);
    expect((await dialled(dial())).tls?.peerCertificate?.commonName).toBe('localhost');
  });

  test('replaced with a revocation: who is revoked does not come in again', async () => {
    const { dial, accepted, failed, listener } = await listenSecurely({ clientCertificates: 'require' });
    await dialled(dial(device));
    await accepted.at(0);
    const credentials = { certificates: [server], ca: authority.cert, crl: authority.revoke(device) };
    listener.replaceCertificates(credentials);
    await ending(await dial(device));
    expect((await failed.next())[1].code).toBe('CERT_REVOKED');
  });

  test('of a client are remembered in a resumed session, until the listener gets new ones', async () => {
    const { accepted, listener } = await listenSecurely({ clientCertificates: 'require' });
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      for (const servername of ['localhost', 'elsewhere.example']) {
        const count = accepted.transports.length;
        const session = await visit(listener.port, { maxVersion, servername, ...device });
        expect((await accepted.at(count)).tls?.peerCertificate?.commonName).toBe('press-7');
        const again = await visit(listener.port, { maxVersion, servername, session: session.ticket });
        expect(again.isReused).toBe(true);
        expect((await accepted.at(count + 1)).tls?.peerCertificate).toMatchObject({
          isVerified: true,
          commonName: 'press-7',
        });
        listener.replaceCertificates({ certificates: [server], ca: authority.cert });
        const after = await visit(listener.port, { maxVersion, servername, session: session.ticket, ...device });
        expect(after.isReused).toBe(false);
        await accepted.at(count + 2);
      }
    }
  });

  test('an encrypted key is opened with its passphrase', async () => {
    const key = createPrivateKey(server.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'secret',
    });
    const { dial } = await listenSecurely({
      certificates: [{ cert: server.cert, key: key.toString(), passphrase: 'secret' }],
    });
    await dialled(dial());
    const error = await failure(listenSecurely({ certificates: [{ cert: server.cert, key: key.toString() }] }));
    expect(error.message).toMatch(/^cannot use certificate 1 of 1/);
  });

  test.each([
    ['a certificate that is none', { cert: 'nothing', key: 'nothing' }],
    ['a key of somebody else', { cert: device.cert, key: server.key }],
    ['an authority that is none', { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }],
    ['cipher suites that do not exist', { ciphers: 'NOTHING' }],
  ])('%s is refused before anything is dialled', async (_, tls) => {
    const dials = [
      () => dialTls({ host: 'localhost', port: 1, tls }),
      () => dialWebSocket({ url: 'wss://localhost:1/', tls }),
    ];
    for (const dial of dials) {
      expect((await failure(dial())).message).toMatch(
        /^cannot use (the TLS options of the client|a trusted authority|the cipher suites)/,
      );
    }
  });

  test.each([
    ['no PEM', { cert: 'nothing', key: server.key }, /^cannot use certificate 1 of 1, no start line: .+\(ERR_OSSL_/],
    ['no key', { cert: server.cert, key: 'nothing' }, /^cannot use certificate 1 of 1/],
  ])('%s is refused before anything listens', async (_, certificate, message) => {
    expect((await failure(listenSecurely({ certificates: [certificate] }))).message).toMatch(message);
  });

  test('cipher suites that do not exist are named, not the certificate', async () => {
    expect((await failure(listenSecurely({ ciphers: 'NOTHING' }))).message).toBe(
      "cannot use the cipher suites 'NOTHING': expected names as OpenSSL lists them, with colons (ERR_SSL_NO_CIPHER_MATCH)",
    );
  });
});

/** Connects, waits for a session ticket, and leaves. */
async function visit(port: number, options: ConnectionOptions) {
  const socket = connect({ port, host: '127.0.0.1', ca: authority.cert, rejectUnauthorized: false, ...options });
  onTestFinished(() => void socket.destroy());
  let ticket: Buffer | undefined;
  socket.on('session', (session) => {
    ticket = session;
  });
  await once(socket, 'secureConnect');
  const isReused = socket.isSessionReused();
  while (ticket === undefined && !isReused) await new Promise((resolve) => setImmediate(resolve));
  socket.end();
  return { ticket, isReused };
}
