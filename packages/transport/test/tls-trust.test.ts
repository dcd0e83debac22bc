import { createServer } from 'node:net';
import { createSelfSignedCertificate } from '@busbar/testkit';
import { dialTls, type TlsClientOptions, type TlsServerOptions } from '@busbar/transport';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dialled, failure } from './open-listeners.ts';
import { authority, listenSecurely, server, stranger } from './tls-harness.ts';

const HOUR = 3_600_000;

describe('whom the client trusts', () => {
  const refusal = async (certificate: TlsServerOptions['certificates'][number], client: TlsClientOptions = {}) => {
    const { dial } = await listenSecurely({ certificates: [certificate] });
    return failure(dial(client));
  };

  test('an expired certificate', async () => {
    const validTo = new Date(Math.trunc(Date.now() / 1_000) * 1_000 - HOUR);
    const validFrom = new Date(Date.now() - 2 * HOUR);
    const error = await refusal(authority.issue({ altNames: ['localhost'], validFrom, validTo }));
    expect(error.code).toBe('CERT_HAS_EXPIRED');
    expect(error.message).toContain(
      `: certificate of 'CN=localhost' refused: the certificate has expired, it was valid until ${validTo.toISOString()} (CERT_`,
    );
  });

  test('a certificate that is not valid yet', async () => {
    const validFrom = new Date(Date.now() + HOUR / 2);
    const error = await refusal(authority.issue({ altNames: ['localhost'], validFrom }));
    expect(error.code).toBe('CERT_NOT_YET_VALID');
    expect(error.message).toMatch(/not valid yet, it is valid from \d{4}-/);
  });

  test('a certificate of an authority that is not trusted', async () => {
    const error = await refusal(stranger.issue({ altNames: ['localhost'] }));
    expect(error.code).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(error.message).toMatch(
      /issued by an authority that is not trusted, it is issued by 'CN=Somebody else' \(UNABLE_/,
    );
  });

  test('a certificate that is signed by itself, until it is trusted', async () => {
    const certificate = createSelfSignedCertificate({ altNames: ['localhost'] });
    const error = await refusal(certificate);
    expect(error.code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    const { dial } = await listenSecurely({ certificates: [certificate] });
    expect((await dialled(dial({ ca: certificate.cert }))).tls?.peerCertificate?.isVerified).toBe(true);
  });

  test('a chain over an authority in between', async () => {
    const between = authority.issueAuthority('In between');
    const { cert, key } = between.issue({ altNames: ['localhost'] });
    const { dial } = await listenSecurely({ certificates: [{ cert: cert + between.cert, key }] });
    expect((await dialled(dial())).tls?.peerCertificate?.isVerified).toBe(true);
    expect((await refusal({ cert, key })).code).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  test('a certificate of somebody else says who was expected and who came', async () => {
    const error = await refusal(authority.issue({ altNames: ['other.example', '192.0.2.1'] }));
    expect(error.code).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(error.message).toContain(
      'refused: the certificate is for dns:other.example, ip:192.0.2.1, not for localhost (',
    );
    const named = await refusal(server, { serverName: 'elsewhere.example' });
    expect(named.message).toContain('the certificate is for dns:localhost, not for elsewhere.example (');
  });

  test('a revoked certificate', async () => {
    const revoked = authority.issue({ altNames: ['localhost'] });
    const error = await refusal(revoked, { crl: authority.revoke(revoked) });
    expect(error.code).toBe('CERT_REVOKED');
  });

  test('anybody, where that is wanted, and it shows', async () => {
    const { dial } = await listenSecurely({ certificates: [stranger.issue()] });
    const near = await dialled(dial({ rejectUnauthorized: false }));
    expect(near.tls?.peerCertificate).toMatchObject({
      isVerified: false,
      verificationError: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
  });

  test('a server that speaks no TLS, one that hangs up and one that is silent', async () => {
    for (const [answer, expected] of [
      ['220 mail.example ready\r\n', /TLS handshake failed, wrong version number \(ERR_SSL_WRONG_VERSION_NUMBER\)$/],
      [undefined, /\(ECONNRESET\)$/],
      ['', /no answer in 50 ms \(ETIMEDOUT\)$/],
    ] as const) {
      const plain = createServer((socket) => {
        socket.on('error', () => {}).resume();
        if (answer === undefined) socket.end();
        else socket.write(answer);
        onTestFinished(() => void socket.destroy());
      });
      onTestFinished(() => void plain.close());
      await new Promise<void>((resolve) => void plain.listen(0, '127.0.0.1', resolve));
      const { port } = plain.address() as { port: number };
      const timeoutMs = answer === '' ? 50 : 10_000;
      const error = await failure(dialTls({ host: 'localhost', port, timeoutMs }));
      expect(error.message).toMatch(expected);
    }
  });
});
