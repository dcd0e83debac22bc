import { readFileSync } from 'node:fs';
import { ReasonCode, UsageError } from '@busbar/codec';
import { parseAclFile } from './acl-file.ts';
import type { Identity } from './identity.ts';
import { type Denies, Rights } from './rights.ts';
import { ACTION_BIT, describeVerdict, type Rule, type Verdict } from './rule.ts';
import { parseRuleOptions, type RuleOptions, type RulePlace } from './rule-list.ts';
import { RuleSet } from './rule-set.ts';

/** What a client below 5.0, which cannot be told no, gets for a message that it may not publish (section 3.3.5 of 3.1.1). */
export type DeniedPublish = 'acknowledge' | 'disconnect';

/** Who may do what. Rules are asked in their order; the first that applies decides; where none does, the answer is no. */
export interface AuthorizationOptions {
  /** Rules as data, before those of the file. */
  readonly rules?: readonly RuleOptions[] | undefined;
  /** Where each of the rules stands, for verdicts. Default: its number. */
  readonly places?: readonly RulePlace[] | undefined;
  /** Members of groups, by group: user names. */
  readonly groups?: Readonly<Record<string, readonly string[]>> | undefined;
  /** A file in the format of Mosquitto's acl_file, or its text. Read when the broker starts. */
  readonly aclFile?: string | { readonly file: string; readonly text: string } | undefined;
  /**
   * Files for the clients of single listeners, by the listener's name, before the rules for all; `none` lets the clients of
   * a listener do everything.
   */
  readonly listenerAclFiles?: Readonly<
    Record<string, string | { readonly file: string; readonly text: string } | 'none'>
  >;
  /** Whether `read` in the acl_file also says what may be subscribed to; Mosquitto lets everybody subscribe. Default: false. */
  readonly aclFileChecksSubscribe?: boolean | undefined;
  /**
   * What becomes of a client that publishes what it may not: `acknowledge` drops the message, and tells clients of 5.0 with the
   * acknowledgement; `disconnect` ends the connection. Default: `acknowledge`.
   */
  readonly deniedPublish?: DeniedPublish | undefined;
  /** Whether a 5.0 client is told which rule denies. Default: false, it is told only what the rule itself says. */
  readonly saysWhy?: boolean | undefined;
  /** Whether a retained message is delivered only as long as its publisher may publish it. Default: true. */
  readonly checkRetainSource?: boolean | undefined;
}

const ALLOWED: Verdict = { isAllowed: true, rule: undefined };

/** What is said to a client that may not. */
export interface Denial {
  readonly reasonCode: ReasonCode;
  /** For the client; undefined when it is told nothing but the code. */
  readonly reason: string | undefined;
  /** For the log. */
  readonly verdict: Verdict;
}

/**
 * The rules of one broker and how it says no. Rules may be replaced while it runs; whoever remembers verdicts compares
 * {@link epoch}.
 */
export class Authorization {
  /** Rises with every change of the rules. */
  epoch = 0;
  #rules: RuleSet | undefined = undefined;
  /** Whose each retained message is. One that came while nobody asked has no entry, and is not judged by it. */
  readonly #sources = new WeakMap<object, Identity>();
  readonly #rightsOfSources = new WeakMap<Identity, Rights>();
  #deniedPublish: DeniedPublish = 'acknowledge';
  #saysWhy = false;
  #checksRetainSource = true;
  readonly denies: Denies | undefined;
  /** Whether there are rules, or somebody else to ask. As long as there is nobody, everybody may do everything. */
  isActive = false;

  /**
   * @param denies Asked about what the rules allow. Default: nobody is.
   * @throws {UsageError} `invalid-rule`: all that is wrong, a line each.
   */
  constructor(options: AuthorizationOptions | undefined, denies?: Denies) {
    this.denies = denies;
    this.replace(options);
  }

  get rules(): RuleSet | undefined {
    return this.#rules;
  }

  get endsConnection(): boolean {
    return this.#deniedPublish === 'disconnect';
  }

  /** Takes other rules; undefined ends all rules. @throws {UsageError} `invalid-rule`; then the former ones stay. */
  replace(options: AuthorizationOptions | undefined): void {
    this.#rules = options === undefined ? undefined : readRules(options);
    this.#deniedPublish = options?.deniedPublish ?? 'acknowledge';
    this.#saysWhy = options?.saysWhy ?? false;
    this.#checksRetainSource = options?.checkRetainSource ?? true;
    this.isActive = this.#rules !== undefined || this.denies !== undefined;
    this.recheck();
  }

