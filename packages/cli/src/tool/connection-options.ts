import type { ProtocolVersion, QoS } from '@busbar/codec';
import { flag, integer, type Reading, type ToolOption, valued } from './option.ts';
import { applyProperty } from './property-option.ts';
import { readProxy, readServerUrl } from './server-url.ts';
import { ToolUsage } from './tool-usage.ts';
import { isProperText, isTopicName } from './topic-check.ts';

const NEVER_EXPIRES = 0xffff_ffff;
const VERSIONS: ReadonlyMap<string, ProtocolVersion> = new Map([
  ['31', 3],
  ['311', 4],
  ['5', 5],
  ['mqttv31', 3],
  ['mqttv311', 4],
  ['mqttv5', 5],
]);

/** Whom to connect to and as whom: what all three tools share, TLS aside. */
export const connectionOptions: readonly ToolOption[] = [
  valued(['-h', '--host'], '<host>', 'no host specified', 'host to connect to (default: localhost)', setHost),
  valued(['-p', '--port'], '<port>', 'no port specified', 'port to connect to (default: 1883, 8883 with TLS)', setPort),
  valued(
    ['-L', '--url'],
    '<url>',
    'no URL specified',
    'server, user and topic in one: mqtt(s):// or ws(s)://[user[:password]@]host[:port]/topic',
    readServerUrl,
  ),
  valued(
    ['--unix'],
    '<path>',
    'no socket path specified',
    'connect to a Unix socket of this machine',
    (path, settings) => {
      settings.unixPath = path;
    },
  ),
  flag(['--ws'], 'connect over WebSocket', (settings) => (settings.isWebSocket = true), { since: '2.1' }),
  valued(
    ['--ws-path'],
    '<path>',
    'no path specified',
    'path of the WebSocket (default: /mqtt)',
    (path, settings) => {
      settings.webSocketPath = path.startsWith('/') ? path : `/${path}`;
    },
    { since: 'busbar' },
  ),
  valued(
    ['-A'],
    '<address>',
    'no address specified',
    'address of this machine to connect from',
    (address, settings) => {
      settings.bindAddress = address;
    },
  ),
  flag(['-S'], 'look the server up as the DNS service _mqtt._tcp of the host', (settings) => {
    settings.looksUpService = true;
  }),
  flag(['--nodelay'], "send small packets at once, without Nagle's algorithm", (settings) => {
    settings.hasNoDelay = true;
  }),
  valued(
    ['--proxy'],
    '<url>',
    'no proxy url specified',
    'SOCKS5 proxy: socks5h://[user[:password]@]host[:port]',
    (url, settings) => {
      settings.proxy = readProxy(url);
    },
  ),
  valued(
    ['-i', '--id'],
    '<id>',
    'no id specified',
    'Client Identifier (default: the server or chance gives one)',
    setId,
  ),
  valued(
    ['-I', '--id-prefix'],
    '<prefix>',
    'no id prefix specified',
    'Client Identifier made of this and the process id',
    setIdPrefix,
  ),
  valued(
    ['-V', '--protocol-version'],
    '<5|311|31>',
    'no version specified',
    'MQTT version, also as mqttv5, mqttv311, mqttv31 (default: 311, rr 5; 5 with -D and -x)',
    setVersion,
    { named: '--protocol-version' },
  ),
  valued(['-u', '--username'], '<name>', 'no username specified', 'user name', (name, settings) => {
    settings.userName = name;
  }),
  valued(
    ['-P', '--pw'],
    '<password>',
    'no password specified',
    'password; below MQTT 5.0 only with -u',
    (password, settings) => {
      settings.password = password;
    },
  ),
  valued(
    ['-k', '--keepalive'],
    '<seconds>',
    'no keepalive specified',
    'silence after which the connection is checked with a PING, from 5 s (default: 60)',
    (given, settings, reading) => {
      settings.keepAlive = integer(given, reading, [5, 65_535], () => KEEP_ALIVE);
    },
  ),
  flag(
    ['-c', '--disable-clean-session'],
    'go on with the session of this -i, and let it outlive the connection (for ever, without -x)',
    (settings) => {
      settings.cleanStart = false;
    },
  ),
  valued(
    ['-x', '--session-expiry-interval'],
    '<seconds>',
    'no session expiry interval specified',
    'MQTT 5.0: seconds that the session outlives the connection; -1 or ∞ for ever',
    setSessionExpiry,
  ),
  valued(
    ['-D', '--property'],
    '<packet property value>',
    'not enough arguments specified',
    'MQTT 5.0 property of connect, publish, subscribe, unsubscribe, disconnect or will; user-property has name and value',
    (words, settings, reading) => applyProperty(words.split('\0'), settings, reading),
    { named: '--property', repeatable: true },
  ),
  valued(
    ['-M'],
    '<count>',
    'max_inflight not specified',
    'messages of QoS 1 and 2 that are unacknowledged at the most (default: 20)',
    (given, settings, reading) => {
      settings.maximumInFlight = integer(given, reading, [1, 65_535], () => MAXIMUM_IN_FLIGHT);
    },
  ),
  valued(
    ['--will-topic'],
    '<topic>',
    'no will topic specified',
    'topic of the Will Message, published when the connection breaks',
    setWillTopic,
  ),
  valued(
    ['--will-payload'],
    '<message>',
    'no will payload specified',
    'payload of the Will Message (default: empty)',
    (payload, settings) => {
      settings.willPayload = payload;
    },
  ),
  valued(['--will-qos'], '<0|1|2>', 'no will QoS specified', 'QoS of the Will Message (default: 0)', setWillQos),
  flag(['--will-retain'], 'make the Will Message a retained one', (settings) => (settings.willRetain = true)),
  flag(['-d', '--debug'], 'print every packet that is sent or received', (settings) => (settings.isDebug = true)),
  flag(['--quiet'], 'print no errors, except for wrong usage', (settings) => (settings.isQuiet = true)),
  valued(
    ['-o'],
    '<file>',
    'no options file specified',
    'read options from this file, one a line, in place of ~/.config/mosquitto_pub, _sub or _rr',
    () => {}, // read before all others
    { since: '2.1' },
  ),
];

