const USUAL_LENGTH = 41;
const SHORTEST_LENGTH = 23;

/**
 * A Client Identifier for a client that brings none: of 41 characters, as Mosquitto's are; or of 23, which every server must allow
 * (section 3.1.3.1), where ours have a tighter limit: the client may come back with it.
 */
export function makeClientIdentifier(maximumLength: number): string {
  const identifier = `auto-${crypto.randomUUID().toUpperCase()}`;
  if (maximumLength >= USUAL_LENGTH) return identifier;
  return identifier.replaceAll('-', '').replace('auto', 'auto-').slice(0, SHORTEST_LENGTH);
}
