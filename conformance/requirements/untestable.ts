import type { Version } from '../wire/packet-writer.ts';

/** Statements that no test of ours can show, and why. */
export const UNTESTABLE: Readonly<Record<Version, Readonly<Record<string, string>>>> = {
  5: {},
  4: {},
  3: {},
};
