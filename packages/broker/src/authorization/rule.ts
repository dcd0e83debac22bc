import type { ReasonCode } from '@busbar/codec';
import type { TopicPattern } from './topic-pattern.ts';
import type { Who } from './who.ts';

/** What a client wants to do: publish to a topic, subscribe to a filter, receive a message that a subscription matched. */
export type Action = 'publish' | 'subscribe' | 'receive';

/** The bit of each action in {@link Rule.actions}. */
export const ACTION_BIT: Readonly<Record<Action, number>> = { publish: 1, subscribe: 2, receive: 4 };

/** Where a rule stands. */
export interface RuleSource {
  /** As it was given; `rules` for rules that a program passes as data. */
  readonly file: string;
  /** From 1; 0 when nothing in the file says it. */
  readonly line: number;
  /** The rule in its own words. */
  readonly text: string;
}

/** One line of what clients may do. Of those that apply to a client, an action and a topic, the first one decides. */
export interface Rule {
  readonly effect: 'allow' | 'deny';
  /** Bits of {@link ACTION_BIT}. */
  readonly actions: number;
  readonly who: Who;
  /** Undefined: every topic, those that begin with `$` too. */
  readonly pattern: TopicPattern | undefined;
  readonly source: RuleSource;
  /** What a refusal is answered with. Default: 0x87 Not authorized. */
  readonly reasonCode?: ReasonCode | undefined;
  /** What a refusal says to the client. Default: nothing, unless refusals are to name their rule. */
  readonly reason?: string | undefined;
}

/** What becomes of an action, and which rule says so. */
export interface Verdict {
  readonly isAllowed: boolean;
  /** Undefined when no rule applies: then it is not allowed, once there are rules. */
  readonly rule: Rule | undefined;
}

/** `acl.conf:12 (topic deny a/b)`: the rule that decided, for logs and explanations. */
export function describeVerdict({ isAllowed, rule }: Verdict): string {
  if (rule === undefined) return isAllowed ? 'there are no rules' : 'no rule allows it';
  const { file, line, text } = rule.source;
  return `${line > 0 ? `${file}:${line}` : file} (${text})`;
}
