import { parseSharedSubscription } from '@busbar/protocol';
import type { Identity } from './identity.ts';
import { ACTION_BIT, type Action, type Rule, type Verdict } from './rule.ts';
import { type BoundPattern, bindPattern, coversFilter, matchesPattern, parseTopicPattern } from './topic-pattern.ts';
import { type Groups, isAbout } from './who.ts';

/** A rule that is about a client, with the client's names in its pattern. */
interface BoundRule {
  readonly rule: Rule;
  /** Undefined: every topic. */
  readonly levels: BoundPattern | undefined;
}

/** All that is about one client, in the order in which it is asked. */
export type BoundRules = readonly BoundRule[];

/**
 * Rules in their order: the first one that is about the client, the action and the topic decides, and where none is, the
 * answer is no.
 */
export class RuleSet {
  readonly rules: readonly Rule[];
  readonly groups: Groups;
  /** Places of rules that name their users, by user: files with a section for each of thousands of users are usual. */
  readonly #byUser = new Map<string, number[]>();
  readonly #general: number[] = [];

  constructor(rules: readonly Rule[], groups: Groups = new Map()) {
    this.rules = rules;
    this.groups = groups;
    for (const [at, { who }] of rules.entries()) {
      const { users } = who;
      if (users === undefined || users.prefixes.length > 0) this.#general.push(at);
      else for (const user of users.exact) this.#placesOf(user).push(at);
    }
  }

  /** The rules that are about a client, and after them what its token grants. */
  bind(identity: Identity): BoundRules {
    const { userName } = identity;
    const own = (userName === undefined ? undefined : this.#byUser.get(userName)) ?? [];
    const places = [...this.#general, ...own].sort((one, other) => one - other);
    const about = places.map((at) => this.rules[at] as Rule).filter(({ who }) => isAbout(who, identity, this.groups));
    return [...about, ...rulesOfToken(identity)].flatMap((rule): BoundRule[] => {
      const { pattern, effect } = rule;
      if (pattern === undefined) return [{ rule, levels: undefined }];
      const levels = bindPattern(pattern, effect, identity);
      return levels === undefined ? [] : [{ rule, levels }];
    });
  }

  #placesOf(user: string): number[] {
    let places = this.#byUser.get(user);
    if (places === undefined) {
      places = [];
      this.#byUser.set(user, places);
    }
    return places;
  }
}

/**
 * Whether a client may do something.
 *
 * @param topic A Topic Name, or for `subscribe` a Topic Filter. Of a Shared Subscription the filter behind its name counts.
 */
export function decide(rules: BoundRules, action: Action, topic: string): Verdict {
  const isFilter = action === 'subscribe';
  const shared = isFilter ? parseSharedSubscription(topic) : undefined;
  const levels = (shared?.topicFilter ?? topic).split('/');
  const applies = isFilter ? coversFilter : matchesPattern;
  const bit = ACTION_BIT[action];
  for (const { rule, levels: pattern } of rules) {
    if ((rule.actions & bit) === 0 || (pattern !== undefined && !applies(pattern, levels))) continue;
    return { isAllowed: rule.effect === 'allow', rule };
  }
  return { isAllowed: false, rule: undefined };
}

const READING = ACTION_BIT.subscribe | ACTION_BIT.receive;

/** A filter of a token that is none grants nothing. */
function rulesOfToken({ permissions }: Identity): Rule[] {
  if (permissions === undefined) return [];
  return [
    ...rulesOf(permissions.publish, ACTION_BIT.publish, 'publish'),
    ...rulesOf(permissions.subscribe, READING, 'subscribe'),
  ];
}

function rulesOf(filters: readonly string[] = [], actions: number, word: string): Rule[] {
  return filters.flatMap((filter): Rule[] => {
    const pattern = parseTopicPattern(filter);
    if (typeof pattern === 'string') return [];
    const source = { file: "the client's token", line: 0, text: `${word} ${filter}` };
    return [{ effect: 'allow', actions, who: {}, pattern, source }];
  });
}
