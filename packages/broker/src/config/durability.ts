import { UsageError } from '@busbar/codec';
import { matchesTopicFilter, topicFilterFault } from '@busbar/protocol';

/** What an acknowledgement of the broker is worth: `memory` in this process, `disk` after a crash too. */
export type Durability = 'memory' | 'disk';

/** A durability of its own for some topics. */
export interface DurabilityRule {
  readonly topicFilter: string;
  readonly durability: Durability;
}

const DURABILITIES: readonly unknown[] = ['memory', 'disk'] satisfies Durability[];

/**
 * Which durability the acknowledgement of a message has: that of the first rule that matches its topic, otherwise that of the
 * listener that its publisher came through. What a store of durability `disk` is told of a message, it keeps in any case;
 * with `memory` nobody waits for it.
 */
export class DurabilityRules {
  readonly #rules: readonly DurabilityRule[];

  /** @throws {UsageError} `invalid-durability`: a rule that is none; the message names it. */
  constructor(rules: readonly DurabilityRule[] = []) {
    for (const [index, { topicFilter, durability }] of rules.entries()) {
      expectDurability(`durability[${index}].durability`, durability);
      const fault = topicFilterFault(topicFilter);
      if (fault === undefined) continue;
      throw new UsageError('invalid-durability', `durability[${index}].topicFilter: ${fault}`);
    }
    this.#rules = rules;
  }

  /** Undefined where no rule says it. */
  of(topicName: string): Durability | undefined {
    return this.#rules.find(({ topicFilter }) => matchesTopicFilter(topicFilter, topicName))?.durability;
  }
}

/** @throws {UsageError} `invalid-durability`: it is something else. */
export function expectDurability(name: string, value: unknown): void {
  if (value === undefined || DURABILITIES.includes(value)) return;
  throw new UsageError('invalid-durability', `${name} must be memory or disk, not '${String(value)}'`);
}
