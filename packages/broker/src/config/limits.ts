import { UsageError } from '@busbar/codec';

/**
 * What is done with a message when a session's queue is full (law 8: every bound has an answer).
 *
 * - `drop-oldest`: the message that has waited longest gives way.
 * - `drop-newest`: the message does not enter.
 * - `refuse`: the publisher is answered with 0x97, and nobody gets the message; where it cannot be told, at QoS 0 and below 5.0,
 *   as `drop-newest`.
 * - `disconnect`: a client that is connected and does not take its messages is cut off with 0x97; while it is away, as
 *   `drop-oldest`.
 */
export type QueuePolicy = (typeof QUEUE_POLICIES)[number];

const QUEUE_POLICIES = ['drop-oldest', 'drop-newest', 'refuse', 'disconnect'] as const;

/**
 * What is done with a client that publishes more than `maximumMessageRate` or `maximumByteRate`.
 *
 * - `pause`: it is not read until it is within its rate again; nothing is lost.
 * - `refuse`: what is too much is answered with 0x97; at QoS 0 and below 5.0 it is lost, and counted.
 * - `disconnect`: it is cut off with 0x96.
 */
export type RatePolicy = (typeof RATE_POLICIES)[number];

const RATE_POLICIES = ['pause', 'refuse', 'disconnect'] as const;

/** Everything that peers can grow, and how far. Sizes in bytes, times in milliseconds unless the name says otherwise. */
export interface BrokerLimits {
  /** From the Network Connection to the end of CONNECT. */
  readonly connectTimeoutMs: number;
  /** From CONNECT to the answer of those who are asked about the client; later it is refused with 0x88. */
  readonly authenticationTimeoutMs: number;
  /** Network Connections at a time; one more is closed at once. */
  readonly maximumConnections: number;
  /** Network Connections of one address at a time, of IPv6 of one /64; one more is closed at once. 0: as many as come. */
  readonly maximumConnectionsPerAddress: number;
  /** Clients with the same user name at a time; one more is refused with 0x97. 0: as many as come. */
  readonly maximumConnectionsPerUser: number;
  /**
   * Network Connections at a time whose client is not let in yet; for one more, the one is closed that has been silent for longest, or
   * the new one where all have said who they are.
   */
  readonly maximumUnauthenticatedConnections: number;
  /** CONNECT packets per second, as a mean; what is more is refused with 0x9F and told when to come again. 0: as many as come. */
  readonly maximumConnectRate: number;
  /** CONNECT packets per second of one address, of IPv6 of one /64; answered as `maximumConnectRate`. 0: as many as come. */
  readonly maximumConnectRatePerAddress: number;
  /** Characters of a Client Identifier; a longer one is refused with 0x85. MQTT 3.1 would have 23. */
  readonly maximumClientIdentifierLength: number;
  /** A whole packet from a client; a larger one is answered with 0x95. */
  readonly maximumPacketSize: number;
  /**
   * The payload of a message or Will. A larger message is dropped: with 0x97 where its publisher can be told, acknowledged
   * below 5.0; a larger Will is refused with 0x95.
   */
  readonly maximumPayloadSize: number;
  /**
   * A CONNECT or AUTH packet of a client that is not let in yet; a larger one ends the connection without an answer. The default holds
   * every field of CONNECT at its longest, and some User Properties.
   */
  readonly maximumConnectSize: number;
  /** QoS 1 and 2 publications of a client that may be unacknowledged; one more is answered with 0x93. */
  readonly receiveMaximum: number;
  /** Topic Aliases that a client may use; a larger one is answered with 0x94. */
  readonly topicAliasMaximum: number;
  /** Topic Aliases that the broker uses towards a client that allows them. */
  readonly outboundTopicAliasMaximum: number;
  /** QoS 1 and 2 deliveries to a client that may be unacknowledged; further ones wait in its queue. */
  readonly maximumInFlight: number;
  /** Levels of a Topic Name or Topic Filter; more are answered with 0x90 or 0x8F. */
  readonly maximumTopicLevels: number;
  /** Bytes of a Topic Name or Topic Filter; more are answered with 0x90 or 0x8F. */
  readonly maximumTopicLength: number;
  /** Messages per second that one client may publish, as a mean over a second. 0: as many as it likes. */
  readonly maximumMessageRate: number;
  /** Bytes per second that one client may send, as a mean over a second. 0: as many as it likes. */
  readonly maximumByteRate: number;
  /** What is done with a client that publishes more than it may per second. */
  readonly ratePolicy: RatePolicy;
  /** Subscriptions of one session; one more is answered with 0x97. */
  readonly maximumSubscriptions: number;
  /** Messages that wait for one session. */
  readonly maximumQueuedMessages: number;
  /** Bytes of the messages that wait for one session. */
  readonly maximumQueuedBytes: number;
  /** Bytes of the messages that wait in all sessions together. */
  readonly maximumQueuedBytesInAll: number;
  /** What gives way when a session's queue is full, or all together are. */
  readonly queuePolicy: QueuePolicy;
  /**
   * Bytes that may wait in one connection's socket before its messages wait in its session's queue. When twice as many and a
   * packet of maximum size wait, the client asks and does not read the answers: it is not read until it does.
   */
  readonly maximumBufferedBytes: number;
  /** Retained messages of clients, those below `$SYS` aside; one more on a new topic is answered with 0x97. */
  readonly maximumRetainedMessages: number;
  /** Bytes of the retained messages of clients, those below `$SYS` aside. */
  readonly maximumRetainedBytes: number;
  /** Sessions, connected and away; one more ends the one that has been away for longest, or is refused with 0x97. */
  readonly maximumSessions: number;
  /** Seconds that a session may outlive its connection, whatever the client asks for; 4,294,967,295 for ever. */
  readonly maximumSessionExpiryInterval: number;
  /**
   * Seconds of Keep Alive at the most, and for clients that ask for none; a 5.0 client is told, another one that asks for more is refused
   * with 0x02. 0 leaves it to the client.
   */
  readonly maximumKeepAlive: number;
  /** Different Topic Names whose route is remembered. */
  readonly maximumRoutes: number;
  /**
   * Bytes of memory that the program may use (heap and buffers). Above it new clients are refused with 0x89, and what would have to
   * wait or be retained in memory is refused with 0x97 or lost; it ends at nine tenths. 0: what Node's heap may grow to.
   */
  readonly memoryLimit: number;
  /**
   * Milliseconds that the event loop may be late before clients that connect are let in slowly; at five times as many, new ones are
   * refused with 0x89. It ends at half of it. 0 turns it off.
   */
  readonly overloadLagMs: number;
  /** Clients per second that are let in while the broker is overloaded, those with a session first; a tenth while it refuses. */
  readonly overloadConnectRate: number;
  /** Seconds after which a client that is refused because of overload or a rate is told to come again, at least. */
  readonly retryAfterSeconds: number;
  /** How long a graceful stop waits for clients to take what was sent to them. */
  readonly stopTimeoutMs: number;
}

