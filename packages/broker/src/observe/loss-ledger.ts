/** Why a message did not reach a session (law 14). */
export type LossReason =
  | 'queue-full'
  | 'expired'
  | 'too-large'
  | 'offline-qos0'
  | 'session-ended'
  | 'refused'
  | 'no-member';

/**
 * Counts every message that is not delivered, by reason: nothing is lost in silence.
 *
 * For every message accepted: matches = delivered + waiting + ledger.
 */
export class LossLedger {
  readonly #counts = new Map<LossReason, number>();

  count(reason: LossReason, messages = 1): void {
    if (messages > 0) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + messages);
  }

  get total(): number {
    let total = 0;
    for (const count of this.#counts.values()) total += count;
    return total;
  }

  /** The counts as plain data. */
  toPlain(): Partial<Record<LossReason, number>> {
    return Object.fromEntries(this.#counts);
  }
}
