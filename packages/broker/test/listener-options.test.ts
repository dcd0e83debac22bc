import { describe, expect, test } from 'vitest';
import { createBroker, type ListenerOptions } from '../src/index.ts';

const tls = { certificates: [{ cert: 'x', key: 'x' }] };

/** What an untyped program, or a file, may say. */
async function refusal(listener: object): Promise<{ code: string; message: string }> {
  const listeners = [{ port: 0 }, listener as ListenerOptions];
  return createBroker({ listeners }).then(
    () => Promise.reject(new Error('the broker was made')),
    (error) => error,
  );
}

describe('a listener is refused before any is opened', () => {
  test.each([
    [{ transport: 'udp' }, "listeners[1].transport must be tcp, tls, ws, wss or unix, not 'udp'"],
    [
      { prot: 1 },
      'the option listeners[1].prot does not exist; there are transport, proxyProtocol, trustedProxies, ' +
        'maximumConnections, connectionRate, handshakeTimeoutMs, authenticators, allowAnonymous, mountPoint, name, durability, protocolVersions, allowEmptyClientIdentifier, useUserNameAsClientIdentifier, assignedIdentifierPrefix, host, port',
    ],
    [
      { tls },
      'the option listeners[1].tls is not for the transport tcp; there are transport, proxyProtocol, trustedProxies, ' +
        'maximumConnections, connectionRate, handshakeTimeoutMs, authenticators, allowAnonymous, mountPoint, name, durability, protocolVersions, allowEmptyClientIdentifier, useUserNameAsClientIdentifier, assignedIdentifierPrefix, host, port',
    ],
    [{ assignedIdentifierPrefix: 7 }, 'listeners[1].assignedIdentifierPrefix: expected text'],
    [
      { assignedIdentifierPrefix: 'a\0b' },
      'listeners[1].assignedIdentifierPrefix: it has U+0000 or a lone surrogate in it',
    ],
    [
      { assignedIdentifierPrefix: 'ü'.repeat(32_759) },
      'listeners[1].assignedIdentifierPrefix: expected at most 65517 bytes, so that identifiers have at most 65535, 65518 came',
    ],
    [{ host: '' }, 'listeners[1].host must not be empty; :: is every address'],
    [{ port: 65_536 }, 'listeners[1].port must be 0 to 65535, not 65536'],
    [{ port: '1883' }, 'listeners[1].port must be 0 to 65535, not 1883'],
    [{ port: 1.5 }, 'listeners[1].port must be 0 to 65535, not 1.5'],
    [{ maximumConnections: 0 }, 'listeners[1].maximumConnections must be 1 to 9007199254740991, not 0'],
    [{ connectionRate: 0 }, 'listeners[1].connectionRate must be more than 0, not 0'],
    [{ connectionRate: Number.NaN }, 'listeners[1].connectionRate must be more than 0, not NaN'],
    [{ handshakeTimeoutMs: 0 }, 'listeners[1].handshakeTimeoutMs must be 1 to 3600000, not 0'],
    [{ transport: 'ws', path: 'mqtt' }, "listeners[1].path must begin with / or be *, not 'mqtt'"],
    ...['tcp', 'ws'].map((transport): [object, string] => [
      { transport, proxyProtocol: transport === 'tcp', trustedProxies: ['nonsense'] },
      "listeners[1].trustedProxies[0] must be an address such as 192.0.2.1 or a network such as 10.0.0.0/8, not 'nonsense'",
    ]),
    ...[{}, { proxyProtocol: false }, { transport: 'unix', path: '/x' }].map((listener): [object, string] => [
      { ...listener, trustedProxies: ['127.0.0.1'] },
      'listeners[1].trustedProxies has no effect here: it needs proxyProtocol, or the transport ws or wss',
    ]),
    [{ transport: 'unix' }, 'listeners[1].path is missing: the file of the Unix socket'],
    [{ transport: 'unix', path: '/x', mode: 0o1777 }, 'listeners[1].mode must be 0 to 511, not 1023'],
    [
      { transport: 'unix', path: '/x', port: 1883 },
      'the option listeners[1].port is not for the transport unix; there are transport, proxyProtocol, trustedProxies, ' +
        'maximumConnections, connectionRate, handshakeTimeoutMs, authenticators, allowAnonymous, mountPoint, name, durability, protocolVersions, allowEmptyClientIdentifier, useUserNameAsClientIdentifier, assignedIdentifierPrefix, path, mode, owner',
    ],
    [
      { transport: 'unix', port: 1 },
      expect.stringMatching(
        /^the option listeners\[1\]\.port is not for the transport unix; .+\nlisteners\[1\]\.path is missing: the file/,
      ),
    ],
    [
      { transport: 'tls' },
      'listeners[1].tls is missing: certificates, preSharedKeys, preSharedKeyHint, ca, crl, clientCertificates, minVersion, maxVersion, ciphers, alpnProtocols',
    ],
    [
      { transport: 'wss', tls: { certificates: [] } },
      'listeners[1].tls.certificates must be a list with at least one { cert, key }',
    ],
    [
      { transport: 'tls', tls: { certificates: [{ cert: 'x' }] } },
      'listeners[1].tls.certificates must be a list with at least one { cert, key }',
    ],
    [{ transport: 'tls', tls: { ...tls, preSharedKeys: { a: 'b' } } }, 'listeners[1].tls.preSharedKeys must be a Map'],
    [
      { transport: 'tls', tls: { certificates: [], preSharedKeys: new Map(), minVersion: 'TLSv1.3' } },
      'listeners[1].tls.minVersion must be TLSv1.2 with pre-shared keys, which TLS 1.3 does not have here',
    ],
    [
      { transport: 'tls', tls: { ...tls, alpnProtocols: 'mqtt' } },
      'listeners[1].tls.alpnProtocols must be a list of texts',
    ],
    [
      { transport: 'tls', tls: { ...tls, cert: 'x' } },
      'the option listeners[1].tls.cert does not exist; there are certificates, preSharedKeys, preSharedKeyHint, ca, crl, clientCertificates, minVersion, ' +
        'maxVersion, ciphers, alpnProtocols',
    ],
    [
      { transport: 'tls', tls: { ...tls, minVersion: 'TLSv1' } },
      "listeners[1].tls.minVersion must be TLSv1.2 or TLSv1.3, not 'TLSv1'",
    ],
    [
      { transport: 'tls', tls: { ...tls, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' } },
      'listeners[1].tls.minVersion must not be above maxVersion TLSv1.2, TLSv1.3 is',
    ],
    [
      { transport: 'tls', tls: { ...tls, clientCertificates: 'yes' } },
      "listeners[1].tls.clientCertificates must be none, request or require, not 'yes'",
    ],
    [
      { transport: 'tls', tls: { ...tls, clientCertificates: 'require' }, useIdentityAsUserName: 'dn' },
      "listeners[1].useIdentityAsUserName must be cn, san or subject, not 'dn'",
    ],
    [
      { transport: 'tls', tls, useIdentityAsUserName: 'cn' },
      'listeners[1].useIdentityAsUserName needs tls.clientCertificates to be request or require',
    ],
  ])('%j', async (listener, message) => {
    const error = await refusal(listener);
    expect(error).toMatchObject({ name: 'UsageError', code: 'invalid-listener', message });
  });

  test('what only its transport can judge is refused by that, and nothing stays open', async () => {
    expect(await refusal({ transport: 'tls', tls })).toMatchObject({ name: 'TransportError' });
  });
});