  /** Everything that was judged is judged anew when it is asked for. */
  recheck(): void {
    this.epoch++;
  }

  /** What a client may do; undefined while everybody may do everything. */
  rightsOf(identity: Identity): Rights | undefined {
    return this.isActive ? new Rights(this, identity) : undefined;
  }

  /** Remembers whose message is retained. */
  rememberSource(message: object, identity: Identity): void {
    if (this.isActive && this.#checksRetainSource) this.#sources.set(message, identity);
  }

  /** Whose message is retained; undefined where that makes no difference. */
  sourceOf(message: object): Identity | undefined {
    return this.isActive && this.#checksRetainSource ? this.#sources.get(message) : undefined;
  }

  /** Whether the publisher of a retained message may still publish it. */
  isSourceAllowed(message: object, topicName: string): boolean {
    const identity = this.sourceOf(message);
    if (identity === undefined) return true;
    let rights = this.#rightsOfSources.get(identity);
    if (rights === undefined) {
      rights = new Rights(this, identity);
      this.#rightsOfSources.set(identity, rights);
    }
    return rights.publish(topicName).isAllowed;
  }

  /** Whether somebody may publish, for those that are not connected any more. */
  publishVerdict(identity: Identity, topicName: string): Verdict {
    return this.rightsOf(identity)?.publish(topicName) ?? ALLOWED;
  }

  /** What a client is told about a verdict against it. */
  denialOf(verdict: Verdict): Denial {
    const { rule } = verdict;
    const named = this.#saysWhy ? describeVerdict(verdict) : undefined;
    return { reasonCode: rule?.reasonCode ?? ReasonCode.notAuthorized, reason: rule?.reason ?? named, verdict };
  }
}

const DENIED_PUBLISH: readonly DeniedPublish[] = ['acknowledge', 'disconnect'];

function readRules(options: AuthorizationOptions): RuleSet {
  const { rules: list = [], places = [], groups = {}, aclFile, aclFileChecksSubscribe, deniedPublish } = options;
  const faults: string[] = [];
  if (deniedPublish !== undefined && !DENIED_PUBLISH.includes(deniedPublish)) {
    faults.push(`deniedPublish must be ${DENIED_PUBLISH.join(' or ')}, not ${String(deniedPublish)}`);
  }
  const rules: Rule[] = [];
  for (const [at, entry] of list.entries()) {
    const place = places[at] ?? { file: `rules[${at}]`, line: 0 };
    const parsed = parseRuleOptions(entry, place);
    if (Array.isArray(parsed)) rules.push(...parsed);
    else
      faults.push(
        ...parsed.faults.map((fault) => `${place.line > 0 ? `${place.file}:${place.line}` : place.file}: ${fault}`),
      );
  }
  const read = (given: string | { readonly file: string; readonly text: string }, listener?: string): void => {
    const { file, text } = typeof given === 'string' ? { file: given, text: readText(given) } : given;
    const parsed = parseAclFile(text, file, { checkSubscribe: aclFileChecksSubscribe, listener });
    rules.push(...parsed.rules);
    // Whoever has a file of his own is not asked about in that of all.
    if (listener !== undefined) rules.push(endOf(listener, file));
    faults.push(...parsed.faults.map(({ file: name, line, message }) => `${name}:${line}: ${message}`));
  };
  for (const [listener, file] of Object.entries(options.listenerAclFiles ?? {})) {
    if (file === 'none') rules.push(everythingFor(listener));
    else read(file, listener);
  }
  if (aclFile !== undefined) read(aclFile);
  if (faults.length > 0) throw new UsageError('invalid-rule', faults.join('\n'));
  return new RuleSet(rules, new Map(Object.entries(groups)));
}

const EVERY_ACTION = ACTION_BIT.publish | ACTION_BIT.subscribe | ACTION_BIT.receive;

function everythingFor(listener: string): Rule {
  const source = { file: listener, line: 0, text: 'this listener has no acl_file' };
  return { effect: 'allow', actions: EVERY_ACTION, who: { listeners: [listener] }, pattern: undefined, source };
}

function endOf(listener: string, file: string): Rule {
  const source = { file, line: 0, text: 'no line of the acl_file of this listener allows it' };
  return { effect: 'deny', actions: EVERY_ACTION, who: { listeners: [listener] }, pattern: undefined, source };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      'invalid-rule',
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
