import type { ClaimValue, Identity } from './identity.ts';

/** Whom a rule is about: a client for whom everything holds that is given. Nothing given is everybody. */
export interface Who {
  readonly users?: Names | undefined;
  readonly clients?: Names | undefined;
  /** It is in one of these groups. */
  readonly groups?: readonly string[] | undefined;
  /** It came through one of these listeners, by name. */
  readonly listeners?: readonly string[] | undefined;
  /** Each of these claims has one of these values. */
  readonly claims?: Readonly<Record<string, readonly (string | number | boolean)[]>> | undefined;
  /** True: only clients without a user name; false: only those with one. */
  readonly anonymous?: boolean | undefined;
  /** Only clients whose user name or Client Identifier holds `+` or `#`. */
  readonly wildcardsInName?: boolean | undefined;
}

/** Names of users or clients. */
export interface Names {
  readonly exact: ReadonlySet<string>;
  /** Beginnings; `''` is every name. */
  readonly prefixes: readonly string[];
}

/** Names as rules write them: `abc*` is every name that begins so, `*` every name. */
export function namesOf(patterns: readonly string[]): Names {
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  return { exact: new Set(patterns.filter((pattern) => !pattern.endsWith('*'))), prefixes };
}

/** The members of groups, by group: user names. */
export type Groups = ReadonlyMap<string, readonly string[]>;

/** Whether a rule is about a client. */
export function isAbout(who: Who, identity: Identity, groups: Groups): boolean {
  const { userName, clientIdentifier } = identity;
  if (who.listeners !== undefined && !who.listeners.includes(identity.listener ?? '')) return false;
  if (who.anonymous !== undefined && who.anonymous !== (userName === undefined)) return false;
  if (who.users !== undefined && (userName === undefined || !isNamed(who.users, userName))) return false;
  if (who.clients !== undefined && !isNamed(who.clients, clientIdentifier)) return false;
  if (who.wildcardsInName === true && !/[+#]/.test(`${userName ?? ''}${clientIdentifier}`)) return false;
  if (who.groups?.some((group) => isMember(identity, group, groups)) === false) return false;
  return who.claims === undefined || Object.entries(who.claims).every(([name, values]) => has(identity, name, values));
}

function isNamed({ exact, prefixes }: Names, name: string): boolean {
  return exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}

function isMember({ userName, groups: own }: Identity, group: string, groups: Groups): boolean {
  if (own?.includes(group) === true) return true;
  return userName !== undefined && groups.get(group)?.includes(userName) === true;
}

function has({ claims }: Identity, name: string, values: readonly (string | number | boolean)[]): boolean {
  // A claim is what the token says, never what every object has.
  const claim: ClaimValue | undefined = claims !== undefined && Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (claim === undefined) return false;
  return typeof claim === 'object' ? claim.some((each) => values.includes(each)) : values.includes(claim);
}
