import type { ClientOptions } from '@busbar/client';
import { topicNameFault } from '@busbar/protocol';
import { WrongUsage } from '../command/command-error.ts';
import type { OptionValues } from '../command/definition.ts';
import { oneOfMeanings, text, wholeNumber } from '../command/value.ts';
import { type PropertyCommand, propertiesFor, propertyValue } from './property-option.ts';

const VERSIONS = { '5': 5, '311': 4, '31': 3 } as const;
const NEVER_EXPIRES = 0xffff_ffff;

/** 0, 1 or 2. */
export const qosValue = oneOfMeanings<0 | 1 | 2>({ '0': 0, '1': 1, '2': 2 });

/** The options that `pub` and `sub` share: whom to connect to, and as whom. Names and meanings are mosquitto's. */
export const connectionOptions = {
  host: { flags: '-h, --host', value: hostValue(), default: 'localhost', description: 'host to connect to' },
  port: {
    flags: '-p, --port',
    value: wholeNumber('port', 1, 65_535),
    default: 1883,
    description: 'port to connect to',
  },
  id: {
    flags: '-i, --id',
    value: text('id'),
    description: 'Client Identifier; without it one is made up',
  },
  version: {
    flags: '-V, --protocol-version',
    value: oneOfMeanings<3 | 4 | 5>({ ...VERSIONS, mqttv5: 5, mqttv311: 4, mqttv31: 3 }, [
      'mqttv5',
      'mqttv311',
      'mqttv31',
    ]),
    description: 'MQTT version, also as mqttv5, mqttv311 and mqttv31 (default: 311, or 5 when -D is used)',
  },
  userName: { flags: '-u, --username', value: text('name'), description: 'user name' },
  password: { flags: '-P, --pw', value: text('password'), description: 'password; below MQTT 5.0 only with -u' },
  keepAlive: {
    flags: '-k, --keepalive',
    value: wholeNumber('seconds', 5, 65_535),
    default: 60,
    description: 'seconds of silence after which the connection is checked with a PING',
  },
  keepSession: {
    flags: '-c, --disable-clean-session',
    description: 'go on with the session of this -i, and let it outlive the connection (for ever, without -x)',
  },
  sessionExpiry: {
    flags: '-x, --session-expiry-interval',
    value: sessionExpiryValue(),
    description: 'MQTT 5.0: seconds that the session outlives the connection; -1 or ∞ for ever',
  },
  willTopic: {
    flags: '--will-topic',
    value: text('topic'),
    description: 'topic of the Will Message, published when the connection breaks',
  },
  willPayload: {
    flags: '--will-payload',
    value: text('message'),
    description: 'payload of the Will Message; without it empty',
  },
  willQos: { flags: '--will-qos', value: qosValue, description: 'QoS of the Will Message (default: 0)' },
  willRetain: { flags: '--will-retain', description: 'make the Will Message a retained one' },
  debug: { flags: '-d, --debug', description: 'print every packet that is sent or received' },
  quiet: { flags: '--quiet', description: 'print no errors, except for wrong usage' },
} as const;

/** `-D`, for the packets that a command sends. */
export function propertyOption(...commands: readonly PropertyCommand[]) {
  return {
    flags: '-D, --property',
    value: propertyValue(...commands),
    repeatable: true,
    description: `MQTT 5.0 property of ${commands.join(', ')}; for user-property identifier, name and value`,
  } as const;
}

type ConnectionValues = OptionValues<typeof connectionOptions & { property: ReturnType<typeof propertyOption> }>;

/** Whom to connect to. */
export function serverOf({ host, port }: Pick<ConnectionValues, 'host' | 'port'>): string {
  return `mqtt://${host}:${port}`;
}

/**
 * The CONNECT that was asked for.
 *
 * @throws {WrongUsage} Options that do not go together.
 */
export function clientOptionsOf(values: ConnectionValues): ClientOptions & { protocolVersion: 3 | 4 | 5 } {
  const protocolVersion = values.property.length > 0 ? 5 : (values.version ?? 4);
  const { userName, password, id, keepAlive, keepSession } = values;
  if (password !== undefined && userName === undefined && protocolVersion !== 5) {
    throw new WrongUsage('-P/--pw needs -u/--username below MQTT 5.0');
  }
  if (id === '') throw new WrongUsage('-i/--id: expected at least one character');
  const { sessionExpiryInterval, receiveMaximum, maximumPacketSize, topicAliasMaximum, ...properties } = propertiesFor(
    'connect',
    values.property,
  );
  const expiry = sessionExpiryOf(values, protocolVersion) ?? sessionExpiryInterval ?? 0;
  if (id === undefined && keepSession && protocolVersion !== 5)
    throw new WrongUsage('-c needs a Client Identifier (-i)');
  if (id === undefined && expiry === NEVER_EXPIRES) {
    throw new WrongUsage('a session that never expires needs a Client Identifier (-i)');
  }
  return {
    protocolVersion,
    keepAlive,
    cleanStart: !keepSession,
    ...(protocolVersion === 5 && { sessionExpiryInterval: expiry }),
    ...(id !== undefined && { clientIdentifier: id }),
    ...(userName !== undefined && { userName }),
    ...(password !== undefined && { password }),
    ...willOf(values),
    ...(receiveMaximum !== undefined && { receiveMaximum }),
    ...(maximumPacketSize !== undefined && { maximumPacketSize }),
    ...(topicAliasMaximum !== undefined && { topicAliasMaximum }),
    ...(Object.keys(properties).length > 0 && { properties }),
  };
}

function sessionExpiryOf({ sessionExpiry, keepSession }: ConnectionValues, version: 3 | 4 | 5): number | undefined {
  if (sessionExpiry !== undefined) return sessionExpiry;
  return keepSession && version === 5 ? NEVER_EXPIRES : undefined;
}

function willOf(values: ConnectionValues): Pick<ClientOptions, 'will'> {
  const { willTopic: topicName, willPayload: payload = '', willQos: qos = 0, willRetain: retain, property } = values;
  if (topicName === undefined) {
    if (values.willPayload !== undefined) throw new WrongUsage('--will-payload needs --will-topic');
    if (retain) throw new WrongUsage('--will-retain needs --will-topic');
    return {};
  }
  const fault = topicNameFault(topicName);
  if (fault !== undefined) throw new WrongUsage(`--will-topic: ${fault}`);
  const properties = propertiesFor('will', property);
  return { will: { topicName, payload, qos, retain, ...(Object.keys(properties).length > 0 && { properties }) } };
}

/** A name or an address, as it may stand in a URL; an IPv6 address with or without its brackets. */
function hostValue() {
  const { placeholder } = text('host');
  return {
    placeholder,
    parse(given: string): string {
      const host = given.includes(':') && !given.startsWith('[') ? `[${given}]` : given;
      const url = URL.canParse(`mqtt://${host}`) ? new URL(`mqtt://${host}`) : undefined;
      if (url !== undefined && url.host !== '' && url.href === `mqtt://${url.host}`) return host;
      throw new WrongUsage(`expected a name or an address, not '${given}'`);
    },
  };
}

function sessionExpiryValue() {
  const seconds = wholeNumber('seconds', -1, NEVER_EXPIRES);
  return {
    placeholder: seconds.placeholder,
    parse(given: string): number {
      const parsed = given === '∞' ? -1 : seconds.parse(given);
      return parsed === -1 ? NEVER_EXPIRES : parsed;
    },
  };
}
