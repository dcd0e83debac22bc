import { readFileSync } from 'node:fs';
import { ReasonCode, UsageError } from '@busbar/codec';
import type { FileFault } from '../authorization/acl-file.ts';
import type { Authenticator, ChainAnswer, Credentials } from './authenticator.ts';
import { TooMuchWork } from './bounded-work.ts';
import { type PasswordHash, PasswordHasher, parsePasswordHash } from './password-hash.ts';

/** A user of a password file. */
export interface PasswordEntry {
  readonly hash: PasswordHash;
  /** From 1. */
  readonly line: number;
}

/** Reads a password file: `user:hash` in each line, comments begin with `#`. The last line of a user counts. */
export function parsePasswordFile(
  text: string,
  file: string,
): { readonly entries: ReadonlyMap<string, PasswordEntry>; readonly faults: readonly FileFault[] } {
  const entries = new Map<string, PasswordEntry>();
  const faults: FileFault[] = [];
  for (const [at, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const words = raw.trim();
    const line = at + 1;
    if (words === '' || words.startsWith('#')) continue;
    const colon = words.indexOf(':');
    if (colon < 1) {
      faults.push({ file, line, message: 'expected user:password' });
      continue;
    }
    const hash = parsePasswordHash(words.slice(colon + 1));
    if (typeof hash === 'string') faults.push({ file, line, message: hash });
    else entries.set(words.slice(0, colon), { hash, line });
  }
  return { entries, faults };
}

/** A password file's text, from somewhere else than the file itself. */
export interface PasswordFileText {
  /** What errors and explanations call it. */
  readonly file: string;
  readonly text: string;
}

/**
 * Knows the users of a password file, as mosquitto_passwd and `busbar passwd` write it. A user that it does not know is left to
 * the next authenticator, after as much work as a known one would have been.
 *
 * @throws {UsageError} `invalid-password-file`: it cannot be read, or lines of it cannot; the message has a line for each.
 */
export function passwordFile(source: string | PasswordFileText, hasher = new PasswordHasher()): Authenticator {
  const { file, text } = typeof source === 'string' ? { file: source, text: readText(source) } : source;
  const { entries, faults } = parsePasswordFile(text, file);
  if (faults.length > 0) {
    const lines = faults.map(({ line, message }) => `${file}:${line}: ${message}`);
    throw new UsageError('invalid-password-file', lines.join('\n'));
  }
  return new PasswordFile(file, entries, hasher);
}

const NO_PASSWORD = new Uint8Array(0);

class PasswordFile implements Authenticator {
  readonly name: string;
  readonly #file: string;
  readonly #entries: ReadonlyMap<string, PasswordEntry>;
  readonly #hasher: PasswordHasher;
  /** What a user that does not exist is compared with, and never equals. */
  readonly #decoy: PasswordHash | undefined;

  constructor(file: string, entries: ReadonlyMap<string, PasswordEntry>, hasher: PasswordHasher) {
    this.name = `password file ${file}`;
    this.#file = file;
    this.#entries = entries;
    this.#hasher = hasher;
    const [first] = entries.values();
    this.#decoy = first?.hash;
  }

  authenticate({ userName, password }: Credentials): ChainAnswer | Promise<ChainAnswer> {
    if (userName === undefined) return { kind: 'next' };
    const entry = this.#entries.get(userName);
    const hash = entry?.hash ?? this.#decoy;
    if (hash === undefined) return { kind: 'next' };
    return this.#verify(password, hash, entry);
  }

  knows(userName: string): boolean {
    return this.#entries.has(userName);
  }

  close(): Promise<void> {
    return this.#hasher.close();
  }

  async #verify(
    password: Uint8Array | undefined,
    hash: PasswordHash,
    entry: PasswordEntry | undefined,
  ): Promise<ChainAnswer> {
    try {
      const isRight = await this.#hasher.verify(password ?? NO_PASSWORD, hash);
      if (entry === undefined) return { kind: 'next' };
      const by = `${this.#file}:${entry.line}`;
      if (isRight && password !== undefined) return { kind: 'allow', by };
      const message = password === undefined ? 'no password came' : 'the password is wrong';
      return { kind: 'deny', reasonCode: ReasonCode.notAuthorized, message, by };
    } catch (error) {
      if (!(error instanceof TooMuchWork)) throw error;
      return { kind: 'deny', reasonCode: ReasonCode.serverBusy, message: 'too many passwords wait to be checked' };
    }
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError('invalid-password-file', `${file} cannot be read: ${reason}`);
  }
}
