import { utf8ByteLength } from '@busbar/codec';
import { textFault } from '../auth/text-fault.ts';

const USUAL_PREFIX = 'auto-';
/** Characters behind the prefix where there is room, as Mosquitto's: a UUID. */
const USUAL_LENGTH = 36;
/** With the usual prefix 23, which every server must allow (section 3.1.3.1). */
const SHORTEST_LENGTH = 18;

/**
 * A Client Identifier for a client that brings none, shorter where ours have a tighter limit: the client may come back with it.
 *
 * @param maximumLength Characters that a Client Identifier may have.
 */
export function makeClientIdentifier(maximumLength: number, prefix = USUAL_PREFIX): string {
  const unique = crypto.randomUUID().toUpperCase();
  if (utf8ByteLength(prefix) + USUAL_LENGTH <= maximumLength) return prefix + unique;
  return prefix + unique.replaceAll('-', '').slice(0, SHORTEST_LENGTH);
}

/** Why identifiers cannot begin so; undefined when they can. */
export function identifierPrefixFault(prefix: unknown, maximumLength: number): string | undefined {
  if (typeof prefix !== 'string') return 'expected text';
  const fault = textFault(prefix);
  if (fault !== undefined) return fault;
  const byteLength = utf8ByteLength(prefix);
  // Counted in bytes, it is within what the wire carries, too.
  const room = maximumLength - SHORTEST_LENGTH;
  if (byteLength <= room) return undefined;
  return `expected at most ${room} bytes, so that identifiers have at most ${maximumLength}, ${byteLength} came`;
}
