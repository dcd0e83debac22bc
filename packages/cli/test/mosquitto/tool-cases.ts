import type { Script } from './recording-server.ts';

/** A command line that both are called with, and what the server says. */
export interface ToolCase {
  readonly tool: 'pub' | 'sub' | 'rr';
  readonly args: readonly string[];
  readonly script?: Script;
  readonly input?: string;
  /** What Debian's 2.0.11 does otherwise than 2.1, which is what ours does: not compared, but told here. */
  readonly differs?: { readonly in: readonly ('stdout' | 'stderr' | 'exitCode' | 'packets')[]; readonly why: string };
}

interface Sent {
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly dup?: boolean;
  /** Hex, for 5.0. */
  readonly properties?: string;
  readonly version5?: boolean;
}

/** A PUBLISH packet of the server, as hex; its Packet Identifier is 7. */
export function publish(topic: string, payload: string | Uint8Array, sent: Sent = {}): string {
  const { qos = 0, retain = false, dup = false, properties = '', version5 = properties !== '' } = sent;
  const name = Buffer.from(topic);
  const body = Buffer.concat([
    Buffer.of(name.length >> 8, name.length & 255),
    name,
    ...(qos > 0 ? [Buffer.of(0, 7)] : []),
    ...(version5 ? [Buffer.of(properties.length / 2), Buffer.from(properties, 'hex')] : []),
    Buffer.from(payload),
  ]);
  const first = 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  const length = body.length < 128 ? Buffer.of(body.length) : Buffer.of((body.length & 127) | 128, body.length >> 7);
  return Buffer.concat([Buffer.of(first), length, body]).toString('hex');
}

const pubrel = '62020007';
const messages = (...afterSubscribe: string[]): Script => ({ afterSubscribe });
const silent: Script = { ignoresUnsubscribe: true };
const one = messages(publish('a/b', 'hello'));
const EVERY_PROPERTY = [
  ...['01', '01'], // payload format indicator
  ...['02', '0000003c'], // message expiry interval
  ...['03', '0004', Buffer.from('text').toString('hex')],
  ...['08', '0001', Buffer.from('r').toString('hex')],
  ...['09', '0002', Buffer.from('cd').toString('hex')],
  ...['26', '0001', Buffer.from('k').toString('hex'), '0001', Buffer.from('v').toString('hex')],
  ...['0b', '05'],
  ...['26', '0001', Buffer.from('x').toString('hex'), '0001', Buffer.from('y').toString('hex')],
].join('');
const full = messages(publish('a/b', 'hello', { qos: 1, properties: EVERY_PROPERTY }));
const fullPlain = messages(publish('a/b', 'hello', { properties: EVERY_PROPERTY }));

const pub = (...args: string[]): ToolCase => ({ tool: 'pub', args: ['-t', 'a', '-m', 'x', ...args] });
const sub = (script: Script, ...args: string[]): ToolCase => ({
  tool: 'sub',
  args: ['-t', 'a/b', '-C', '1', ...args],
  script,
});
const formatted = (format: string, ...more: string[]): ToolCase => sub(one, '-F', format, ...more);

const sessionExpiry: ToolCase['differs'] = { in: ['packets'], why: '2.1 takes -x for 5.0' };
const hexWidth: ToolCase['differs'] = { in: ['stdout'], why: '2.0 cuts hexadecimal by its digits' };
const userProperties: ToolCase['differs'] = {
  in: ['stdout'],
  why: '2.1 keeps user properties apart that have one name',
};

