import { type ConnectProperties, type ProtocolVersion, type QoS, UsageError, type WillProperties } from '@busbar/codec';
import type { ClientConnectionOptions } from '@busbar/protocol';
import type { AuthenticationMethod } from './authenticate/authentication-method.ts';
import { expectOptions } from './call-check.ts';
import { type Clock, systemClock } from './clock.ts';
import type { PrepareAttempt } from './dialer/attempt.ts';
import { BackOff, type ReconnectOptions } from './dialer/back-off.ts';
import type { Dial, DialOptions } from './dialer/dial.ts';
import { ServerList } from './dialer/server-list.ts';
import type { Message } from './message.ts';
import type { QueueOptions } from './publish/publish-queue.ts';
import type { ClientStore } from './store/client-store.ts';
import type { ClientTracer } from './trace.ts';

/** What the server is to publish when this client goes without saying so (section 3.1.2.5). */
export interface WillOptions {
  readonly topicName: string;
  /** A text is sent as UTF-8. Default: an empty one. */
  readonly payload?: string | Uint8Array;
  /** Default 0. */
  readonly qos?: QoS;
  /** Default false. */
  readonly retain?: boolean;
  /** 5.0 only. */
  readonly properties?: WillProperties;
}

/** Where a client writes down what happens to it: a pino logger fits. */
export interface ClientLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** How a client connects and behaves; everything has a default. */
export interface ClientOptions extends DialOptions {
  /** 5 is MQTT 5.0 (default), 4 is 3.1.1, 3 is 3.1. */
  readonly protocolVersion?: ProtocolVersion;
  /** Default: the one in the `store`, if there is one; else `busbar-` and 16 random characters. */
  readonly clientIdentifier?: string;
  /**
   * Whether to begin with a new session; default true, with a `store` false. With a `sessionExpiryInterval` it holds for the
   * first connection only: the later ones of this client go on with its session.
   */
  readonly cleanStart?: boolean;
  /** Seconds that the session outlives a connection; default 0, with a `store` 604,800: a week. Below 5.0 a session without `cleanStart` never expires. */
  readonly sessionExpiryInterval?: number;
  /** Seconds, 0 to 65,535; 0 turns it off; default 60. */
  readonly keepAlive?: number;
  /** Default: as the URL says. */
  readonly userName?: string;
  /** Default: as the URL says. A text is sent as UTF-8. */
  readonly password?: string | Uint8Array;
  readonly will?: WillOptions;
  /** Messages of QoS 1 and 2 that the server may send unacknowledged, 1 to 65,535; default 1,024. 5.0 only. */
  readonly receiveMaximum?: number;
  /**
   * Messages of QoS 1 and 2 that this client sends unacknowledged at the most, 1 to 65,535. Default: as many as a 5.0 server
   * allows; 20 below 5.0, where servers cannot say how many they take and some drop what is too much for them.
   */
  readonly maximumInFlight?: number;
  /** Bytes of the largest packet accepted; default: any. A 5.0 server is told and sends no larger one. */
  readonly maximumPacketSize?: number;
  /** Topic Aliases that the server may use, 0 to 65,535; default 0. 5.0 only. */
  readonly topicAliasMaximum?: number;
  /**
   * Topic Aliases that this client gives out by itself, as far as the server allows, to the topics used last; default 32, 0
   * for none. 5.0 only.
   */
  readonly topicAliases?: number;
  /** Further properties of CONNECT. 5.0 only. */
  readonly properties?: Pick<
    ConnectProperties,
    'requestResponseInformation' | 'requestProblemInformation' | 'userProperties'
  >;
  /** Milliseconds from dialling to CONNACK; default 30,000. */
  readonly connectTimeoutMs?: number;
  /** How to wait between attempts; false: one connection only. */
  readonly reconnect?: ReconnectOptions | false;
  /** Called before each attempt, for what changes: tokens, signed URLs. */
  readonly prepare?: PrepareAttempt;
  /** Enhanced authentication (section 4.12), such as `scramSha256`. 5.0 only. */
  readonly authentication?: AuthenticationMethod;
  /**
   * Where messages of QoS 1 and 2 that wait or are in flight survive the program; default: nowhere. Needs a session that
   * lasts, so `cleanStart` and `sessionExpiryInterval` have other defaults with it.
   */
  readonly store?: ClientStore;
  /** How messages wait to be sent. */
  readonly queue?: QueueOptions;
  /**
   * Where answers to `client.request` come, a Topic Name of this client's own. Default: what the server names as Response
   * Information, if that was asked for, else `responses`; with a random level after it.
   */
  readonly responseTopic?: string;
  /** Called with every message, whatever subscription it came for; the same as a listener for `message`. */
  readonly onMessage?: (message: Message) => void;
  /** Your own transport instead of what the URL says. */
  readonly dial?: Dial;
  /** Default: nothing is written. */
  readonly log?: ClientLog;
  /** Hooks for tracing; default: none. */
  readonly tracer?: ClientTracer;
  /** Time, for tests; default the machine's. */
  readonly clock?: Clock;
  /** A number from 0 to below 1, for the jitter between attempts; default `Math.random`. */
  readonly random?: () => number;
}

