import { type QoS, UsageError } from '@busbar/codec';

/** Whether it can be published. */
export function isPayload(payload: unknown): payload is string | Uint8Array {
  return typeof payload === 'string' || payload instanceof Uint8Array;
}

/** Whether it is one of the three. */
export function isQos(qos: number): qos is QoS {
  return qos === 0 || qos === 1 || qos === 2;
}

/** What an option may be: a number from this one up, one of these values, or of this type. */
type Rule = number | readonly unknown[] | 'boolean' | 'function' | 'object';

/**
 * Checks what callers without types get wrong, and those with types too where a type cannot say it.
 *
 * @param where Stands before the names, as in `queue.`.
 * @throws {UsageError} `option-invalid`: an option that is given is not as its rule says.
 */
export function expectOptions<Options extends object>(
  options: Options,
  rules: { readonly [Name in keyof Options]?: Rule },
  where = '',
): void {
  for (const name in rules) {
    const value = options[name];
    const rule = rules[name] as Rule;
    if (value === undefined || holds(rule, value)) continue;
    throw new UsageError('option-invalid', `${where}${name} must be ${textOf(rule)}, not ${nameOf(value, rule)}`);
  }
}

function holds(rule: Rule, value: unknown): boolean {
  if (typeof rule === 'number') return typeof value === 'number' && value >= rule;
  return typeof rule === 'string' ? typeof value === rule && value !== null : rule.includes(value);
}

function textOf(rule: Rule): string {
  if (typeof rule === 'number') return `a number from ${rule}`;
  return typeof rule === 'string' ? `of type ${rule}` : `one of ${rule.join(', ')}`;
}

/** Of a wrong type no more than that: the value may be long, or a secret. */
function nameOf(value: unknown, rule: Rule): unknown {
  if (value === null) return value;
  if (typeof rule === 'string') return typeof value;
  return typeof value === 'number' ? value : `'${value}'`;
}

/** What callers without types get wrong. */
export function mistakeIn(payload: unknown, qos: number): UsageError {
  if (!isPayload(payload))
    return new UsageError('payload-invalid', `a payload is a text or bytes, not ${typeof payload}`);
  return new UsageError('qos-invalid', `a QoS is 0, 1 or 2, not ${qos}`);
}
