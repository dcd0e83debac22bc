import assert from 'node:assert/strict';
import { createTestAuthority, findMosquitto, subscribePacket } from '@busbar/testkit';
import { describe, test, vi } from 'vitest';
import { answersTo, ConfiguredBroker } from './both-brokers.ts';

vi.setConfig({ testTimeout: 90_000 });

const authority = createTestAuthority();
const stranger = createTestAuthority('Somebody else');
const server = authority.issue({ altNames: ['127.0.0.1'] });
const device = authority.issue({ commonName: 'dev1' });
const revoked = authority.issue({ commonName: 'dev2' });
const forged = stranger.issue({ commonName: 'dev1' });

/** With the listener `$PORT` for TLS, `$PORT2` without, where everything is seen that arrives. */
const TLS = 'certfile $DIR/server.pem\nkeyfile $DIR/server.key\ncafile $DIR/ca.pem\n';
const ACL = 'topic readwrite #\nuser reader\ntopic readwrite #\npattern write own/%u/#\n';

interface Scenario {
  readonly conf: string;
  /** Arguments of mosquitto_pub beside the host, each a client. */
  readonly clients: readonly (readonly string[])[];
}

const CA = ['--cafile', '$DIR/ca.pem'];
const as = (name: string) => ['--cert', `$DIR/${name}.pem`, '--key', `$DIR/${name}.key`];
const SEVERAL = [CA, [...CA, ...as('device')], [...CA, ...as('revoked')], [...CA, ...as('forged')], []];
const KEYS = [
  ['--psk', '0a0b0c0d', '--psk-identity', 'press'],
  ['--psk', '0a0b0c0e', '--psk-identity', 'press'],
  ['--psk', '0a0b0c0d', '--psk-identity', 'nobody'],
  CA,
];

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'certfile, keyfile, cafile': { conf: TLS, clients: SEVERAL },
  'tls_version tlsv1.3': { conf: `${TLS}tls_version tlsv1.3\n`, clients: [CA, [...CA, '--tls-version', 'tlsv1.2']] },
  'ciphers_tls1.3 is about TLS 1.3 alone': {
    conf: `${TLS}ciphers_tls1.3 TLS_AES_128_GCM_SHA256\n`,
    clients: [CA, [...CA, '--tls-version', 'tlsv1.2']],
  },
  require_certificate: { conf: `${TLS}require_certificate true\n`, clients: SEVERAL },
  use_identity_as_username: {
    conf: `${TLS}require_certificate true\nuse_identity_as_username true\n`,
    clients: SEVERAL,
  },
  use_subject_as_username: {
    conf: `${TLS}require_certificate true\nuse_subject_as_username true\n`,
    clients: [[...CA, ...as('device')]],
  },
  crlfile: { conf: `${TLS}require_certificate true\ncrlfile $DIR/crl.pem\n`, clients: SEVERAL },
  'psk_file and psk_hint': { conf: 'psk_hint plant\n', clients: KEYS },
  'psk_file and use_identity_as_username': {
    conf: 'psk_hint plant\nuse_identity_as_username true\n',
    clients: KEYS,
  },
};

function prepare(broker: ConfiguredBroker): void {
  const pairs = { server, device, revoked, forged };
  for (const [name, { cert, key }] of Object.entries(pairs)) {
    broker.write(`${name}.pem`, cert);
    broker.write(`${name}.key`, key);
  }
  broker.write('ca.pem', authority.cert);
  broker.write('crl.pem', authority.revoke(revoked));
  broker.write('keys', 'press:0a0b0c0d\nlathe:ffee\n');
  broker.write('acl', ACL);
}

describe.skipIf(findMosquitto() === undefined)('TLS of one mosquitto.conf, two brokers, the same to see', () => {
  test.concurrent.each(Object.entries(SCENARIOS))('%s', async (_, { conf, clients }) => {
    const seen: { mosquitto?: unknown; busbar?: unknown } = {};
    for (const name of ['mosquitto', 'busbar'] as const) {
      const broker = await ConfiguredBroker.make(name);
      try {
        prepare(broker);
        const common = 'allow_anonymous true\nacl_file $DIR/acl\nuser root\npsk_file $DIR/keys\n';
        broker.write('mosquitto.conf', `${common}listener $PORT 127.0.0.1\n${conf}listener $PORT2 127.0.0.1\n`);
        assert.equal(await broker.start(undefined, broker.ports[1]), undefined);
        const reader = await broker.enter({ clientIdentifier: 'reader', userName: 'reader' }, broker.ports[1]);
        await answersTo(reader, subscribePacket(1, 'own/#'));
        const areIn: boolean[] = [];
        for (const args of clients) {
          // Topics of names show which one the broker knows the client by.
          const sent = await Promise.all(
            ['dev1', 'CN=dev1', 'press', 'x'].map((user) =>
              broker.tool('mosquitto_pub', [...args, '-t', `own/${user}/a`, '-m', user, '-q', '1']),
            ),
          );
          // Which code the tool fails with depends on what it reads first, with TLS 1.3.
          areIn.push(...new Set(sent.map(({ exitCode }) => exitCode === 0)));
        }
        seen[name] = [areIn, (await answersTo(reader)).sort()];
      } catch (error) {
        throw new Error(`${name}: ${String(error)}\n${broker.said.slice(-2000)}`, { cause: error });
      } finally {
        await broker.remove();
      }
    }
    assert.deepEqual(seen.busbar, seen.mosquitto);
  });
});
