import { ACTION_BIT, type Rule, type RuleSource } from './rule.ts';
import { parseTopicPattern } from './topic-pattern.ts';
import type { Who } from './who.ts';

/** What is wrong with a line of a file. */
export interface FileFault {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** How a file is to be read. */
export interface AclFileOptions {
  /**
   * Whether `read` also says what may be subscribed to. Default: false, as Mosquitto has it: everybody may subscribe to
   * everything, and gets what he may read.
   */
  readonly checkSubscribe?: boolean | undefined;
  /** The only listener whose clients the file is about. Default: all. */
  readonly listener?: string | undefined;
}

const ACCESS: ReadonlyMap<string, { effect: 'allow' | 'deny'; actions: number }> = new Map([
  ['read', { effect: 'allow', actions: ACTION_BIT.receive }],
  ['write', { effect: 'allow', actions: ACTION_BIT.publish }],
  ['readwrite', { effect: 'allow', actions: ACTION_BIT.receive | ACTION_BIT.publish }],
  ['deny', { effect: 'deny', actions: ACTION_BIT.receive | ACTION_BIT.publish }],
]);

const READWRITE = 'readwrite';

/** Lines in Mosquitto's order of asking: what denies before what allows, the latest denial first. */
class Section {
  readonly #denying: Rule[] = [];
  readonly #allowing: Rule[] = [];

  add(rule: Rule): void {
    if (rule.effect === 'deny') this.#denying.unshift(rule);
    else this.#allowing.push(rule);
  }

  get rules(): Rule[] {
    return [...this.#denying, ...this.#allowing];
  }
}

/**
 * Reads Mosquitto's `acl_file`:
 *
 *     topic read plant/#                  # lines before the first user: clients without a user name
 *     user filler
 *     topic readwrite plant/filler/#      # read, write, readwrite (which is the default) or deny
 *     topic deny plant/filler/secret
 *     pattern write plant/%u/state        # everybody; %u is the user name, %c the Client Identifier
 *
 * A denial goes before everything else of its user, or of the patterns, wherever it stands. A user's own lines go before the
 * patterns. With patterns in the file, a client whose name holds `+` or `#` may do only what its user's own lines allow.
 *
 * @param file What errors and verdicts call it.
 * @returns The rules, and what is wrong with each line that is none.
 */
export function parseAclFile(
  text: string,
  file: string,
  { checkSubscribe = false, listener }: AclFileOptions = {},
): { readonly rules: readonly Rule[]; readonly faults: readonly FileFault[] } {
  const anonymous = new Section();
  const users = new Map<string, Section>();
  const patterns = new Section();
  const faults: FileFault[] = [];
  let section = anonymous;
  let who: Who = { anonymous: true };
  let firstPattern: RuleSource | undefined;
  for (const [at, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const words = raw.trimEnd();
    const line = at + 1;
    if (words === '' || words.startsWith('#')) continue;
    const [, keyword = '', rest = ''] = /^ *([^ ]+) *(.*)$/s.exec(words) ?? [];
    const source = { file, line, text: words.trim() };
    if (keyword === 'user') {
      if (rest === '') faults.push({ file, line, message: 'expected a user name after user, none came' });
      const known = users.get(rest);
      section = known ?? new Section();
      if (known === undefined) users.set(rest, section);
      who = { users: { exact: new Set([rest]), prefixes: [] } };
    } else if (keyword === 'topic' || keyword === 'pattern') {
      const isPattern = keyword === 'pattern';
      if (isPattern) firstPattern ??= source;
      const rule = parseRule(rest, source, isPattern ? {} : who, isPattern, checkSubscribe);
      if (typeof rule === 'string') faults.push({ file, line, message: rule });
      else if (isPattern) patterns.add(rule);
      else section.add(rule);
    } else {
      faults.push({ file, line, message: `expected topic, user, pattern or a comment (#), '${keyword}' came` });
    }
  }
  const own = [anonymous, ...users.values()].flatMap((each) => each.rules);
  const guard = firstPattern === undefined ? [] : [denialOfWildcards(firstPattern)];
  const rules = [...own, ...guard, ...patterns.rules];
  const all = checkSubscribe ? rules : [...rules, subscribing(file)];
  if (listener === undefined) return { rules: all, faults };
  return { rules: all.map((rule) => ({ ...rule, who: { ...rule.who, listeners: [listener] } })), faults };
}

function parseRule(
  words: string,
  source: RuleSource,
  who: Who,
  isPattern: boolean,
  checkSubscribe: boolean,
): Rule | string {
  const [, first = '', rest = ''] = /^([^ ]*) *(.*)$/s.exec(words) ?? [];
  if (first === '') return 'expected an access type and a topic, none came';
  const [accessWord, topic] = rest === '' ? [READWRITE, first] : [first, rest];
  const access = ACCESS.get(accessWord);
  if (access === undefined) return `expected read, write, readwrite or deny before the topic, '${accessWord}' came`;
  const pattern = parseTopicPattern(topic, isPattern ? 'names' : 'none');
  if (typeof pattern === 'string') return pattern;
  const reads = (access.actions & ACTION_BIT.receive) !== 0;
  const actions = reads && checkSubscribe ? access.actions | ACTION_BIT.subscribe : access.actions;
  return { effect: access.effect, actions, who, pattern, source };
}

function denialOfWildcards({ file, line }: RuleSource): Rule {
  const text = 'with patterns, no name may hold + or #';
  const actions = ACTION_BIT.publish | ACTION_BIT.receive;
  const source = { file, line, text };
  return { effect: 'deny', actions, who: { wildcardsInName: true }, pattern: undefined, source };
}

function subscribing(file: string): Rule {
  const source = { file, line: 0, text: 'an acl_file lets everybody subscribe, and deliver what he may read' };
  return { effect: 'allow', actions: ACTION_BIT.subscribe, who: {}, pattern: undefined, source };
}
