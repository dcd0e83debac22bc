import { type ConnectProperties, type ProtocolVersion, type QoS, UsageError, type WillProperties } from '@busbar/codec';
import type { ClientOptions, ServerUrls, WillOptions } from '../client-options.ts';
import { ConnectionRefusedError } from '../errors.ts';
import { type MqttJsProperties, propertiesOf } from './properties.ts';

/** The options of MQTT.js that mean something here. Others are passed over. */
export interface MqttJsOptions {
  readonly clientId?: string;
  /** Default 4; MQTT.js's default too. */
  readonly protocolVersion?: ProtocolVersion;
  readonly clean?: boolean;
  /** Seconds; default 60. */
  readonly keepalive?: number;
  readonly username?: string;
  readonly password?: string | Uint8Array;
  readonly will?: {
    readonly topic: string;
    readonly payload: string | Uint8Array;
    readonly qos?: QoS;
    readonly retain?: boolean;
    readonly properties?: MqttJsProperties<WillProperties>;
  };
  /** Milliseconds between attempts, here the bound of the first wait; 0 makes one connection only. Default 1,000. */
  readonly reconnectPeriod?: number;
  /** Whether a server that refuses the connection is asked again; default false. */
  readonly reconnectOnConnackError?: boolean;
  /** Milliseconds; default 30,000. */
  readonly connectTimeout?: number;
  /** Whether QoS 0 waits for a connection; default true. */
  readonly queueQoSZero?: boolean;
  readonly properties?: MqttJsProperties<Omit<ConnectProperties, 'authenticationMethod' | 'authenticationData'>>;
  /** Wait for {@link MqttClient.connect}. */
  readonly manualConnect?: boolean;
  /** These stand before what the URL says. */
  readonly protocol?: string;
  readonly host?: string;
  readonly hostname?: string;
  readonly port?: number | string;
  /** Of `ws:` and `wss:`, and of a Unix socket. */
  readonly path?: string;
  readonly unixSocket?: boolean;
  readonly servers?: readonly { readonly host: string; readonly port: number; readonly protocol?: string }[];
  readonly ca?: Pem | readonly Pem[];
  readonly cert?: Pem;
  readonly key?: Pem;
  readonly passphrase?: string;
  readonly ALPNProtocols?: readonly string[];
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
  /** Further headers of the request, for `ws:` and `wss:`. */
  readonly wsOptions?: { readonly headers?: Readonly<Record<string, string>> };
  /** Called instead of dialling: what MQTT.js has no short name for. */
  readonly dial?: ClientOptions['dial'];
}

/** The options with what the URL says and the defaults that programs read. */
export interface SettledOptions extends MqttJsOptions {
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  readonly clean: boolean;
  readonly keepalive: number;
  readonly reconnectPeriod: number;
  readonly connectTimeout: number;
  readonly protocol: string;
}

type Pem = string | Buffer;

const SCHEMES: Readonly<Record<string, string>> = { tcp: 'mqtt', ssl: 'mqtts', tls: 'mqtts' };
const SECURED: Readonly<Record<string, string>> = { mqtt: 'mqtts', ws: 'wss' };
const LONGEST_WAIT_MS = 30_000;

/** What a client's `options` tell. @throws {UsageError} The URL is none. */
export function settledOptions(url: string | undefined, options: MqttJsOptions): SettledOptions {
  const given = { ...(url === undefined ? {} : optionsIn(url)), ...options };
  const named = (given.protocol ?? 'mqtt').replace(/:$/, '').replace('+unix', '');
  const scheme = SCHEMES[named] ?? named;
  const isSecured = given.cert !== undefined && given.key !== undefined;
  return {
    clientId: `mqttjs_${Math.random().toString(16).slice(2, 10)}`,
    protocolVersion: 4,
    clean: true,
    keepalive: 60,
    reconnectPeriod: 1_000,
    connectTimeout: 30_000,
    ...given,
    unixSocket: given.unixSocket ?? given.protocol?.includes('+unix') ?? false,
    protocol: (isSecured && SECURED[scheme]) || scheme,
  };
}

/** The servers that MQTT.js would connect to. */
export function serversOf(options: SettledOptions): ServerUrls {
  const { protocol, servers, hostname, host = 'localhost', port, path = '', unixSocket } = options;
  if (unixSocket === true) return `unix://${path}`;
  const ownPath = protocol.startsWith('ws') ? path : '';
  const at = (name: string, ownPort: number | string | undefined) =>
    `${name.includes(':') && !name.startsWith('[') ? `[${name}]` : name}${ownPort === undefined ? '' : `:${ownPort}`}`;
  if (servers === undefined) return `${protocol}://${at(hostname ?? host, port)}${ownPath}`;
  return servers.map((each) => {
    const named = (each.protocol ?? protocol).replace(/:$/, '');
    return `${SCHEMES[named] ?? named}://${at(each.host, each.port)}${ownPath}`;
  });
}

function optionsIn(text: string): MqttJsOptions {
  if (!URL.canParse(text)) {
    throw new UsageError('server-url-invalid', "expected a server's URL such as mqtt://localhost:1883: it is no URL");
  }
  const url = new URL(text);
  const clientId = url.searchParams.get('clientId');
  return {
    protocol: url.protocol,
    host: url.hostname,
    ...(url.port !== '' && { port: Number(url.port) }),
    path: `${url.pathname}${url.search}`,
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    ...(clientId !== null && { clientId }),
  };
}

/** Our options for those of MQTT.js. */
export function clientOptionsOf(options: SettledOptions): ClientOptions {
  const { reconnectPeriod, reconnectOnConnackError = false, queueQoSZero = true, will } = options;
  const properties: ConnectProperties = propertiesOf(options.properties ?? {});
  const { sessionExpiryInterval, receiveMaximum, maximumPacketSize, topicAliasMaximum, ...others } = properties;
  return {
    protocolVersion: options.protocolVersion,
    clientIdentifier: options.clientId,
    cleanStart: options.clean,
    keepAlive: options.keepalive,
    connectTimeoutMs: options.connectTimeout,
    queue: { qos0: queueQoSZero, maximumMessages: 100_000, maximumBytes: 256 * 1024 * 1024 },
    reconnect: reconnectPeriod > 0 && {
      initialDelayMs: reconnectPeriod,
      maximumDelayMs: Math.max(reconnectPeriod, LONGEST_WAIT_MS),
      giveUp: (error) => !reconnectOnConnackError && error instanceof ConnectionRefusedError,
    },
    ...given({
      userName: options.username,
      password: options.password,
      sessionExpiryInterval,
      receiveMaximum,
      maximumPacketSize,
      topicAliasMaximum,
      properties: others,
      dial: options.dial,
      tls: given({
        ca: options.ca,
        cert: options.cert,
        key: options.key,
        passphrase: options.passphrase,
        rejectUnauthorized: options.rejectUnauthorized,
        serverName: options.servername,
        alpnProtocols: options.ALPNProtocols,
      }),
      headers: options.wsOptions?.headers,
      will: will && willOf(will),
    }),
  };
}

function willOf({
  topic,
  payload,
  qos = 0,
  retain = false,
  properties = {},
}: NonNullable<MqttJsOptions['will']>): WillOptions {
  return { topicName: topic, payload, qos, retain, properties: propertiesOf(properties) };
}

/** What is not undefined. */
function given<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
}
