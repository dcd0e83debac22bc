import type { ConnectProperties, ProtocolVersion, PublishProperties, QoS, WillProperties } from '@busbar/codec';
import type { ClientOptions, ServerUrls, WillOptions } from '../client-options.ts';

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
    readonly properties?: WillProperties;
  };
  /** Milliseconds between attempts, here the bound of the first wait; 0 makes one connection only. Default 1,000. */
  readonly reconnectPeriod?: number;
  /** Milliseconds; default 30,000. */
  readonly connectTimeout?: number;
  /** Whether QoS 0 waits for a connection; default true. */
  readonly queueQoSZero?: boolean;
  readonly properties?: Omit<ConnectProperties, 'authenticationMethod' | 'authenticationData'>;
  /** Wait for {@link MqttClient.connect}. */
  readonly manualConnect?: boolean;
  readonly protocol?: 'mqtt' | 'mqtts' | 'tcp' | 'ssl' | 'tls' | 'ws' | 'wss';
  readonly host?: string;
  readonly hostname?: string;
  readonly port?: number;
  readonly path?: string;
  readonly servers?: readonly { readonly host: string; readonly port: number; readonly protocol?: string }[];
  readonly ca?: string | readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
  /** Called instead of dialling: what MQTT.js has no short name for. */
  readonly dial?: ClientOptions['dial'];
}

/** How MQTT.js publishes. */
export interface MqttJsPublishOptions {
  readonly qos?: QoS;
  readonly retain?: boolean;
  readonly properties?: Omit<PublishProperties, 'topicAlias' | 'subscriptionIdentifiers'>;
}

const SCHEMES: Readonly<Record<string, string>> = { tcp: 'mqtt', ssl: 'mqtts', tls: 'mqtts' };
const LONGEST_WAIT_MS = 30_000;

/** The servers that MQTT.js would connect to. */
export function serversOf(url: string | undefined, options: MqttJsOptions): ServerUrls {
  const { protocol = 'mqtt', servers, host = options.hostname ?? 'localhost', port, path = '' } = options;
  if (servers !== undefined) {
    return servers.map((each) => `${schemeOf(each.protocol ?? protocol)}://${each.host}:${each.port}`);
  }
  if (url === undefined) return `${schemeOf(protocol)}://${host}${port === undefined ? '' : `:${port}`}${path}`;
  const [scheme = '', rest = ''] = url.split('://', 2);
  return `${schemeOf(scheme)}://${rest}`;
}

/** Our options for those of MQTT.js. */
export function clientOptionsOf(options: MqttJsOptions): ClientOptions {
  const { reconnectPeriod = 1_000, connectTimeout, queueQoSZero = true, properties = {}, will } = options;
  const { sessionExpiryInterval, receiveMaximum, maximumPacketSize, topicAliasMaximum, ...others } = properties;
  return {
    protocolVersion: options.protocolVersion ?? 4,
    clientIdentifier: options.clientId ?? `mqttjs_${Math.random().toString(16).slice(2, 10)}`,
    cleanStart: options.clean ?? true,
    queue: { qos0: queueQoSZero, maximumMessages: 100_000, maximumBytes: 256 * 1024 * 1024 },
    reconnect: reconnectPeriod > 0 && {
      initialDelayMs: reconnectPeriod,
      maximumDelayMs: Math.max(reconnectPeriod, LONGEST_WAIT_MS),
    },
    ...given({
      keepAlive: options.keepalive,
      userName: options.username,
      password: options.password,
      connectTimeoutMs: connectTimeout,
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
        rejectUnauthorized: options.rejectUnauthorized,
        servername: options.servername,
      }) as ClientOptions['tls'],
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
  return { topicName: topic, payload, qos, retain, properties };
}

function schemeOf(scheme: string): string {
  const plain = scheme.replace(/:$/, '');
  return SCHEMES[plain] ?? plain;
}

/** What is not undefined. */
function given<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
}