/** What is on the wire, and what is printed of it. */
export const WIRE_CASES: readonly ToolCase[] = [
  // publishing
  pub(),
  pub('-d'),
  pub('-q', '1', '-d'),
  pub('-q', '2', '-d'),
  pub('-q', '2', '-V', '5', '-d'),
  pub('-r'),
  pub('--retain', '--qos', '1'),
  pub('-V', '31'),
  pub('-V', 'mqttv311'),
  pub('--protocol-version', 'mqttv5'),
  pub('-i', 'name'),
  pub('--id', 'name', '-V', '31', '-d'),
  pub('-I', 'prefix'),
  pub('--id-prefix', 'prefix', '-V', '5'),
  pub('-u', 'user'),
  pub('--username', 'user', '--pw', 'secret'),
  pub('-u', 'user', '-P', 'secret', '-V', '5'),
  pub('-P', 'secret', '-V', '5'),
  pub('-k', '5'),
  pub('--keepalive', '65535'),
  pub('-c', '-i', 'name'),
  pub('--disable-clean-session', '-i', 'name', '-V', '5'),
  { ...pub('-x', '10'), differs: sessionExpiry },
  pub('-x', '0', '-V', '5'),
  pub('-x', '10', '-V', '5'),
  pub('-V', '5', '-x', '-1', '-i', 'name'),
  pub('-V', '5', '-x', '∞', '-i', 'name'),
  pub('-V', '5', '-x', '4294967295', '-i', 'name', '-c'),
  pub('-M', '5', '-q', '1', '-V', '5'),
  pub('--nodelay'),
  pub('-A', '127.0.0.1'),
  pub('--quiet'),
  pub('--will-topic', 'w'),
  pub('--will-topic', 'w', '--will-payload', 'gone', '--will-qos', '1', '--will-retain'),
  pub('--will-topic', 'w', '--will-payload', 'gone', '--will-qos', '2', '-V', '5', '-u', 'u', '-P', 'p', '-i', 'i'),
  pub('--will-topic', 'w', '-D', 'will', 'content-type', 'text', '-D', 'will', 'will-delay-interval', '5'),
  pub('-D', 'publish', 'content-type', 'text', '-D', 'publish', 'message-expiry-interval', '60'),
  pub(
    '-D',
    'publish',
    'user-property',
    'b',
    '2',
    '-D',
    'publish',
    'payload-format-indicator',
    '1',
    '-D',
    'publish',
    'user-property',
    'a',
    '1',
  ),
  pub('-D', 'PUBLISH', 'response-topic', 'r', '--property', 'publish', 'correlation-data', 'cd'),
  pub('-D', 'connect', 'user-property', 'a', '1', '-x', '7', '-D', 'connect', 'receive-maximum', '3'),
  pub('-D', 'connect', 'session-expiry-interval', '9', '-D', 'connect', 'topic-alias-maximum', '4'),
  pub('-D', 'connect', 'maximum-packet-size', '1000', '-D', 'connect', 'request-problem-information', '0'),
  pub('-D', 'connect', 'request-response-information', '1'),
  pub('-D', 'connect', 'authentication-method', 'm', '-D', 'connect', 'authentication-data', 'd'),
  pub('-D', 'disconnect', 'user-property', 'a', '1'),
  pub('-D', 'disconnect', 'session-expiry-interval', '4', '-x', '5'),
  pub('-D', 'publish', 'topic-alias', '3'),
  pub('-D', 'publish', 'topic-alias', '3', '--repeat', '3', '-q', '1', '-d'),
  pub('--repeat', '3'),
  pub('--repeat', '2', '-q', '2', '-d'),
  pub('--repeat', '2', '--repeat-delay', '0.05', '-q', '1'),
  { tool: 'pub', args: ['--topic', 'a', '-n'] },
  { tool: 'pub', args: ['-t', 'a', '--null-message', '-r', '-q', '1'] },
  { tool: 'pub', args: ['-t', 'größe', '--message', 'größe'] },
  { tool: 'pub', args: ['-t', 'a', '-m', 'x'.repeat(200), '-q', '1'] },
  { tool: 'pub', args: ['-t', '', '-m', 'x', '-D', 'publish', 'topic-alias', '3'] },
  { tool: 'pub', args: ['-t', '', '-m', 'x'] },
  { tool: 'pub', args: ['-t', 'a', '-l'], input: 'one\ntwo\r\n\nlast' },
  { tool: 'pub', args: ['-t', 'a', '--stdin-line', '-q', '1', '-d'], input: 'one\ntwo\n' },
  { tool: 'pub', args: ['-t', 'a', '-l', '-q', '2', '-V', '5'], input: 'one\n' },
  { tool: 'pub', args: ['-t', 'a', '-l'], input: '' },
  { tool: 'pub', args: ['-t', 'a', '-s'], input: 'all\nof it\n' },
  { tool: 'pub', args: ['-t', 'a', '--stdin-file', '-q', '1'], input: '\u0000\u0001' },
  { tool: 'pub', args: ['-t', 'a', '-s'], input: '' },
  { tool: 'pub', args: ['-t', 'a', '-f', '/etc/hostname'] },
  { tool: 'pub', args: ['-t', 'a', '--file', '/etc/hostname', '-q', '1'] },
  // refusals and warnings
  { ...pub('-q', '1', '-V', '5'), script: { afterPublish: ['4004IIII9700'] } },
  { ...pub('-q', '1', '-V', '5', '-d'), script: { afterPublish: ['4009IIII87051f000279657a'.replace('7a', '')] } },
  { ...pub('-q', '2', '-V', '5', '-d'), script: { afterPublish: ['5003IIII87'] } },
  { ...pub('-q', '1', '-V', '5'), script: { afterPublish: ['4003IIII10'] } },
  { ...pub('-q', '1', '-V', '5', '--quiet'), script: { afterPublish: ['4003IIII87'] } },
  { ...pub('-q', '2', '-V', '5'), script: { connack: '200500000224' + '01' } },
  { ...pub('-r', '-V', '5'), script: { connack: '20050000022500' } },
  { ...pub('-V', '5', '-d'), script: { connack: '2008000005' + '1200027171' } },
  {
    tool: 'pub',
    args: ['-t', 'a', '-m', 'x'.repeat(40), '-V', '5', '-d'],
    script: { connack: '20080000052700000010' },
  },
  ...['01', '02', '03', '04', '05'].map((code) => ({ ...pub(), script: { connack: `200200${code}` } })),
  ...['84', '85', '86', '87', '88', '89', '8a', '97', '9c', '9f'].map((code) => ({
    ...pub('-V', '5'),
    script: { connack: `200300${code}00` },
  })),
  ...['01', '02', '05'].map(
    (code): ToolCase => ({ tool: 'sub', args: ['-t', 'a'], script: { connack: `200200${code}` } }),
  ),
  ...['84', '87'].map(
    (code): ToolCase => ({ tool: 'sub', args: ['-t', 'a', '-V', '5'], script: { connack: `200300${code}00` } }),
  ),
  { tool: 'sub', args: ['-t', 'a', '--quiet'], script: { connack: '20020005' } },
  { tool: 'sub', args: ['-t', 'a', '-t', 'b'], script: { subackCodes: [128, 128] } },
  { tool: 'sub', args: ['-t', 'a', '-V', '5'], script: { subackCodes: [0x87] } },
  // subscribing
  { tool: 'sub', args: ['-t', 'a', '-E', '-d'] },
  { tool: 'sub', args: ['--topic', 'a', '-t', 'b/#', '-t', 'c/+', '-E', '-d', '-q', '1'] },
  { tool: 'sub', args: ['-t', 'a', '-t', 'b', '-U', 'c', '--unsubscribe', 'd', '-E', '-d'], script: silent },
  { tool: 'sub', args: ['-t', 'a', '-U', 'b', '-E', '-D', 'unsubscribe', 'user-property', 'k', 'v'], script: silent },
  {
    tool: 'sub',
    args: [
      '-t',
      'a',
      '-E',
      '-D',
      'subscribe',
      'subscription-identifier',
      '5',
      '-D',
      'subscribe',
      'user-property',
      'k',
      'v',
    ],
  },
  { tool: 'sub', args: ['-t', 'a', '-E', '-V', '31'] },
  { tool: 'sub', args: ['-t', 'a', '-E', '-V', '5', '-d', '-q', '2'] },
  { tool: 'sub', args: ['-t', 'a', '-E', '-V', '5', '-c', '-i', 'name'] },
  { tool: 'sub', args: ['-t', 'a', '-E', '-R', '-V', '5', '-d'] },
  { tool: 'sub', args: ['-t', 'a', '-E', '-R'] },
  { tool: 'sub', args: ['-t', 'a', '-E', '--retain-as-published', '-V', '5', '-d'] },
  { tool: 'sub', args: ['-t', 'a', '-E', '--will-topic', 'w', '--will-payload', 'p'] },
  { tool: 'sub', args: ['-t', 'a', '-W', '1', '-V', '5'] },
  { tool: 'sub', args: ['-t', 'a', '-W', '1'] },
  { tool: 'sub', args: ['-t', 'a', '-W', '1', '-D', 'disconnect', 'user-property', 'k', 'v'] },
  { tool: 'sub', args: ['-t', 'a', '-W', '1', '--quiet'] },
  sub(one),
  sub(one, '-d'),
  sub(one, '-v'),
  sub(one, '--verbose', '-N'),
  sub(one, '-N'),
  sub(one, '-V', '31', '-v'),
  sub(messages(publish('a/b', 'x', { qos: 1 })), '-q', '1', '-d'),
  sub(messages(publish('a/b', 'x', { qos: 2 }), pubrel), '-q', '2', '-d'),
  sub(messages(publish('a/b', 'x', { qos: 2, version5: true }), pubrel), '-q', '2', '-V', '5', '-d'),
  sub(messages(publish('a/b', '')), '-v'),
  { tool: 'sub', args: ['-t', 'a/b', '-C', '2'], script: messages(publish('a/b', ''), publish('a/b', 'x')) },
  sub(
    messages(
      publish(
        'a/b',
        Uint8Array.from({ length: 256 }, (_, at) => at),
      ),
    ),
  ),
  sub(messages(publish('a/b', 'x', { retain: true }), publish('a/b', 'y')), '-R'),
  sub(messages(publish('a/c', 'x'), publish('a/b', 'y')), '-T', 'a/c', '-v'),
  sub(messages(publish('a/c', 'x'), publish('q', 'y'), publish('a/b', 'z')), '-T', '+/c', '--filter-out', 'q/#', '-v'),
  {
    tool: 'sub',
    args: ['-t', 'a', '--retained-only', '-v', '-d'],
    script: messages(publish('a', 'x', { retain: true }), publish('a', 'y')),
  },
  {
    tool: 'sub',
    args: ['-t', '#', '-v', '-C', '3', '-q', '1'],
    script: messages(publish('a', '1'), publish('b', '2', { qos: 1 }), publish('c', '3', { qos: 1, dup: true })),
  },
  { tool: 'sub', args: ['-t', 'a', '-C', '19', '-E', '-V', '5'] },
  { tool: 'sub', args: ['-t', 'a', '-C', '20', '-E', '-V', '5'] },
  // formats
  ...['%t', '%p', '%l', '%m', '%q', '%r', '%x', '%X', '%%', '%A', '%C', '%D', '%E', '%F', '%P', '%R', '%S'].map(
    (field) => formatted(`<${field}>`),
  ),
  ...[
    '%20t',
    '%-20t',
    '%2t',
    '%20p',
    '%-20p',
    '%2p',
    '%020p',
    '%5l',
    '%-5l',
    '%05l',
    '%-05l',
    '%5C',
    '%05E',
    '%3A',
    '%.2t',
    '%10.2t',
    '%-10.2t',
    '%5q',
    '%5r',
    '%5m',
  ].map((field) => formatted(`<${field}>`)),
  ...['%20x', '%-20x', '%020x', '%3x', '%8X'].map((field) => ({ ...formatted(`<${field}>`), differs: hexWidth })),
  formatted('@Y-@m-@d @A @a @B @b @j @u @w @U @V @W @G @g @C @y @e @D @F @p @% @@ @n @t @Z @z'),
  formatted('\\n\\t\\r\\a\\e\\v\\0\\\\'),
  formatted('größe %t', '-N'),
  formatted('%t %p', '-v'),
  sub(full, '-V', '5', '-F', '%A|%C|%D|%E|%F|%P|%R|%S|%10C|%05E|%3F|%10R', '-q', '1'),
  // JSON
  sub(one, '-F', '%j'),
  sub(one, '-F', '%j', '--pretty'),
  { ...sub(full, '-V', '5', '-F', '%j', '-q', '1'), differs: userProperties },
  { ...sub(fullPlain, '-V', '5', '-F', '%j', '--pretty'), differs: userProperties },
  sub(
    messages(publish('a/b', 'x', { properties: '01010200000005030001610900026364', qos: 1 })),
    '-V',
    '5',
    '-F',
    '%j',
    '--pretty',
    '-q',
    '1',
  ),
  ...[
    '{"a": 27.0, "b":[1,2,{"c":null}], "2":1e-7, "1":{}, "e":[], "u":"\\u00e9\\/\\u0001"}',
    '[]',
    '[[1],[2]]',
    '1.10',
    'x',
    '',
    '{"a":1} ',
    ' 0.1',
    '123456789012345678',
    '1e400',
    'true',
    '"text"',
    '{"a":1,"a":2}',
    '-0.000123',
    '12345678.5',
    '{"a":{"b":{}}}',
    '[1,]',
    '{"a" 1}',
    '"\n"',
  ].flatMap((payload) => [
    sub(messages(publish('a/b', payload)), '-F', '%J'),
    sub(messages(publish('a/b', payload)), '-F', '%J', '--pretty'),
    sub(messages(publish('a/b', payload)), '-F', '%j'),
  ]),
  sub(
    messages(publish('a/b', Uint8Array.of(0x22, 0x5c, 0x08, 0x0c, 0x0a, 0x0d, 0x09, 0x1f, 0x7f, 0xc3, 0xa4, 0x2f))),
    '-F',
    '%j',
  ),
  sub(messages(publish('a/b', Uint8Array.of(0x61, 0xff, 0x62, 0, 0x63))), '-F', '%j'),
  sub(messages(publish('größe', 'x')), '-F', '%j'),
  // asking
  {
    tool: 'rr',
    args: ['-t', 'q', '-e', 'r', '-m', 'x', '-d'],
    script: messages(publish('r', 'y', { version5: true })),
  },
  { tool: 'rr', args: ['-t', 'q', '-e', 'r', '-n', '-v'], script: messages(publish('r', 'y', { version5: true })) },
  { tool: 'rr', args: ['-t', 'q', '-e', 'r', '-m', 'x', '-V', '311', '-q', '1'], script: messages(publish('r', 'y')) },
  {
    tool: 'rr',
    args: ['-t', 'q', '-e', 'r', '-m', 'x', '-D', 'publish', 'user-property', 'k', 'v', '-F', '%t %p %R'],
    script: messages(publish('r', 'y', { version5: true })),
  },
  { tool: 'rr', args: ['-t', 'q', '-e', 'r', '-m', 'x', '-W', '1'] },
  {
    tool: 'rr',
    args: ['-t', 'q', '-e', 'r', '-m', 'x', '-W', '1', '-R'],
    script: messages(publish('r', 'y', { version5: true, retain: true })),
    differs: { in: ['stdout', 'stderr', 'exitCode', 'packets'], why: '2.0 takes -R of rr and forgets it' },
  },
  { tool: 'rr', args: ['-t', 'q', '-e', 'r', '-m', 'x'], script: { subackCodes: [0x80] } },
  { tool: 'rr', args: ['-t', 'q', '-e', 'r', '-m', 'x'], script: { connack: '2003008700' } },
  {
    tool: 'rr',
    args: ['-t', 'q', '-e', 'r', '-s'],
    input: 'xy',
    script: messages(publish('r', 'z', { version5: true })),
    differs: { in: ['packets'], why: '2.0 sends a request from stdin empty' },
  },
  { tool: 'rr', args: ['-t', 'q', '-e', 'r', '-m', 'x', '-D', 'publish', 'response-topic', 'z'] },
];

