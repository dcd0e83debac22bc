import { describeReasonCode, isReasonCodeOf, PacketType, type ReasonCode } from '@busbar/codec';
import { ACTION_BIT, type Rule } from './rule.ts';
import { parseTopicPattern } from './topic-pattern.ts';
import { namesOf, type Who } from './who.ts';

/** Actions as rules write them. `read` is subscribing and receiving, `all` is everything. */
export const RULE_ACTIONS = ['publish', 'subscribe', 'receive', 'read', 'all'] as const;
export type RuleAction = (typeof RULE_ACTIONS)[number];

type OneOrMore<Value> = Value | readonly Value[];

/**
 * A rule as data. It has either `allow` or `deny`, and applies to a client for whom everything holds that is given of `users`,
 * `clients`, `groups`, `claims` and `anonymous`.
 *
 * @example { allow: 'publish', topics: 'plant/%u/#', groups: 'machines' }
 * @example { deny: 'all', topics: 'plant/+/secret', reasonCode: 0x97, reason: 'not on this line' }
 */
export interface RuleOptions {
  readonly allow?: OneOrMore<RuleAction> | undefined;
  /** Denying to subscribe denies to receive as well, or `#` would bring what `secret/#` may not. */
  readonly deny?: OneOrMore<RuleAction> | undefined;
  /** Topic Filters in which `%u` is the user name, `%c` the Client Identifier. */
  readonly topics: OneOrMore<string>;
  /** User names; `abc*` is every name that begins so, `*` every client that has a name. */
  readonly users?: OneOrMore<string> | undefined;
  /** Client Identifiers, with `*` as for users. */
  readonly clients?: OneOrMore<string> | undefined;
  readonly groups?: OneOrMore<string> | undefined;
  /** Names of listeners that the client came through. */
  readonly listeners?: OneOrMore<string> | undefined;
  /** Claims of the client's token and the values of which each must have one. */
  readonly claims?: Readonly<Record<string, OneOrMore<string | number | boolean>>> | undefined;
  /** True: only clients without a user name; false: only those with one. */
  readonly anonymous?: boolean | undefined;
  /** What a 5.0 client is told when it is denied. Default: 0x87 Not authorized. */
  readonly reasonCode?: number | undefined;
  /** What a 5.0 client is told in words. */
  readonly reason?: string | undefined;
}

const OPTION_NAMES = [
  'allow',
  'deny',
  'topics',
  'users',
  'clients',
  'groups',
  'listeners',
  'claims',
  'anonymous',
  'reasonCode',
  'reason',
] as const satisfies readonly (keyof RuleOptions)[];

/** Where a rule of a list stands, for verdicts. */
export interface RulePlace {
  readonly file: string;
  readonly line: number;
}

/**
 * Makes the rules of one entry: one for each of its topics.
 *
 * @returns What is wrong with the entry as lines of text; the first word of each is the option.
 */
export function parseRuleOptions(options: RuleOptions, place: RulePlace): Rule[] | { faults: string[] } {
  const faults = [...faultsOf(options)];
  const topics = listOf(options.topics);
  const patterns = topics.map((topic) => parseTopicPattern(String(topic)));
  for (const pattern of patterns) if (typeof pattern === 'string') faults.push(`topics: ${pattern}`);
  if (faults.length > 0) return { faults };
  const effect = options.allow === undefined ? 'deny' : 'allow';
  const words = listOf(options.allow ?? options.deny);
  const actions = words.reduce((bits, word) => bits | bitsOf(word, effect), 0);
  const who = whoOf(options);
  const { reason } = options;
  const reasonCode = options.reasonCode as ReasonCode | undefined;
  return patterns.flatMap((pattern): Rule[] => {
    if (typeof pattern === 'string') return [];
    const source = { ...place, text: `${effect} ${words.join(', ')} ${pattern.text}` };
    return [{ effect, actions, who, pattern, source, reasonCode, reason }];
  });
}

function* faultsOf(options: RuleOptions): Generator<string> {
  for (const name of Object.keys(options)) {
    if (!(OPTION_NAMES as readonly string[]).includes(name)) {
      yield `${name}: there is no such option; there are ${OPTION_NAMES.join(', ')}`;
    }
  }
  const { allow, deny, topics, reasonCode, reason, anonymous, claims } = options;
  if ((allow === undefined) === (deny === undefined)) yield 'allow: expected either allow or deny';
  for (const word of listOf(allow ?? deny)) {
    if (!RULE_ACTIONS.includes(word)) {
      yield `${allow === undefined ? 'deny' : 'allow'}: expected ${RULE_ACTIONS.join(', ')}, '${String(word)}' came`;
    }
  }
  if (topics === undefined || listOf(topics).length === 0) yield 'topics: expected at least one Topic Filter';
  for (const name of ['topics', 'users', 'clients', 'groups', 'listeners'] as const) {
    if (listOf<unknown>(options[name]).some((each) => typeof each !== 'string')) yield `${name}: expected text`;
  }
  if (anonymous !== undefined && typeof anonymous !== 'boolean') yield 'anonymous: expected true or false';
  if (claims !== undefined && (typeof claims !== 'object' || claims === null || Array.isArray(claims))) {
    yield 'claims: expected names of claims and their values';
  }
  if (reason !== undefined && typeof reason !== 'string') yield 'reason: expected text';
  if (reasonCode === undefined) return;
  if (deny === undefined) yield 'reasonCode: only what denies has one';
  else if (!FAILURES.includes(reasonCode)) {
    yield `reasonCode: expected ${FAILURES.map(describeReasonCode).join(', ')}; ${String(reasonCode)} came`;
  }
}

/** What both PUBACK and SUBACK can say. */
const FAILURES: readonly number[] = Array.from({ length: 0x80 }, (_, at) => at + 0x80).filter(
  (code) =>
    isReasonCodeOf(PacketType.puback, code as ReasonCode) && isReasonCodeOf(PacketType.suback, code as ReasonCode),
);

function whoOf({ users, clients, groups, listeners, claims, anonymous }: RuleOptions): Who {
  return {
    users: users === undefined ? undefined : namesOf(listOf(users)),
    clients: clients === undefined ? undefined : namesOf(listOf(clients)),
    groups: groups === undefined ? undefined : listOf(groups),
    listeners: listeners === undefined ? undefined : listOf(listeners),
    claims: claims && Object.fromEntries(Object.entries(claims).map(([name, values]) => [name, listOf(values)])),
    anonymous,
  };
}

function bitsOf(word: RuleAction, effect: 'allow' | 'deny'): number {
  const { publish, subscribe, receive } = ACTION_BIT;
  switch (word) {
    case 'publish':
      return publish;
    case 'receive':
      return receive;
    case 'subscribe':
      return effect === 'deny' ? subscribe | receive : subscribe;
    case 'read':
      return subscribe | receive;
    default:
      return publish | subscribe | receive;
  }
}

function listOf<Value>(value: OneOrMore<Value> | undefined): readonly Value[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as Value];
}
