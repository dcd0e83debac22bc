import { UsageError } from '@busbar/codec';

/** What of MQTT the broker offers. A 5.0 client is told with CONNACK what is missing (section 3.2.2.3), everybody by refusal. */
export interface Capabilities {
  /** Highest QoS that clients may publish with; they may still subscribe with any and are granted at most this. Default: 2. */
  readonly maximumQoS: 0 | 1 | 2;
  /** Whether messages can be retained; if not, a message or will with RETAIN is answered with 0x9A. Default: true. */
  readonly retainAvailable: boolean;
  /** Whether Topic Filters may hold `+` and `#`; if not, such a subscription is answered with 0xA2. Default: true. */
  readonly wildcardSubscriptionAvailable: boolean;
  /** Whether there are Shared Subscriptions; if not, one is answered with 0x9E. Default: true. */
  readonly sharedSubscriptionAvailable: boolean;
  /** Who of a Shared Subscription gets the next message; see `SharedStrategy` of the protocol. Default: `roundRobin`. */
  readonly sharedSubscriptionStrategy: SharedStrategyName;
  /** Whether subscriptions may have identifiers; if not, one that has is answered with 0xA1. Default: true. */
  readonly subscriptionIdentifiersAvailable: boolean;
  /** Whether payloads that are said to be UTF-8 text are checked to be (section 3.3.2.3.2). Default: false. */
  readonly checkPayloadFormat: boolean;
  /** Whether messages of QoS 0 wait for a client that is away, as those of QoS 1 and 2 do. Default: false. */
  readonly queueQoS0: boolean;
  /** Whether clients are told with CONNACK, as User Property `durability`, what an acknowledgement is worth. Default: true. */
  readonly announceDurability: boolean;
  /**
   * Whether answers are as bare as Mosquitto's: no Reason Strings, no User Properties, and in the QoS 2 handshake no Reason Codes of
   * success that say more. Default: false.
   */
  readonly plainAnswers: boolean;
  /** Told to clients that ask for Response Information (section 3.2.2.3.14); default: nothing is told. */
  readonly responseInformation: string | undefined;
  /** Sends clients that connect to another server (section 4.13.3); default: clients may stay. */
  readonly redirection: Redirection | undefined;
}

const SHARED_STRATEGIES = ['roundRobin', 'random', 'sticky', 'leastInFlight', 'hash'] as const;
export type SharedStrategyName = (typeof SHARED_STRATEGIES)[number];

/** Where clients are sent, and whether for good. */
export interface Redirection {
  /** UTF-8 names or addresses, separated by spaces, such as `broker2.plant:1883`. */
  readonly serverReference: string;
  /** True: 0x9D Server moved; false: 0x9C Use another server, for now. Default: false. */
  readonly isPermanent?: boolean;
}

const DEFAULTS: Capabilities = {
  maximumQoS: 2,
  retainAvailable: true,
  wildcardSubscriptionAvailable: true,
  sharedSubscriptionAvailable: true,
  sharedSubscriptionStrategy: 'roundRobin',
  subscriptionIdentifiersAvailable: true,
  checkPayloadFormat: false,
  queueQoS0: false,
  announceDurability: true,
  plainAnswers: false,
  responseInformation: undefined,
  redirection: undefined,
};

/**
 * The capabilities with defaults filled in.
 *
 * @throws {UsageError} An unknown name, a Maximum QoS other than 0, 1 and 2, or an unknown strategy.
 */
export function resolveCapabilities(given: Partial<Capabilities> = {}): Capabilities {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(DEFAULTS, name)) continue;
    const known = Object.keys(DEFAULTS).join(', ');
    throw new UsageError('unknown-capability', `there is no capability '${name}'; there are ${known}`);
  }
  const resolved = { ...DEFAULTS, ...given };
  if (resolved.maximumQoS !== 0 && resolved.maximumQoS !== 1 && resolved.maximumQoS !== 2) {
    throw new UsageError('invalid-capability', `maximumQoS must be 0, 1 or 2, not ${String(resolved.maximumQoS)}`);
  }
  if (!SHARED_STRATEGIES.includes(resolved.sharedSubscriptionStrategy)) {
    const given = String(resolved.sharedSubscriptionStrategy);
    const message = `sharedSubscriptionStrategy must be one of ${SHARED_STRATEGIES.join(', ')}, not ${given}`;
    throw new UsageError('invalid-capability', message);
  }
  return resolved;
}
