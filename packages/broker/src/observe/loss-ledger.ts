/** Why a message did not reach a session that it matched (law 14). */
export const LOSS_REASONS = [
  'queue-full',
  'expired',
  'too-large',
  'offline-qos0',
  'session-ended',
  'refused',
  'no-member',
  'not-authorized',
  'out-of-memory',
  'dropped-by-hook',
] as const;
export type LossReason = (typeof LOSS_REASONS)[number];

/** Why a message of a client, or its being retained, came to nothing, and the client could not be told with a Reason Code. */
export const REFUSAL_REASONS = [
  'publish-not-authorized',
  'payload-too-large',
  'retained-full',
  'rate-too-high',
  'refused-by-hook',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Losses of one session. */
export interface SessionLosses {
  readonly clientIdentifier: string;
  readonly losses: Partial<Record<LossReason, number>>;
  /** The Topic Name of the latest one. */
  readonly latestTopic: string;
}

/** Everything the ledger knows, as plain data. */
export interface LossReport {
  /** Deliveries that did not take place, by reason. */
  readonly losses: Partial<Record<LossReason, number>>;
  /** Messages that were not taken in as their publishers wanted, by reason. */
  readonly refusals: Partial<Record<RefusalReason, number>>;
  /** The latest different Topic Names of each reason, newest last. */
  readonly topics: Partial<Record<LossReason | RefusalReason, string[]>>;
  /** The sessions that lost something lately, the latest last. */
  readonly sessions: SessionLosses[];
  /** Losses of sessions that others have displaced from the list. */
  readonly elsewhere: number;
}

/** Sessions that are told apart; beyond them, those that have lost nothing for longest are counted together. */
const MOST_SESSIONS = 1000;
/** Topic Names that are remembered of each reason. */
const MOST_TOPICS = 8;

/** Told of everything that the ledger counts. */
export type LossListener = (loss: {
  readonly reason: LossReason | RefusalReason;
  /** `''` where no session was found, and for refusals. */
  readonly clientIdentifier: string;
  readonly topicName: string;
  readonly messages: number;
}) => void;

interface SessionEntry {
  readonly counts: Map<LossReason, number>;
  latestTopic: string;
}

/**
 * Counts every message that is not delivered, by reason and session, with a sample of topics: nothing is lost in silence.
 *
 * For every message accepted: matches = delivered + waiting + losses. Whatever is lost, the ledger does not grow beyond its
 * bounds.
 */
export class LossLedger {
  readonly #counts = new Map<LossReason, number>();
  readonly #refusals = new Map<RefusalReason, number>();
  readonly #topics = new Map<LossReason | RefusalReason, Set<string>>();
  readonly #sessions = new Map<string, SessionEntry>();
  readonly #listener: LossListener | undefined;
  #elsewhere = 0;

  /** @param listener Told at once. Default: nobody is. */
  constructor(listener?: LossListener) {
    this.#listener = listener;
  }

  /**
   * @param clientIdentifier Whose session it is; `''` where no session was found.
   * @param topicName The message's; where several are lost at once, any of theirs, or `''`.
   */
  count(reason: LossReason, clientIdentifier: string, topicName: string, messages = 1): void {
    if (messages === 0) return;
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + messages);
    this.#remember(reason, topicName);
    const entry = this.#entryOf(clientIdentifier);
    entry.counts.set(reason, (entry.counts.get(reason) ?? 0) + messages);
    if (topicName !== '') entry.latestTopic = topicName;
    this.#listener?.({ reason, clientIdentifier, topicName, messages });
  }

  /** A message came to nothing before anybody could have been found for it. */
  countRefusal(reason: RefusalReason, topicName: string): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
    this.#remember(reason, topicName);
    this.#listener?.({ reason, clientIdentifier: '', topicName, messages: 1 });
  }

  /** Deliveries that did not take place. */
  get total(): number {
    return sum(this.#counts);
  }

  /** The counts of deliveries that did not take place, as plain data. */
  toPlain(): Partial<Record<LossReason, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** Every reason with its count. */
  lossesByReason(): [LossReason, number][] {
    return LOSS_REASONS.map((reason) => [reason, this.#counts.get(reason) ?? 0]);
  }

  /** Every reason with its count. */
  refusalsByReason(): [RefusalReason, number][] {
    return REFUSAL_REASONS.map((reason) => [reason, this.#refusals.get(reason) ?? 0]);
  }

  report(): LossReport {
    return {
      losses: this.toPlain(),
      refusals: Object.fromEntries(this.#refusals),
      topics: Object.fromEntries([...this.#topics].map(([reason, topics]) => [reason, [...topics]])),
      sessions: [...this.#sessions].map(([clientIdentifier, { counts, latestTopic }]) => ({
        clientIdentifier,
        losses: Object.fromEntries(counts),
        latestTopic,
      })),
      elsewhere: this.#elsewhere,
    };
  }

  #remember(reason: LossReason | RefusalReason, topicName: string): void {
    if (topicName === '') return;
    let topics = this.#topics.get(reason);
    if (topics === undefined) {
      topics = new Set();
      this.#topics.set(reason, topics);
    }
    if (topics.has(topicName)) return;
    topics.add(topicName);
    if (topics.size > MOST_TOPICS) deleteFirst(topics);
  }

  /** The latest one stands last: whoever stands first gives way. */
  #entryOf(clientIdentifier: string): SessionEntry {
    let entry = this.#sessions.get(clientIdentifier);
    if (entry !== undefined) this.#sessions.delete(clientIdentifier);
    else entry = { counts: new Map(), latestTopic: '' };
    this.#sessions.set(clientIdentifier, entry);
    if (this.#sessions.size > MOST_SESSIONS) {
      const [first] = this.#sessions.values();
      if (first !== undefined) this.#elsewhere += sum(first.counts);
      deleteFirst(this.#sessions);
    }
    return entry;
  }
}

function sum(counts: ReadonlyMap<unknown, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}

function deleteFirst(keyed: { keys(): Iterable<string>; delete(key: string): boolean }): void {
  for (const key of keyed.keys()) {
    keyed.delete(key);
    return;
  }
}
