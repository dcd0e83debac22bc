import { topicFilterFault } from '@busbar/protocol';
import type { Identity } from './identity.ts';

/** A Topic Filter in which `%u` stands for the client's user name and `%c` for its Client Identifier. */
export interface TopicPattern {
  readonly text: string;
  readonly needsUserName: boolean;
  readonly needsClientIdentifier: boolean;
}

/** Whether placeholders are looked for, or `%` is an ordinary character. */
export type Placeholders = 'names' | 'none';

/**
 * Reads a pattern.
 *
 * @returns What is wrong with it as a text.
 */
export function parseTopicPattern(text: string, placeholders: Placeholders = 'names'): TopicPattern | string {
  const fault = topicFilterFault(text);
  if (fault !== undefined) return fault;
  const mayHold = placeholders === 'names';
  return {
    text,
    needsUserName: mayHold && text.includes('%u'),
    needsClientIdentifier: mayHold && text.includes('%c'),
  };
}

/** A pattern for one client: the levels of a Topic Filter. */
export type BoundPattern = readonly string[];

/** What would be more than one level, or stand for more than itself, in a Topic Filter. */
const UNSAFE = /[+#/]/;

/**
 * A pattern with the names of one client in their places. A name never makes a pattern match more than its author wrote:
 * where a name holds `+`, `#` or `/`, what allows does not apply to that client, and what denies applies to every name.
 *
 * @returns Undefined when the pattern cannot apply to this client.
 */
export function bindPattern(
  { text, needsUserName, needsClientIdentifier }: TopicPattern,
  effect: 'allow' | 'deny',
  { userName, clientIdentifier }: Identity,
): BoundPattern | undefined {
  const levels = text.split('/');
  if (!needsUserName && !needsClientIdentifier) return levels;
  if (needsUserName && userName === undefined) return undefined;
  const names: Record<string, string> = {};
  if (needsUserName) names['%u'] = userName ?? '';
  if (needsClientIdentifier) names['%c'] = clientIdentifier;
  const isUnsafe = Object.values(names).some((name) => UNSAFE.test(name) || name === '');
  if (isUnsafe && effect === 'allow') return undefined;
  // Names are put in at once: what stands in a name is never a placeholder again.
  return levels.flatMap((level) => {
    const holds = /%[uc]/.test(level);
    if (!holds) return [level];
    const filled = level.replace(/%[uc]/g, (placeholder) => names[placeholder] ?? placeholder);
    if (!isUnsafe) return [filled];
    return /[+#]/.test(filled) ? ['+'] : filled.split('/');
  });
}

/** Whether a Topic Name is in the pattern, by the rules of section 4.7: wildcards at the beginning do not match `$`. */
export function matchesPattern(pattern: BoundPattern, topicLevels: readonly string[]): boolean {
  if (isForeign(pattern, topicLevels)) return false;
  for (const [depth, level] of pattern.entries()) {
    if (level === '#') return true;
    if (depth === topicLevels.length) return false;
    if (level !== '+' && level !== topicLevels[depth]) return false;
  }
  return pattern.length === topicLevels.length;
}

/** Whether every Topic Name that a Topic Filter can match is in the pattern. */
export function coversFilter(pattern: BoundPattern, filterLevels: readonly string[]): boolean {
  if (isForeign(pattern, filterLevels)) return false;
  for (const [depth, level] of pattern.entries()) {
    if (level === '#') return true;
    const wanted = filterLevels[depth];
    if (wanted === undefined || wanted === '#') return false;
    if (level !== '+' && level !== wanted) return false;
  }
  return pattern.length === filterLevels.length;
}

function isForeign(pattern: BoundPattern, levels: readonly string[]): boolean {
  const first = pattern[0];
  return (first === '+' || first === '#') && levels[0]?.startsWith('$') === true;
}
