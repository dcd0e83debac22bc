import { WrongUsage } from '../command/command-error.ts';
import type { ValueKind } from '../command/definition.ts';
import { duration, oneOf, oneOfMeanings, text, wholeNumber } from '../command/value.ts';

const MANY = 1_000_000;
const SCHEMES = ['mqtt:', 'mqtts:', 'ws:', 'wss:'];

/** Which broker, and as whom; the names are those of `pub` and `sub`. */
const connectionOptions = {
  url: {
    flags: '-L, --url',
    value: serverUrl(),
    description: 'server, as mqtt://, mqtts://, ws:// or wss://[user[:password]@]host[:port][/path]',
  },
  host: { flags: '-h, --host', value: hostName(), description: 'host to connect to, without -L (default: localhost)' },
  port: {
    flags: '-p, --port',
    value: wholeNumber('port', 1, 65_535),
    description: 'port to connect to, without -L (default: 1883, or 8883 with --cafile)',
  },
  version: {
    flags: '-V, --protocol-version',
    value: oneOfMeanings<3 | 4 | 5>({ '5': 5, '311': 4, '31': 3, mqttv5: 5, mqttv311: 4, mqttv31: 3 }, [
      'mqttv5',
      'mqttv311',
      'mqttv31',
    ]),
    description: 'MQTT version (default: 311, or 5 with --user-properties)',
  },
  userName: { flags: '-u, --username', value: text('name'), description: 'user name' },
  password: { flags: '-P, --pw', value: text('password'), description: 'password; below MQTT 5.0 only with -u' },
  caFile: {
    flags: '--cafile',
    value: text('file'),
    description: 'authorities that are trusted, in PEM; turns TLS on where no -L is given',
  },
  certificate: { flags: '--cert', value: text('file'), description: "the clients' certificate, in PEM" },
  key: { flags: '--key', value: text('file'), description: 'its key, in PEM' },
  isInsecure: { flags: '--insecure', description: "do not verify the server's certificate: for tests only" },
} as const;

/** What is done. */
const loadOptions = {
  workload: {
    flags: '-w, --workload',
    value: oneOf('fan-in', 'fan-out', 'pairs', 'shared', 'connect', 'retained'),
    default: 'pairs',
    description: 'what is done to the broker, see below',
  },
  publishers: {
    flags: '--publishers',
    value: wholeNumber('n', 1, MANY),
    description: 'publishing clients (default: fan-in and shared 20, fan-out 1, pairs 50, retained 4)',
  },
  subscribers: {
    flags: '--subscribers',
    value: wholeNumber('n', 1, MANY),
    description: 'subscribing clients (default: fan-in and retained 1, fan-out 100, pairs 50, shared 4)',
  },
  connections: {
    flags: '--connections',
    value: wholeNumber('n', 1, MANY),
    default: 1_000,
    description: 'connect: how many clients connect',
  },
  concurrency: {
    flags: '--concurrency',
    value: wholeNumber('n', 1, 10_000),
    default: 100,
    description: 'connect: how many of them at a time',
  },
  messages: {
    flags: '--messages',
    value: wholeNumber('n', 1, 100_000_000),
    default: 10_000,
    description: 'retained: how many messages',
  },
  qos: {
    flags: '-q, --qos',
    value: oneOfMeanings<0 | 1 | 2>({ '0': 0, '1': 1, '2': 2 }),
    default: 0,
    description: 'QoS of publishing and of subscribing',
  },
  size: {
    flags: '-s, --size',
    value: wholeNumber('bytes', 16, 16_777_216),
    default: 64,
    description: 'bytes of each payload; number and time of the message take 16 of them',
  },
  userProperties: {
    flags: '--user-properties',
    value: wholeNumber('n', 0, 100),
    default: 0,
    description: 'User Properties of each message, MQTT 5.0',
  },
  window: {
    flags: '--window',
    value: wholeNumber('n', 1, 65_535),
    description:
      'messages of one publisher that are under way at the most: not acknowledged, or, without --rate, not delivered (default: 100, 20 with QoS 1 and 2)',
  },
  rate: {
    flags: '-r, --rate',
    value: wholeNumber('n', 1, 100_000_000),
    description: 'messages a second of all publishers together, or connections a second; without it as fast as it goes',
  },
  topicPrefix: {
    flags: '--topic-prefix',
    value: text('topic'),
    default: 'bench',
    description: 'what the topics begin with; the next level is different in each run',
  },
} as const;

/** For how long, with what, and what is told. */
const runOptions = {
  durationMs: { flags: '-d, --duration', value: duration, description: 'how long is measured (default: 5s)' },
  warmUpMs: { flags: '--warm-up', value: duration, description: 'how long it runs before (default: 1s)' },
  patienceMs: {
    flags: '--patience',
    value: duration,
    description: 'at the end, messages that are missing are lost when none has come for so long (default: 2s)',
  },
  threads: {
    flags: '--threads',
    value: wholeNumber('n', 1, 64),
    description: 'threads that make the load (default: one fewer than the processors, at most 4)',
  },
  pid: {
    flags: '--pid',
    value: wholeNumber('pid', 1, 2 ** 31 - 1),
    repeatable: true,
    description: 'Linux: process of the broker on this machine, whose CPU time and memory are measured, too',
  },
  failIf: {
    flags: '--fail-if',
    value: limitWords(),
    repeatable: true,
    description: "limits such as 'p99>20ms' 'lost>0'; if one of them is true of the result, the exit code is 3",
  },
  json: { flags: '--json', description: 'print the result as JSON' },
  quiet: { flags: '--quiet', description: 'show no progress' },
} as const;

/** The options of `busbar bench`. */
export const benchOptions = { ...loadOptions, ...runOptions, ...connectionOptions } as const;

/** A server's URL, whose scheme says how it is reached. */
function serverUrl(): ValueKind<URL> {
  return {
    placeholder: '<url>',
    parse(given) {
      const url = URL.canParse(given) ? new URL(given) : undefined;
      if (url !== undefined && SCHEMES.includes(url.protocol) && url.hostname !== '') return url;
      throw new WrongUsage(`expected mqtt://, mqtts://, ws:// or wss:// and a host, not '${given}'`);
    },
  };
}

/** A name or an address, as it may stand in a URL; an IPv6 address with or without its brackets. */
function hostName(): ValueKind<string> {
  return {
    placeholder: '<host>',
    parse(given) {
      const host = given.includes(':') && !given.startsWith('[') ? `[${given}]` : given;
      const url = URL.canParse(`mqtt://${host}`) ? new URL(`mqtt://${host}`) : undefined;
      if (url !== undefined && url.host !== '' && url.href === `mqtt://${url.host}`) return host;
      throw new WrongUsage(`expected a name or an address, not '${given}'`);
    },
  };
}

/** All words up to the next option. */
function limitWords(): ValueKind<readonly string[]> {
  return {
    placeholder: '<limit...>',
    words(given) {
      const end = given.findIndex((word) => word.startsWith('-'));
      return Math.max(1, end < 0 ? given.length : end);
    },
    parse: (words) => JSON.parse(words) as string[],
  };
}