/** Options of `connect`. */
export interface ConnectOptions extends ClientOptions {
  /** Gives the attempt up; a client that is connected is not touched. */
  readonly signal?: AbortSignal;
}

/** One server or several, tried in their order. */
export type ServerUrls = string | URL | readonly (string | URL)[];

/** The options with everything decided. */
export interface ClientSettings {
  readonly servers: ServerList;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly backOff: BackOff | undefined;
  readonly connection: ClientConnectionOptions;
  /** The program's own Client Identifier. */
  readonly clientIdentifier: string | undefined;
  readonly makeClientIdentifier: () => string;
  /** Whether Clean Start is for the first connection only. */
  readonly resumesSession: boolean;
}

const CONNECT_TIMEOUT_MS = 30_000;
const RECEIVE_MAXIMUM = 1_024;
const TOPIC_ALIASES = 32;
const STORED_SESSION_SECONDS = 7 * 24 * 3_600;
const SHORT_TEXT = 256;
const encoder = new TextEncoder();

/** What is looked at nowhere else before it is too late to tell the caller. */
const RULES = {
  protocolVersion: [3, 4, 5],
  sessionExpiryInterval: 0,
  maximumInFlight: 1,
  topicAliases: 0,
  connectTimeoutMs: 1,
  prepare: 'function',
  onMessage: 'function',
  dial: 'function',
  authentication: 'object',
  store: 'object',
  queue: 'object',
} as const;

/** Decides everything. @throws {UsageError} A URL or an option that cannot be. */
export function settle(urls: ServerUrls, options: ClientOptions): ClientSettings {
  expectOptions({ options }, { options: 'object' });
  expectOptions(options, RULES);
  const { protocolVersion = 5, connectTimeoutMs = CONNECT_TIMEOUT_MS, random = Math.random, store } = options;
  const {
    will,
    topicAliases = TOPIC_ALIASES,
    keepAlive,
    maximumInFlight,
    userName,
    password,
    reconnect = {},
  } = options;
  if (options.authentication !== undefined && protocolVersion !== 5) throw invalid('authentication needs MQTT 5.0');
  const cleanStart = options.cleanStart ?? store === undefined;
  const sessionExpiryInterval = options.sessionExpiryInterval ?? (store === undefined ? 0 : STORED_SESSION_SECONDS);
  if (store !== undefined && (cleanStart || (protocolVersion === 5 && sessionExpiryInterval === 0))) {
    throw invalid('a store needs a session that lasts: cleanStart false, and a sessionExpiryInterval');
  }
  return {
    servers: new ServerList(urls),
    clock: options.clock ?? systemClock,
    connectTimeoutMs,
    backOff: reconnect === false ? undefined : new BackOff(reconnect, random),
    connection: {
      protocolVersion,
      cleanStart,
      keepAlive,
      userName,
      password: bytesOf(password),
      will: will && { qos: 0, retain: false, properties: {}, ...will, payload: bytesOf(will.payload ?? '') },
      properties: propertiesOf(options, sessionExpiryInterval),
      topicAliases,
      maximumInFlight,
    },
    clientIdentifier: options.clientIdentifier,
    makeClientIdentifier: () => randomIdentifier(random),
    resumesSession: protocolVersion === 5 && sessionExpiryInterval > 0,
  };
}

/** A text as UTF-8, bytes as they are. */
export function bytesOf(content: string | Uint8Array): Uint8Array;
export function bytesOf(content: string | Uint8Array | undefined): Uint8Array | undefined;
export function bytesOf(content: string | Uint8Array | undefined): Uint8Array | undefined {
  return typeof content === 'string' ? encodeText(content) : content;
}

/** A short text without anything but ASCII, as most payloads are, is faster without the platform's encoder. */
function encodeText(text: string): Uint8Array {
  const { length } = text;
  if (length > SHORT_TEXT) return encoder.encode(text);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) return encoder.encode(text);
    bytes[at] = code;
  }
  return bytes;
}

/** Below 5.0 only `maximumPacketSize` is kept, on this side. */
function propertiesOf(options: ClientOptions, sessionExpiryInterval: number): ConnectProperties {
  const { maximumPacketSize, topicAliasMaximum, receiveMaximum = RECEIVE_MAXIMUM } = options;
  return {
    ...options.properties,
    receiveMaximum,
    ...(sessionExpiryInterval > 0 && { sessionExpiryInterval }),
    ...(maximumPacketSize !== undefined && { maximumPacketSize }),
    ...(topicAliasMaximum !== undefined && { topicAliasMaximum }),
  };
}

function randomIdentifier(random: () => number): string {
  const characters = Array.from({ length: 16 }, () => Math.floor(random() * 36).toString(36));
  return `busbar-${characters.join('')}`;
}

function invalid(message: string): UsageError {
  return new UsageError('option-invalid', message);
}
