import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import { MOSQUITTO_OPTIONS } from '../../src/config/mosquitto/options.ts';
import { readConf } from '../../src/config/mosquitto/read-conf.ts';
import { toConfiguration } from '../../src/config/mosquitto/to-configuration.ts';
import { ConfigurationError } from '../../src/config/place.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'busbar-conf-'));
afterAll(() => rmSync(folder, { recursive: true }));

function translate(text: string, ports: readonly number[] = []) {
  const draft = readConf(text, 'mosquitto.conf');
  const { settings } = toConfiguration(draft, ports);
  return { settings, faults: draft.faults, notices: draft.notices };
}

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

describe('a mosquitto.conf', () => {
  test('without a listener is for this machine alone, and open to it', () => {
    const { settings } = translate('# nothing\n');
    expect(settings.listeners).toEqual([{ host: 'localhost', port: 1883 }]);
    expect(settings.authentication?.allowAnonymous).toBe(true);
    expect(translate('', [1884, 1885]).settings.listeners).toEqual([
      { host: 'localhost', port: 1884 },
      { host: 'localhost', port: 1885 },
    ]);
  });

  test('with a listener lets nobody in without a name unless it says so', () => {
    const { settings } = translate('listener 1884 127.0.0.1\n');
    expect(settings.listeners).toEqual([{ transport: 'tcp', host: '127.0.0.1', port: 1884 }]);
    expect(settings.authentication?.allowAnonymous).toBe(false);
    expect(translate('listener 1 ::1\nallow_anonymous true\n').settings.authentication?.allowAnonymous).toBe(true);
    expect(translate('port 1884\n').settings.authentication?.allowAnonymous).toBe(false);
  });

  test('tls_version is for keys alone, too', () => {
    const { settings, faults } = translate('listener 1\npsk_hint x\npsk_file k\ntls_version tlsv1.3\n');
    expect(faults).toEqual([]);
    expect(settings.listeners?.[0]?.tls).toEqual({ pskFile: 'k', pskHint: 'x', minVersion: 'TLSv1.3' });
  });

  test('numbers, truths and words end where a space is, as comments behind them need it', () => {
    const lines = [
      'listener 1884 # all',
      'listener 1885 127.0.0.1  # here',
      'allow_anonymous 1 # yes',
      'max_keepalive 60 # s',
    ];
    const { settings, faults } = translate(
      `${[...lines, 'protocol websockets # web', 'log_type error # few'].join('\n')}\n`,
    );
    expect(faults).toEqual([]);
    expect(settings.listeners).toMatchObject([{ port: 1884 }, { port: 1885, host: '127.0.0.1', transport: 'ws' }]);
    expect(settings.authentication?.allowAnonymous).toBe(true);
    expect(settings.limits?.maximumKeepAlive).toBe(60);
    expect(settings.log?.level).toBe('error');
    expect(translate('queue_qos0_messages 0\n').settings.capabilities?.queueQoS0).toBe(false);
    expect(translate('upgrade_outgoing_qos false # no\n').faults).toEqual([]);
  });

  test('less than 0 is no bound, and no packet is larger than the largest', () => {
    const names = ['max_connections', 'max_inflight_messages', 'max_queued_messages', 'max_queued_bytes'];
    const { settings, faults } = translate(
      `listener 1\n${names.map((name) => `${name} -1\n`).join('')}max_packet_size 300000000\n`,
    );
    expect(faults).toEqual([]);
    expect(settings.listeners?.[0]).not.toHaveProperty('maximumConnections');
    const none = Number.MAX_SAFE_INTEGER;
    expect(settings.limits).toMatchObject({
      maximumInFlight: 65_535,
      maximumQueuedMessages: none,
      maximumQueuedBytes: none,
      maximumPacketSize: 268_435_460,
    });
  });

  test('port 0 is for a Unix socket, whatever its path, or for a free port of an address', () => {
    const { settings } = translate('listener 0 broker.sock\nlistener 0 ::1\nlistener 0 localhost\n');
    expect(settings.listeners).toMatchObject([
      { transport: 'unix', path: 'broker.sock' },
      { transport: 'tcp', host: '::1' },
      { transport: 'tcp', host: 'localhost' },
    ]);
    expect(translate('listener 0\n').faults).toEqual([
      'mosquitto.conf:1: listener: port 0 needs the path of a Unix socket, or the address of a free port',
    ]);
  });

  test('ciphers of TLS 1.3 leave 1.2 those that it has otherwise', () => {
    const listener = 'listener 1\ncertfile /c\nkeyfile /k\n';
    const ciphersOf = (text: string) => translate(`${listener}${text}`).settings.listeners?.[0]?.tls?.ciphers;
    expect(ciphersOf('')).toBeUndefined();
    expect(ciphersOf('ciphers A\n')).toBe('A');
    expect(ciphersOf('ciphers_tls1.3 B\n')).toBe('B:DEFAULT:!aNULL');
    expect(ciphersOf('ciphers A\nciphers_tls1.3 B\n')).toBe('B:A');
  });

  test.each([
    [
      'listener 1\ncertfile /c\nkeyfile /k\nuse_identity_as_username true',
      /use_identity_as_username and use_subject_as_username need require_certificate true/,
    ],
    ['log_type foo', /^mosquitto.conf:1: log_type: expected none, error, .* or all, 'foo' came$/],
    ['log_dest foo', /log_dest: expected none, stderr, .*, 'foo' came/],
    ['log_dest file', /log_dest: expected file and its path/],
    ['persistent_client_expiration 0d', /expected a number from 1 and h, d, w, m or y, '0d' came/],
    ['password_file p\nper_listener_settings true', /:2: per_listener_settings: must stand before password_file/],
    [
      'pid_file a\nallow_anonymous true\nallow_anonymous false\npid_file b',
      /:4: pid_file: stands in mosquitto.conf:1 already/,
    ],
    ['max_inflight_messages 70000', /expected a whole number of at most 65535, '70000' came/],
  ])('%s is refused', (text, fault) => {
    expect(translate(text).faults).toEqual([expect.stringMatching(fault)]);
  });

  test('every option finds its setting', () => {
    const text = `port 1884\r
bind_address 127.0.0.1\r
max_connections 50\r
mount_point north/\r
\r
listener 8883 127.0.0.1
certfile /c.pem
keyfile /k.pem
cafile /ca.pem
crlfile /crl.pem
require_certificate true
use_identity_as_username true
tls_version tlsv1.3
ciphers A:B
listener 9001 127.0.0.1
protocol websockets
websockets_origin https://a.example
websockets_origin https://b.example
listener 0 /run/busbar.sock
allow_anonymous false
password_file /passwd
acl_file /acl
check_retain_source false
max_inflight_messages 0
max_keepalive 60
max_packet_size 2000
max_queued_messages 0
max_queued_bytes 4096
max_qos 1
max_topic_alias 5
persistent_client_expiration 2w
retain_available false
queue_qos0_messages true
sys_interval 5
global_max_clients 10
persistence true
persistence_location /var/lib/mosquitto/
pid_file /run/pid
log_type warning
log_type error
`;
    const { settings, faults, notices } = translate(text);
    expect(faults).toEqual([]);
    expect(notices).toEqual([
      'mosquitto.conf:30: max_topic_alias holds for all listeners',
      'mosquitto.conf:29: max_qos holds for all listeners',
    ]);
    expect(settings).toEqual({
      listeners: [
        { transport: 'tcp', host: '127.0.0.1', port: 1884, maximumConnections: 50, mountPoint: 'north/' },
        {
          transport: 'tls',
          host: '127.0.0.1',
          port: 8883,
          tls: {
            cert: '/c.pem',
            key: '/k.pem',
            ca: ['/ca.pem'],
            crl: '/crl.pem',
            clientCertificates: 'require',
            minVersion: 'TLSv1.3',
            ciphers: 'A:B',
          },
          useIdentityAsUserName: 'cn',
          authentication: { chain: [{ certificate: true }, { passwordFile: '/passwd' }], allowAnonymous: false },
        },
        {
          transport: 'ws',
          host: '127.0.0.1',
          port: 9001,
          path: '*',
          allowedOrigins: ['https://a.example', 'https://b.example'],
        },
        { transport: 'unix', path: '/run/busbar.sock' },
      ],
      authentication: { chain: [{ passwordFile: '/passwd' }], allowAnonymous: false, sessionOwnership: 'anyone' },
      authorization: { aclFile: '/acl', checkRetainSource: false },
      limits: {
        maximumInFlight: 65_535,
        receiveMaximum: 65_535,
        maximumKeepAlive: 60,
        maximumPacketSize: 2000,
        maximumQueuedMessages: Number.MAX_SAFE_INTEGER,
        queuePolicy: 'drop-newest',
        maximumQueuedBytes: 4096,
        maximumSessionExpiryInterval: 14 * 86_400,
        maximumSessions: 10,
        topicAliasMaximum: 5,
        outboundTopicAliasMaximum: 10,
      },
      capabilities: {
        announceDurability: false,
        plainAnswers: true,
        retainAvailable: false,
        maximumQoS: 1,
        queueQoS0: true,
      },
      data: '/var/lib/mosquitto/busbar-data',
      systemTopicsInterval: 5,
      pidFile: '/run/pid',
      log: { level: 'warn' },
    });
  });

  test('with per_listener_settings each listener has its own users', () => {
    const text = `per_listener_settings true
listener 1884 127.0.0.1
password_file /one
listener 1885 127.0.0.1
allow_anonymous true
`;
    const { settings } = translate(text);
    expect(settings.listeners?.map(({ authentication }) => authentication)).toEqual([
      { chain: [{ passwordFile: '/one' }], allowAnonymous: false },
      { chain: [], allowAnonymous: true },
    ]);
  });

  test('and its own rules: who has no file may do everything there', () => {
    const one = write('one.acl', 'topic write one/#\n');
    const text = `per_listener_settings true
listener 1884 127.0.0.1
acl_file ${one}
listener 1885 127.0.0.1
`;
    const { settings } = translate(text);
    expect(settings.listeners?.map(({ aclFile }) => aclFile)).toEqual([one, false]);
    const { options } = loadConfiguration({ file: write('own-rules.conf', text) });
    expect(options.authorization?.listenerAclFiles).toEqual({
      'listeners[0]': { file: one, text: 'topic write one/#\n' },
      'listeners[1]': 'none',
    });
    expect(options.listeners?.map(({ name }) => name)).toEqual(['listeners[0]', 'listeners[1]']);
  });

  test('and what stands before all of them is for that of port', () => {
    const lines = ['per_listener_settings true', 'port 1883', 'acl_file /acl', 'listener 1884', 'listener 1885'];
    const aclFilesOf = (text: string) => translate(text).settings.listeners?.map(({ aclFile }) => aclFile);
    expect(aclFilesOf(`${lines.join('\n')}\n`)).toEqual(['/acl', false, false]);
    expect(aclFilesOf('per_listener_settings true\nacl_file /acl\nlistener 1884\n')).toEqual([false]);
  });

  test('without it, what stands below a listener is for all', () => {
    const { settings } = translate('listener 1884 ::1\npassword_file /p\nlistener 1885 ::1\nallow_anonymous true\n');
    expect(settings.listeners?.map(({ authentication }) => authentication)).toEqual([undefined, undefined]);
    expect(settings.authentication).toMatchObject({ chain: [{ passwordFile: '/p' }], allowAnonymous: true });
  });

  test('include_dir is read in its place, sorted, *.conf alone', () => {
    write('inc/b.conf', 'max_keepalive 20\n');
    write('inc/a.conf', 'max_keepalive 10\r\nlistener 1884 127.0.0.1\r\n');
    write('inc/c.txt', 'bogus\n');
    const file = write('main.conf', 'include_dir inc\nallow_anonymous true\n');
    const { configuration } = loadConfiguration({ file });
    expect(configuration.limits?.maximumKeepAlive).toBe(20);
    expect(configuration.listeners).toHaveLength(1);
  });

  test('all that is wrong is named with its line, and what changes nothing is said', () => {
    const text = `listenr 1883
listener 99999
allow_anonymous yes
plugin /x.so
plugin_opt_a b
connection b
address 1.2.3.4
keyfile k
upgrade_outgoing_qos true
max_qos 2
listener 1884 ::1
max_qos 1
connection_messages true
`;
    const { faults, notices } = translate(text);
    expect(faults.map((fault) => fault.replace(/^mosquitto.conf:(\d+): /, '$1 '))).toEqual([
      '1 there is no option listenr; did you mean listener?',
      "3 allow_anonymous: expected true or false, 'yes' came",
      expect.stringMatching(/^4 plugin is not supported: /),
      expect.stringMatching(/^5 plugin_opt_a is not supported: /),
      '6 connection is not supported: there are no bridges',
      '7 address is not supported: there are no bridges',
      expect.stringMatching(/^9 upgrade_outgoing_qos is not supported: /),
      "2 listener: expected a port from 0 to 65535 and an address, '99999' came",
      '2 a listener with keyfile needs certfile, too',
      '12 max_qos must be the same for all listeners',
    ]);
    expect(notices).toEqual([expect.stringMatching(/^mosquitto.conf:13: connection_messages changes nothing: /)]);
  });

  test('an option that one of several listeners has, and that holds for all of them, is told', () => {
    const { settings, notices } = translate('listener 1884\nlistener 1885\nmax_qos 1\n');
    expect(settings.capabilities?.maximumQoS).toBe(1);
    expect(notices).toEqual(['mosquitto.conf:3: max_qos holds for all listeners']);
  });

  test('files that do not exist, or hold mistakes, are named with their lines', () => {
    const acl = write('acl', 'topic raed x\n');
    const passwords = write('passwd', 'ann:plain\n');
    const lines = [
      'listener 1884 127.0.0.1',
      `password_file ${passwords}`,
      `acl_file ${acl}`,
      'certfile /no',
      'keyfile /no',
    ];
    const file = write('files.conf', `${lines.join('\n')}\n`);
    let faults: readonly string[] = [];
    try {
      loadConfiguration({ file });
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      faults = error.faults;
    }
    expect(faults).toEqual([
      `${file}:4: listeners[0].tls.cert: /no does not exist`,
      `${file}:5: listeners[0].tls.key: /no does not exist`,
      expect.stringMatching(/passwd:1: expected a hashed password/),
      `${acl}:1: expected read, write, readwrite or deny before the topic, 'raed' came`,
    ]);
  });

  test('every option has a note, and a value that cannot be read never throws anything else', () => {
    for (const [name, { note }] of MOSQUITTO_OPTIONS) {
      expect(note, name).not.toBe('');
      for (const value of ['', 'true', '-5', '\u0000', '1e9', 'x'.repeat(10_000)]) {
        if (name !== 'include_dir') translate(`${name} ${value}\n`);
      }
    }
  });
});
