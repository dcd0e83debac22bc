import type { Identity } from './identity.ts';
import { ACTION_BIT, type Action, type Verdict } from './rule.ts';
import { type BoundRules, decide, type RuleSet } from './rule-set.ts';

/** The rules as they are now. */
export interface RulesInForce {
  /** Rises with every change of the rules. */
  readonly epoch: number;
  /** Undefined while there are none: everybody may do everything. */
  readonly rules: RuleSet | undefined;
  /** Who denies what the rules allow. */
  readonly denies: Denies | undefined;
}

/** Asks somebody else than the rules. @returns The name of who denies it; undefined when nobody does. */
export type Denies = (question: {
  readonly action: Action;
  readonly topic: string;
  readonly identity: Identity;
}) => string | undefined;

const ALLOWED: Verdict = { isAllowed: true, rule: undefined };

/** Verdicts that a client's rights remember at the most: twice this, one generation of use behind the other. */
const GENERATION_SIZE = 512;
/** Characters of the topics of one generation: long ones let fewer of them be remembered. */
const GENERATION_LENGTH = 128 * 1024;

/**
 * What one client may do, as far as it was asked: the rules that are about it, bound to its names, and the verdicts on the
 * topics that it uses, so that a topic is judged once and not with every message. All of it is forgotten when the rules change.
 */
export class Rights {
  readonly identity: Identity;
  readonly #inForce: RulesInForce;
  readonly #publish = new VerdictCache();
  readonly #receive = new VerdictCache();
  #rules: BoundRules = [];
  #epoch = -1;

  constructor(inForce: RulesInForce, identity: Identity) {
    this.#inForce = inForce;
    this.identity = identity;
  }

  publish(topicName: string): Verdict {
    this.#refresh();
    return this.#publish.get(topicName) ?? this.#publish.set(topicName, this.#decide('publish', topicName));
  }

  receive(topicName: string): Verdict {
    this.#refresh();
    return this.#receive.get(topicName) ?? this.#receive.set(topicName, this.#decide('receive', topicName));
  }

  subscribe(topicFilter: string): Verdict {
    this.#refresh();
    return this.#decide('subscribe', topicFilter);
  }

  #decide(action: Action, topic: string): Verdict {
    const { rules, denies } = this.#inForce;
    const verdict = rules === undefined ? ALLOWED : decide(this.#rules, action, topic);
    if (denies === undefined || !verdict.isAllowed) return verdict;
    const name = denies({ action, topic, identity: this.identity });
    return name === undefined ? verdict : deniedBy(name, action);
  }

  #refresh(): void {
    const { epoch, rules } = this.#inForce;
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#rules = rules?.bind(this.identity) ?? [];
    this.#publish.clear();
    this.#receive.clear();
  }
}

function deniedBy(name: string, action: Action): Verdict {
  const source = { file: `hook '${name}'`, line: 0, text: 'authorize' };
  const rule = { effect: 'deny', actions: ACTION_BIT[action], who: {}, pattern: undefined, source } as const;
  return { isAllowed: false, rule };
}

/** Verdicts by topic; what was not asked for in two generations is forgotten. */
class VerdictCache {
  #young = new Map<string, Verdict>();
  #old = new Map<string, Verdict>();
  #length = 0;

  get(topic: string): Verdict | undefined {
    const young = this.#young.get(topic);
    if (young !== undefined) return young;
    const old = this.#old.get(topic);
    return old === undefined ? undefined : this.set(topic, old);
  }

  set(topic: string, verdict: Verdict): Verdict {
    if (this.#young.size >= GENERATION_SIZE || this.#length >= GENERATION_LENGTH) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#length = 0;
    }
    this.#young.set(topic, verdict);
    this.#length += topic.length;
    return verdict;
  }

  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
    this.#length = 0;
  }
}
