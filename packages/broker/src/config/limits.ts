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

/** Everything that peers can grow, and how far. Sizes in bytes, times in milliseconds unless the name says otherwise. */
export interface BrokerLimits {
  /** From the Network Connection to the end of CONNECT. */
  readonly connectTimeoutMs: number;
  /** Network Connections at a time; one more is closed at once. */
  readonly maximumConnections: number;
  /** Characters of a Client Identifier; a longer one is refused with 0x85. MQTT 3.1 would have 23. */
  readonly maximumClientIdentifierLength: number;
  /** A whole packet from a client; a larger one is answered with 0x95. */
  readonly maximumPacketSize: number;
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
  /** Retained messages; one more on a new topic is answered with 0x97. */
  readonly maximumRetainedMessages: number;
  /** Bytes of all retained messages. */
  readonly maximumRetainedBytes: number;
  /** Sessions, connected and away; one more ends the one that has been away for longest, or is refused with 0x97. */
  readonly maximumSessions: number;
  /** Seconds that a session may outlive its connection, whatever the client asks for; 4,294,967,295 for ever. */
  readonly maximumSessionExpiryInterval: number;
  /** Seconds of Keep Alive at the most, and for clients that ask for none; 0 leaves it to the client. */
  readonly maximumKeepAlive: number;
  /** Different Topic Names whose route is remembered. */
  readonly maximumRoutes: number;
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

/** The default and the range of each numeric limit: what validation, help and reference are made from. */
export const LIMIT_BOUNDS: Readonly<Record<Exclude<keyof BrokerLimits, 'queuePolicy'>, Bound>> = {
  connectTimeoutMs: { default: 10_000, minimum: 1, maximum: 3_600_000 },
  maximumConnections: { default: 100_000, minimum: 1, maximum: UNBOUNDED },
  maximumClientIdentifierLength: { default: 65_535, minimum: 23, maximum: 65_535 }, // [MQTT-3.1.3-5]
  maximumPacketSize: { default: 8 * 1024 * 1024, minimum: 32, maximum: 268_435_460 },
  maximumConnectSize: { default: 1024 * 1024, minimum: 32, maximum: 268_435_460 },
  receiveMaximum: { default: 1024, minimum: 1, maximum: 65_535 },
  topicAliasMaximum: { default: 64, minimum: 0, maximum: 65_535 },
  outboundTopicAliasMaximum: { default: 64, minimum: 0, maximum: 65_535 },
  maximumInFlight: { default: 1024, minimum: 1, maximum: 65_535 },
  maximumTopicLevels: { default: 128, minimum: 1, maximum: 65_536 },
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
  stopTimeoutMs: { default: 3_000, minimum: 0, maximum: 600_000 },
};

/**
 * The limits with defaults filled in.
 *
 * @throws {UsageError} An unknown name, or a value out of its range; the message says what is allowed.
 * @example resolveLimits({ maximumQueuedMessages: 50_000 })
 */
export function resolveLimits(given: Partial<BrokerLimits> = {}): BrokerLimits {
  const resolved: Record<string, number | string> = { queuePolicy: 'drop-oldest' };
  for (const [name, bound] of Object.entries(LIMIT_BOUNDS)) resolved[name] = bound.default;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (name === 'queuePolicy') expectQueuePolicy(value);
    else expectBound(name, value);
    resolved[name] = value;
  }
  return resolved as unknown as BrokerLimits;
}

function expectQueuePolicy(value: unknown): void {
  if (QUEUE_POLICIES.includes(value as QueuePolicy)) return;
  const message = `queuePolicy must be one of ${QUEUE_POLICIES.join(', ')}, not ${String(value)}`;
  throw new UsageError('invalid-limit', message);
}

function expectBound(name: string, value: unknown): void {
  const bounds: Readonly<Record<string, Bound>> = LIMIT_BOUNDS;
  const bound = Object.hasOwn(bounds, name) ? bounds[name] : undefined;
  if (bound === undefined) {
    const known = [...Object.keys(LIMIT_BOUNDS), 'queuePolicy'].join(', ');
    throw new UsageError('unknown-limit', `there is no limit '${name}'; there are ${known}`);
  }
  const { minimum, maximum } = bound;
  if (Number.isSafeInteger(value) && (value as number) >= minimum && (value as number) <= maximum) return;
  const message = `${name} must be a whole number from ${minimum} to ${maximum}, not ${String(value)}`;
  throw new UsageError('invalid-limit', message);
}
