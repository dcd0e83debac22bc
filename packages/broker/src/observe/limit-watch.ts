import type { BrokerLog } from './log.ts';
import type { Later } from './quiet-line.ts';
import { QuietWarning } from './quiet-warning.ts';
import { Tally } from './tally.ts';

/** The limits whose reaching is counted: by the names of the settings, `listener...` those of a listener. */
export const REACHED_LIMITS = [
  'connectTimeoutMs',
  'authenticationTimeoutMs',
  'maximumConnections',
  'maximumConnectionsPerAddress',
  'maximumConnectionsPerUser',
  'maximumUnauthenticatedConnections',
  'maximumConnectRate',
  'maximumConnectRatePerAddress',
  'listenerMaximumConnections',
  'listenerConnectionRate',
  'maximumClientIdentifierLength',
  'maximumConnectSize',
  'maximumPacketSize',
  'maximumPayloadSize',
  'receiveMaximum',
  'topicAliasMaximum',
  'maximumTopicLevels',
  'maximumTopicLength',
  'maximumMessageRate',
  'maximumByteRate',
  'maximumSubscriptions',
  'maximumQueuedMessages',
  'maximumQueuedBytes',
  'maximumQueuedBytesInAll',
  'maximumBufferedBytes',
  'maximumRetainedMessages',
  'maximumRetainedBytes',
  'maximumSessions',
  'maximumKeepAlive',
  'memoryLimit',
  'overload',
] as const;
export type ReachedLimit = (typeof REACHED_LIMITS)[number];

/** Counts, by limit, how often peers have come up against one, and says so in the log, each once a second at the most. */
export class LimitWatch {
  readonly tally = new Tally(REACHED_LIMITS);
  readonly #log: BrokerLog;
  readonly #now: () => number;
  readonly #later: Later;
  readonly #warnings = new Map<ReachedLimit, QuietWarning>();

  constructor(log: BrokerLog, now: () => number, later: Later) {
    this.#log = log;
    this.#later = later;
    this.#now = now;
  }

  /** @param fields Who has reached it, and what is allowed. */
  handleReached(limit: ReachedLimit, fields: object): void {
    this.tally.count(limit);
    let warning = this.#warnings.get(limit);
    if (warning === undefined) {
      warning = new QuietWarning(this.#log, 'a limit has been reached', this.#later);
      this.#warnings.set(limit, warning);
    }
    warning.warn({ limit, ...fields }, this.#now());
  }

  /** Only counts: the log has another line of it. */
  count(limit: ReachedLimit): void {
    this.tally.count(limit);
  }

  /** Those that were reached, with how often. */
  toPlain(): Partial<Record<ReachedLimit, number>> {
    return Object.fromEntries([...this.tally].filter(([, count]) => count > 0));
  }
}
