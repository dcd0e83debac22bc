import type { ProtocolVersion, QoS } from '@busbar/codec';
import { PropertyList } from './property-list.ts';

/** The three tools of mosquitto-clients that `busbar` replaces. */
export type Tool = 'pub' | 'sub' | 'rr';

/** How a payload is shown in place of its bytes. */
export type PayloadDecoding = 'json' | 'cbor' | 'hex' | 'base64' | 'protobuf';

/** Where a message's payload comes from. */
export type PayloadSource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stdin' }
  | { readonly kind: 'stdin-lines' }
  | { readonly kind: 'nothing' };

/** What TLS options say; files are read when the connection is made. */
export interface TlsSettings {
  caFile?: string;
  caPath?: string;
  certFile?: string;
  keyFile?: string;
  keyForm?: string;
  ciphers?: string;
  version?: string;
  alpn?: string;
  engine?: string;
  enginePasswordHash?: string;
  keyLogFile?: string;
  psk?: string;
  pskIdentity?: string;
  usesSystemAuthorities: boolean;
  isInsecure: boolean;
  isOff: boolean;
}

/** A SOCKS5 proxy, which also resolves the server's name. */
export interface ProxySettings {
  readonly host: string;
  readonly port: number;
  readonly userName: string | undefined;
  readonly password: string | undefined;
}

/** Where a tool is to connect to. */
export interface WirePlace {
  readonly host: string;
  readonly port: number;
}

/** The packets that `-D` can give properties to. */
export type PropertyPacket = 'connect' | 'publish' | 'subscribe' | 'unsubscribe' | 'disconnect' | 'will';

/** Everything that the options of the three tools say. */
export interface ToolSettings {
  readonly tool: Tool;
  host: string | undefined;
  port: number | undefined;
  unixPath: string | undefined;
  bindAddress: string | undefined;
  isWebSocket: boolean;
  webSocketPath: string;
  looksUpService: boolean;
  hasNoDelay: boolean;
  proxy: ProxySettings | undefined;
  readonly tls: TlsSettings;

  id: string | undefined;
  idPrefix: string | undefined;
  version: ProtocolVersion;
  userName: string | undefined;
  password: string | undefined;
  keepAlive: number;
  cleanStart: boolean;
  /** Seconds; undefined: not said. */
  sessionExpiry: number | undefined;
  maximumInFlight: number;
  willTopic: string | undefined;
  willPayload: string | undefined;
  willQos: QoS;
  willRetain: boolean;
  readonly properties: Readonly<Record<PropertyPacket, PropertyList>>;

  /** Of `pub` and `rr`. */
  topicName: string | undefined;
  responseTopic: string | undefined;
  source: PayloadSource | undefined;
  qos: QoS;
  retain: boolean;
  repeat: number;
  repeatDelayMs: number;
  hasTopicAlias: boolean;
  measuresLatency: boolean;

  /** Of `sub`. */
  readonly topicFilters: string[];
  readonly unsubscribed: string[];
  readonly filteredOut: string[];
  count: number;
  endsAfterSubscribing: boolean;
  retainHandling: 0 | 1 | 2;
  hidesRetained: boolean;
  retainedOnly: boolean;
  removesRetained: boolean;
  retainAsPublished: boolean;
  /** Of ten thousand messages, how many are printed. */
  randomFilter: number;
  printsRate: boolean;
  watches: boolean;

  timeoutSeconds: number;
  format: string | undefined;
  isVerbose: boolean;
  isPretty: boolean;
  hasLineEnd: boolean;
  isDebug: boolean;
  isQuiet: boolean;

  /** Beyond mosquitto's. */
  printsJson: boolean;
  decoding: PayloadDecoding | undefined;
  schemaFile: string | undefined;
  messageType: string | undefined;
  reconnects: boolean;
  color: boolean | undefined;
}

/** What holds when nothing is said. */
export function defaultSettings(tool: Tool): ToolSettings {
  return {
    tool,
    host: undefined,
    port: undefined,
    unixPath: undefined,
    bindAddress: undefined,
    isWebSocket: false,
    webSocketPath: '/mqtt',
    looksUpService: false,
    hasNoDelay: false,
    proxy: undefined,
    tls: { usesSystemAuthorities: false, isInsecure: false, isOff: false },
    id: undefined,
    idPrefix: undefined,
    version: tool === 'rr' ? 5 : 4,
    userName: undefined,
    password: undefined,
    keepAlive: 60,
    cleanStart: true,
    sessionExpiry: undefined,
    maximumInFlight: 20,
    willTopic: undefined,
    willPayload: undefined,
    willQos: 0,
    willRetain: false,
    properties: {
      connect: new PropertyList(),
      publish: new PropertyList(),
      subscribe: new PropertyList(),
      unsubscribe: new PropertyList(),
      disconnect: new PropertyList(),
      will: new PropertyList(),
    },
    topicName: undefined,
    responseTopic: undefined,
    source: undefined,
    qos: 0,
    retain: false,
    repeat: 1,
    repeatDelayMs: 0,
    hasTopicAlias: false,
    measuresLatency: false,
    topicFilters: [],
    unsubscribed: [],
    filteredOut: [],
    count: tool === 'rr' ? 1 : 0,
    endsAfterSubscribing: false,
    retainHandling: 0,
    hidesRetained: false,
    retainedOnly: false,
    removesRetained: false,
    retainAsPublished: false,
    randomFilter: 10_000,
    printsRate: false,
    watches: false,
    timeoutSeconds: 0,
    format: undefined,
    isVerbose: false,
    isPretty: false,
    hasLineEnd: true,
    isDebug: false,
    isQuiet: false,
    printsJson: false,
    decoding: undefined,
    schemaFile: undefined,
    messageType: undefined,
    reconnects: true,
    color: undefined,
  };
}
