import type { Version } from '../wire/packet-writer.ts';

/** Whom a statement binds. */
export type Side = 'server' | 'client' | 'both';

/** A normative statement of the standard. */
export interface Requirement {
  /** `MQTT-` and its number; the same number means different things in 5.0 and 3.1.1. */
  readonly id: string;
  readonly side: Side;
  readonly text: string;
  readonly version: Version;
}

/** Reads statements, one a line: id, side, text. */
export function requirements(version: Version, lines: string): readonly Requirement[] {
  return lines
    .trim()
    .split('\n')
    .map((line) => {
      const [id = '', side = '', ...words] = line.split(' ');
      return { id, side: side as Side, text: words.join(' '), version };
    });
}
