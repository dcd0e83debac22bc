import { type QoS, UsageError } from '@busbar/codec';

/** Whether it can be published. */
export function isPayload(payload: unknown): payload is string | Uint8Array {
  return typeof payload === 'string' || payload instanceof Uint8Array;
}

/** Whether it is one of the three. */
export function isQos(qos: number): qos is QoS {
  return qos === 0 || qos === 1 || qos === 2;
}

/** @throws {UsageError} `option-invalid`: an option is not as the rule says. */
export function expectOption(holds: boolean, name: string, rule: string, value: unknown): void {
  if (!holds) throw new UsageError('option-invalid', `${name} must be ${rule}, not ${value}`);
}

/** What callers without types get wrong. */
export function mistakeIn(payload: unknown, qos: number): UsageError {
  if (!isPayload(payload))
    return new UsageError('payload-invalid', `a payload is a text or bytes, not ${typeof payload}`);
  return new UsageError('qos-invalid', `a QoS is 0, 1 or 2, not ${qos}`);
}