const withValue = [
  ...[
    '-A',
    '--cafile',
    '--capath',
    '--cert',
    '--ciphers',
    '-h',
    '--host',
    '-i',
    '--id',
    '-I',
    '--id-prefix',
    '-k',
    '--keepalive',
  ],
  ...[
    '--key',
    '--keyform',
    '-L',
    '--url',
    '-p',
    '--port',
    '-P',
    '--pw',
    '--proxy',
    '--psk',
    '--psk-identity',
    '-q',
    '--qos',
  ],
  ...[
    '-t',
    '--topic',
    '--tls-alpn',
    '--tls-engine',
    '--tls-engine-kpass-sha1',
    '--tls-version',
    '-u',
    '--username',
    '--unix',
  ],
  ...['-V', '--protocol-version', '--will-payload', '--will-qos', '--will-topic', '-x', '-D', '--property', '-M'],
];
const ours: ToolCase['differs'] = { in: ['stderr'], why: '2.1 names the word' };

/** What is wrong with a command line. */
export const USAGE_CASES: readonly ToolCase[] = [
  ...withValue.map((flag): ToolCase => ({ tool: 'sub', args: [flag] })),
  ...['-C', '-F', '-T', '--filter-out', '-U', '--unsubscribe', '-W', '--random-filter'].map(
    (flag): ToolCase => ({ tool: 'sub', args: [flag] }),
  ),
  ...['-m', '--message', '-f', '--file', '--repeat', '--repeat-delay', '-t', '-L'].map(
    (flag): ToolCase => ({ tool: 'pub', args: [flag] }),
  ),
  ...['-e', '-F', '-W', '-m', '-f', '-t'].map((flag): ToolCase => ({ tool: 'rr', args: [flag] })),
  // of another tool
  ...[
    '-C',
    '-E',
    '-F',
    '-T',
    '-U',
    '-W',
    '-R',
    '-N',
    '-v',
    '--pretty',
    '--retained-only',
    '--remove-retained',
    '--retain-as-published',
    '--random-filter',
    '-e',
  ].map((flag): ToolCase => ({ tool: 'pub', args: [flag, 'x'] })),
  ...['-m', '-f', '-l', '-n', '-r', '-s', '--repeat', '--repeat-delay', '-e'].map(
    (flag): ToolCase => ({ tool: 'sub', args: [flag, 'x'] }),
  ),
  ...['-C', '-E', '-T', '-U', '-l', '--repeat', '--retained-only', '--remove-retained', '-r'].map(
    (flag): ToolCase => ({ tool: 'rr', args: [flag, 'x'] }),
  ),
  ...['--nonsense', 'stray', '-vd', '--topic=a', '-'].map(
    (flag): ToolCase => ({ tool: 'sub', args: ['-t', 'a', flag] }),
  ),
  // values
  { tool: 'sub', args: [], differs: { in: ['stderr'], why: '2.1 speaks of -U, too' } },
  { tool: 'sub', args: ['-t', 'a', '-q', '3'] },
  { tool: 'sub', args: ['-t', 'a', '-q', '-1'] },
  { tool: 'sub', args: ['-t', 'a', '-p', '65536'] },
  { tool: 'sub', args: ['-t', 'a', '-p', '-1'] },
  { tool: 'sub', args: ['-t', 'a', '-k', '4'] },
  { tool: 'sub', args: ['-t', 'a', '-k', '65536'] },
  { tool: 'sub', args: ['-t', 'a', '-k', 'x'] },
  { tool: 'sub', args: ['-t', 'a', '-C', '0'] },
  { tool: 'sub', args: ['-t', 'a', '-W', '0'] },
  { tool: 'sub', args: ['-t', 'a', '-M', '0'] },
  { tool: 'sub', args: ['-t', 'a', '-V', '4'] },
  { tool: 'sub', args: ['-t', 'a', '-x', 'x'] },
  { tool: 'sub', args: ['-t', 'a', '-x', '4294967296'] },
  { tool: 'sub', args: ['-t', 'a', '-x', '-2'] },
  { tool: 'sub', args: ['-t', 'a#'] },
  { tool: 'sub', args: ['-t', 'a\u0001'] },
  { tool: 'sub', args: ['-t', 'a', '-T', 'b+'] },
  { tool: 'sub', args: ['-t', 'a', '-U', '#/b'] },
  { tool: 'sub', args: ['-t', 'a', '-i', 'x', '-I', 'y'] },
  { tool: 'sub', args: ['-t', 'a', '-I', 'x', '-i', 'y'] },
  { tool: 'sub', args: ['-t', 'a', '-c'] },
  { tool: 'sub', args: ['-t', 'a', '-c', '-I', 'x'] },
  { tool: 'sub', args: ['-t', 'a', '-V', '5', '-x', '-1'] },
  { tool: 'sub', args: ['-t', 'a', '-R', '--retained-only'] },
  { tool: 'sub', args: ['-t', 'a', '--random-filter', '0'] },
  { tool: 'sub', args: ['-t', 'a', '--random-filter', '1000.1'] },
  { tool: 'sub', args: ['-t', 'a', '--will-payload', 'x'] },
  { tool: 'sub', args: ['-t', 'a', '--will-retain'] },
  { tool: 'sub', args: ['-t', 'a', '--will-qos', '3'] },
  { tool: 'sub', args: ['-t', 'a', '--will-topic', 'x/#'] },
  { tool: 'sub', args: ['-t', 'a', '--cert', 'x'] },
  { tool: 'sub', args: ['-t', 'a', '--key', 'x'] },
  { tool: 'sub', args: ['-t', 'a', '--keyform', 'pem'] },
  { tool: 'sub', args: ['-t', 'a', '--tls-engine-kpass-sha1', 'x'] },
  { tool: 'sub', args: ['-t', 'a', '--psk', 'aa'] },
  { tool: 'sub', args: ['-t', 'a', '--psk', 'aa', '--psk-identity', 'x', '--cafile', 'y'] },
  { tool: 'sub', args: ['-t', 'a', '--proxy', 'http://x'] },
  { tool: 'sub', args: ['-L', 'http://a/b'], differs: { in: ['stderr'], why: '2.1 writes Unsupported' } },
  { tool: 'sub', args: ['-L', 'mqtt://host'] },
  { tool: 'sub', args: ['-t', 'a', '-F', '%'] },
  { tool: 'sub', args: ['-t', 'a', '-F', '%5'] },
  { tool: 'sub', args: ['-t', 'a', '-F', '%Z'] },
  { tool: 'sub', args: ['-t', 'a', '-F', '@'] },
  { tool: 'sub', args: ['-t', 'a', '-F', '\\'] },
  { tool: 'sub', args: ['-t', 'a', '-F', '\\q'] },
  { tool: 'sub', args: ['-t', 'a', '-D', 'nothing', 'content-type', 'x'], differs: ours },
  { tool: 'sub', args: ['-t', 'a', '-D', 'connect', 'nothing', 'x'], differs: ours },
  { tool: 'sub', args: ['-t', 'a', '-D', 'connect', 'content-type', 'x'] },
  { tool: 'sub', args: ['-t', 'a', '-D', 'puback', 'reason-string', 'x'] },
  { tool: 'sub', args: ['-t', 'a', '-D', 'auth', 'reason-string', 'x'] },
  { tool: 'sub', args: ['-t', 'a', '-D', 'connect', 'user-property', 'x'] },
  { tool: 'sub', args: ['-t', 'a', '-D', 'connect', 'receive-maximum', '70000'] },
  { tool: 'sub', args: ['-t', 'a', '-D', 'connect', 'receive-maximum', '0'] },
  { tool: 'sub', args: ['-t', 'a', '-D', 'connect', 'receive-maximum', '1', '-D', 'connect', 'receive-maximum', '2'] },
  { tool: 'pub', args: ['-t', 'a', '-m', 'x', '-D', 'publish', 'subscription-identifier', '2'] },
  { tool: 'pub', args: ['-t', 'a', '-m', 'x', '-D', 'publish', 'payload-format-indicator', '2'] },
  { tool: 'pub', args: ['-t', 'a', '-m', 'x', '-n'] },
  { tool: 'pub', args: ['-t', 'a', '-m', 'x', '-l'] },
  { tool: 'pub', args: ['-t', 'a', '-s', '-m', 'x'] },
  { tool: 'pub', args: ['-t', 'a/+', '-m', 'x'] },
  { tool: 'pub', args: ['-t', 'a', '-m', 'x', '--repeat', '0'] },
  { tool: 'pub', args: ['-t', 'a', '-m', 'x', '--repeat-delay', '-1'] },
  { tool: 'pub', args: ['-t', 'a', '-f', '/does/not/exist'], differs: { in: ['stderr'], why: '2.1 says why' } },
  { tool: 'pub', args: ['-t', 'a', '-m', 'x', '-P', 'secret'] },
  { tool: 'pub', args: ['-t', 'a', '-m', 'x', '--unix', '/does/not/exist'] },
  { tool: 'pub', args: ['-t', 'a', '-m', 'x', '-h', 'nowhere.invalid'] },
  { tool: 'pub', args: ['-t', 'a', '-m', 'x', '-p', '1'] },
  { tool: 'pub', args: ['-t', 'a', '-m', 'x', '-p', '1', '--quiet'] },
  { tool: 'pub', args: ['-t', 'a', '-m', 'x', '-p', '1', '--cafile', '/does/not/exist'] },
  { tool: 'rr', args: ['-t', 'a'] },
  { tool: 'rr', args: ['-t', 'a', '-m', 'x'] },
  { tool: 'rr', args: ['-t', 'a', '-m', 'x', '-e', 'b/#'] },
];
