/** A value that a claim may have. */
export type ClaimValue = string | number | boolean | readonly (string | number | boolean)[];

/**
 * Who a client is, as rules ask for it. Plain data: it is kept with the session, because messages are judged by it while the
 * client is away, too.
 */
export interface Identity {
  readonly clientIdentifier: string;
  /** Undefined for a client that gave none: anonymous. */
  readonly userName?: string | undefined;
  /** Groups that its authenticator puts it in, beside those that the rules do. */
  readonly groups?: readonly string[] | undefined;
  /** What its token says of it, by name. */
  readonly claims?: Readonly<Record<string, ClaimValue>> | undefined;
  /** The name of the listener that it came through, where that has one. */
  readonly listener?: string | undefined;
  /** What is put before its topics; see the listener's option of this name. */
  readonly mountPoint?: string | undefined;
  /** What its token allows it, asked after all rules. */
  readonly permissions?: Permissions | undefined;
}

/** Topic Filters that a client may use, as a token grants them; `%u` and `%c` stand for its names. */
export interface Permissions {
  readonly publish?: readonly string[] | undefined;
  readonly subscribe?: readonly string[] | undefined;
}

/** Whether two identities have the same rights under any rules. */
export function isSameIdentity(one: Identity, other: Identity): boolean {
  if (one === other) return true;
  if (one.clientIdentifier !== other.clientIdentifier || one.userName !== other.userName) return false;
  // Most have nothing else, and every client that connects is asked.
  const isPlain = hasNothingElse(one) && hasNothingElse(other);
  return isPlain || JSON.stringify(partsOf(one)) === JSON.stringify(partsOf(other));
}

function hasNothingElse({ groups, claims, permissions, listener, mountPoint }: Identity): boolean {
  const isFromToken = groups !== undefined || claims !== undefined || permissions !== undefined;
  return !isFromToken && listener === undefined && mountPoint === undefined;
}

function partsOf({
  clientIdentifier,
  userName,
  groups,
  claims,
  listener,
  mountPoint,
  permissions,
}: Identity): unknown[] {
  return [clientIdentifier, userName, groups, claims, listener, mountPoint, permissions];
}

/** Of what a token or a service says, the claims that rules can ask for: texts, numbers, truth values and lists of them. */
export function claimsOf(said: Readonly<Record<string, unknown>>): Record<string, ClaimValue> {
  const isPlain = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);
  const entries = Object.entries(said).filter(
    ([, value]) => isPlain(value) || (Array.isArray(value) && value.every(isPlain)),
  );
  return Object.fromEntries(entries) as Record<string, ClaimValue>;
}