interface Bound {
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** From so many buffered bytes on a transport tells when it has drained, which is what waiting messages wait for. */
const HIGH_WATER_MARK = 65_536;
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

/** The words of the limits that are none of numbers; the first is the default. */
export const LIMIT_WORDS = { queuePolicy: QUEUE_POLICIES, ratePolicy: RATE_POLICIES } as const;

/** The default and the range of each numeric limit: what validation, help and reference are made from. */
export const LIMIT_BOUNDS: Readonly<Record<Exclude<keyof BrokerLimits, keyof typeof LIMIT_WORDS>, Bound>> = {
  connectTimeoutMs: { default: 10_000, minimum: 1, maximum: 3_600_000 },
  authenticationTimeoutMs: { default: 60_000, minimum: 1, maximum: 3_600_000 },
  maximumConnections: { default: 100_000, minimum: 1, maximum: UNBOUNDED },
  maximumConnectionsPerAddress: { default: 0, minimum: 0, maximum: UNBOUNDED },
  maximumConnectionsPerUser: { default: 0, minimum: 0, maximum: UNBOUNDED },
  maximumUnauthenticatedConnections: { default: 20_000, minimum: 1, maximum: UNBOUNDED },
  maximumConnectRate: { default: 0, minimum: 0, maximum: 1_000_000 },
  maximumConnectRatePerAddress: { default: 0, minimum: 0, maximum: 1_000_000 },
  maximumClientIdentifierLength: { default: 65_535, minimum: 23, maximum: 65_535 }, // [MQTT-3.1.3-5]
  maximumPacketSize: { default: 8 * 1024 * 1024, minimum: 32, maximum: 268_435_460 },
  maximumPayloadSize: { default: 268_435_460, minimum: 0, maximum: 268_435_460 },
  maximumConnectSize: { default: 1024 * 1024, minimum: 32, maximum: 268_435_460 },
  receiveMaximum: { default: 1024, minimum: 1, maximum: 65_535 },
  topicAliasMaximum: { default: 64, minimum: 0, maximum: 65_535 },
  outboundTopicAliasMaximum: { default: 64, minimum: 0, maximum: 65_535 },
  maximumInFlight: { default: 1024, minimum: 1, maximum: 65_535 },
  maximumTopicLevels: { default: 128, minimum: 1, maximum: 65_536 },
  maximumTopicLength: { default: 65_535, minimum: 1, maximum: 65_535 },
  maximumMessageRate: { default: 0, minimum: 0, maximum: UNBOUNDED },
  maximumByteRate: { default: 0, minimum: 0, maximum: UNBOUNDED },
  maximumSubscriptions: { default: 100_000, minimum: 1, maximum: UNBOUNDED },
  maximumQueuedMessages: { default: 10_000, minimum: 1, maximum: UNBOUNDED },
  maximumQueuedBytes: { default: 64 * 1024 * 1024, minimum: 1024, maximum: UNBOUNDED },
  maximumQueuedBytesInAll: { default: 4 * 1024 * 1024 * 1024, minimum: 1024, maximum: UNBOUNDED },
  maximumBufferedBytes: { default: 1024 * 1024, minimum: HIGH_WATER_MARK, maximum: UNBOUNDED },
  maximumRetainedMessages: { default: 1_000_000, minimum: 0, maximum: UNBOUNDED },
  maximumRetainedBytes: { default: 1024 * 1024 * 1024, minimum: 0, maximum: UNBOUNDED },
  maximumSessions: { default: 1_000_000, minimum: 1, maximum: UNBOUNDED },
  maximumSessionExpiryInterval: { default: 4_294_967_295, minimum: 0, maximum: 4_294_967_295 },
  maximumKeepAlive: { default: 0, minimum: 0, maximum: 65_535 },
  maximumRoutes: { default: 100_000, minimum: 16, maximum: UNBOUNDED },
  memoryLimit: { default: 0, minimum: 0, maximum: UNBOUNDED },
  overloadLagMs: { default: 200, minimum: 0, maximum: 600_000 },
  overloadConnectRate: { default: 1_000, minimum: 10, maximum: 1_000_000 },
  retryAfterSeconds: { default: 5, minimum: 1, maximum: 3_600 },
  stopTimeoutMs: { default: 3_000, minimum: 0, maximum: 600_000 },
};

/**
 * The limits with defaults filled in.
 *
 * @throws {UsageError} An unknown name, or a value out of its range; the message says what is allowed.
 * @example resolveLimits({ maximumQueuedMessages: 50_000 })
 */
export function resolveLimits(given: Partial<BrokerLimits> = {}): BrokerLimits {
  const resolved: Record<string, number | string> = {};
  for (const [name, bound] of Object.entries(LIMIT_BOUNDS)) resolved[name] = bound.default;
  for (const [name, [first]] of Object.entries(LIMIT_WORDS)) resolved[name] = first;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (Object.hasOwn(LIMIT_WORDS, name)) expectWord(name as keyof typeof LIMIT_WORDS, value);
    else expectBound(name, value);
    resolved[name] = value;
  }
  return resolved as unknown as BrokerLimits;
}