const KEEP_ALIVE = 'Error: Invalid keepalive given, it must be between 5 and 65535 inclusive.\n\n';
const MAXIMUM_IN_FLIGHT = 'Error: Maximum inflight messages must be greater than 0.\n\n';
const TOGETHER = 'Error: -i and -I argument cannot be used together.\n\n';

function setHost(host: string, settings: Reading['settings'], { isStrict }: Reading): void {
  const isAddress = /^\[?[0-9a-f:.]*:[0-9a-f:.]*(%\w+)?\]?$/i.test(host);
  if (isStrict && (host === '' || (!isAddress && /[\s/:@?#]/.test(host)))) {
    throw new ToolUsage('', `-h/--host: expected a name or an address, not '${host}'`);
  }
  settings.host = isAddress ? host.replace(/^\[|\]$/g, '') : host;
}

function setPort(given: string, settings: Reading['settings'], reading: Reading): void {
  settings.port = integer(
    given,
    reading,
    [reading.isStrict ? 1 : 0, 65_535],
    (port) => `Error: Invalid port given: ${port}\n`,
  );
}

function setId(id: string, settings: Reading['settings'], { isStrict }: Reading): void {
  if (settings.idPrefix !== undefined) throw new ToolUsage(TOGETHER, '-i and -I cannot be used together');
  if (isStrict && id === '') throw new ToolUsage('', '-i/--id: expected at least one character');
  settings.id = id;
}

function setIdPrefix(prefix: string, settings: Reading['settings']): void {
  if (settings.id !== undefined) throw new ToolUsage(TOGETHER, '-i and -I cannot be used together');
  settings.idPrefix = prefix;
}

function setVersion(given: string, settings: Reading['settings'], { flag: typed }: Reading): void {
  const version = VERSIONS.get(given);
  if (version === undefined) {
    const theirs = 'Error: Invalid protocol version argument given.\n\n';
    throw new ToolUsage(theirs, `${typed}: expected 5, 311 or 31, not '${given}'`);
  }
  settings.version = version;
}

function setSessionExpiry(given: string, settings: Reading['settings'], { flag: typed }: Reading): void {
  const isNumber = /^\s*[+-]?(0x[0-9a-f]+|\d+)$/i.test(given);
  const seconds = given === '∞' ? NEVER_EXPIRES : Number(given);
  const ours = `${typed}: expected seconds from 0 to 4294967295, -1 or ∞, not '${given}'`;
  if (given !== '∞' && !isNumber) throw new ToolUsage('Error: session-expiry-interval not a number.\n\n', ours);
  if (!(seconds >= -1 && seconds <= NEVER_EXPIRES)) {
    throw new ToolUsage('Error: session-expiry-interval out of range.\n\n', ours);
  }
  settings.sessionExpiry = seconds === -1 ? NEVER_EXPIRES : seconds;
  settings.version = 5;
}

function setWillTopic(topic: string, settings: Reading['settings']): void {
  if (!isProperText(topic)) {
    const theirs = 'Error: Malformed UTF-8 in --will-topic argument.\n\n';
    throw new ToolUsage(theirs, '--will-topic: expected text without control characters');
  }
  if (!isTopicName(topic)) {
    const theirs = `Error: Invalid will topic '${topic}', does it contain '+' or '#'?\n`;
    throw new ToolUsage(theirs, `--will-topic: expected a Topic Name without + and #, not '${topic}'`);
  }
  settings.willTopic = topic;
}

function setWillQos(given: string, settings: Reading['settings'], reading: Reading): void {
  settings.willQos = integer(given, reading, [0, 2], (qos) => `Error: Invalid will QoS ${qos}.\n\n`) as QoS;
}