/** What is laid out by these when the broker starts. */
const NEEDS_START: readonly (keyof BrokerLimits)[] = ['maximumRoutes'];

/**
 * Puts other limits into those that the broker works by.
 *
 * @returns The names of those that it cannot change while it runs.
 * @throws {UsageError} As {@link resolveLimits}; nothing has changed then.
 */
export function replaceLimits(limits: BrokerLimits, given: Partial<BrokerLimits>): string[] {
  const replacement = resolveLimits(given);
  const unchanged = NEEDS_START.filter((name) => limits[name] !== replacement[name]);
  const kept = Object.fromEntries(unchanged.map((name) => [name, limits[name]]));
  Object.assign(limits, replacement, kept);
  return unchanged;
}

function expectWord(name: keyof typeof LIMIT_WORDS, value: unknown): void {
  const words: readonly unknown[] = LIMIT_WORDS[name];
  if (words.includes(value)) return;
  throw new UsageError('invalid-limit', `${name} must be one of ${words.join(', ')}, not ${String(value)}`);
}

function expectBound(name: string, value: unknown): void {
  const bounds: Readonly<Record<string, Bound>> = LIMIT_BOUNDS;
  const bound = Object.hasOwn(bounds, name) ? bounds[name] : undefined;
  if (bound === undefined) {
    const known = [...Object.keys(LIMIT_BOUNDS), ...Object.keys(LIMIT_WORDS)].join(', ');
    throw new UsageError('unknown-limit', `there is no limit '${name}'; there are ${known}`);
  }
  const { minimum, maximum } = bound;
  if (Number.isSafeInteger(value) && (value as number) >= minimum && (value as number) <= maximum) return;
  const message = `${name} must be a whole number from ${minimum} to ${maximum}, not ${String(value)}`;
  throw new UsageError('invalid-limit', message);
}
