import { createHash, pbkdf2, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Argon2Thread } from './argon2.ts';
import { BoundedWork } from './bounded-work.ts';

/**
 * A password as a file keeps it: the formats of mosquitto_passwd (`$6$` SHA-512, `$7$` PBKDF2 with SHA-512, `$argon2id$`) and
 * scrypt, which takes memory as well as time and which Node has itself.
 */
export type PasswordHash = { readonly salt: Uint8Array; readonly hash: Uint8Array } & (
  | { readonly kind: 'sha512' }
  | { readonly kind: 'sha512-pbkdf2'; readonly iterations: number }
  | { readonly kind: 'argon2id'; readonly memory: number; readonly passes: number; readonly parallelism: number }
  | { readonly kind: 'scrypt'; readonly logCost: number; readonly blockSize: number; readonly parallelism: number }
);

/** Names of the formats that can be written. */
export const PASSWORD_KINDS = ['argon2id', 'scrypt', 'sha512-pbkdf2', 'sha512'] as const;
export type PasswordKind = (typeof PASSWORD_KINDS)[number];

const SALT_LENGTH = 16;
/** mosquitto_passwd 2.0 reads salts of 12 bytes and hashes of 64 alone. */
const MOSQUITTO_SALT_LENGTH = 12;
const HASH_LENGTH = 64;
/** OWASP's figure for PBKDF2 with SHA-512. */
const PBKDF2_ITERATIONS = 210_000;
/** What Mosquitto 2.1 writes. */
const ARGON2 = { memory: 47_104, passes: 1, parallelism: 1 };
/** OWASP's figures: 128 MiB. */
const SCRYPT = { logCost: 17, blockSize: 8, parallelism: 1 };
const LARGEST_MEMORY = 4 * 1024 * 1024;
const LARGEST_ITERATIONS = 100_000_000;

const derivePbkdf2 = promisify(pbkdf2);
const deriveScrypt = promisify<Uint8Array, Uint8Array, number, object, Buffer>(scrypt);

/** Reads what stands behind the user name. @returns What is wrong with it, as a text. */
export function parsePasswordHash(text: string): PasswordHash | string {
  const [, kind = '', ...fields] = text.split('$');
  switch (text.startsWith('$') ? kind : '') {
    case '6':
      return fields.length === 2 ? parseSha512(fields) : 'expected $6$salt$hash';
    case '7':
      return fields.length === 3 ? parsePbkdf2(fields) : 'expected $7$iterations$salt$hash';
    case 'argon2id':
      return fields.length === 4 ? parseArgon2(fields) : 'expected $argon2id$v=19$m=,t=,p=$salt$hash';
    case 'scrypt':
      return fields.length === 3 ? parseScrypt(fields) : 'expected $scrypt$ln=,r=,p=$salt$hash';
    default:
      return 'expected a hashed password ($6$, $7$, $argon2id$ or $scrypt$); make one with busbar passwd';
  }
}

/** As it is written to a file. */
export function formatPasswordHash(of: PasswordHash): string {
  switch (of.kind) {
    case 'sha512':
      return `$6$${padded(of.salt)}$${padded(of.hash)}`;
    case 'sha512-pbkdf2':
      return `$7$${of.iterations}$${padded(of.salt)}$${padded(of.hash)}`;
    case 'argon2id': {
      const { memory, passes, parallelism } = of;
      return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${plain(of.salt)}$${plain(of.hash)}`;
    }
    case 'scrypt':
      return `$scrypt$ln=${of.logCost},r=${of.blockSize},p=${of.parallelism}$${plain(of.salt)}$${plain(of.hash)}`;
  }
}

/** Makes and checks hashes off the event loop: Node's threads for scrypt and PBKDF2, one of its own for argon2id. */
export class PasswordHasher {
  readonly #argon2 = new Argon2Thread();
  /** Two at a time leave Node's other two threads to files and names. */
  readonly #work: BoundedWork;

  /** @param maximumWaiting Passwords that may wait to be checked. Default: 10,000. */
  constructor(maximumWaiting = 10_000) {
    this.#work = new BoundedWork(2, maximumWaiting);
  }

  /** Hashes a new password with a new salt. */
  async make(password: Uint8Array, kind: PasswordKind, iterations = PBKDF2_ITERATIONS): Promise<PasswordHash> {
    const hash = new Uint8Array(kind === 'scrypt' ? 32 : HASH_LENGTH);
    const isOld = kind === 'sha512' || kind === 'sha512-pbkdf2';
    const salt = randomBytes(isOld ? MOSQUITTO_SALT_LENGTH : SALT_LENGTH);
    const empty = { sha512: {}, 'sha512-pbkdf2': { iterations }, argon2id: ARGON2, scrypt: SCRYPT }[kind];
    const unfilled = { kind, salt, hash, ...empty } as PasswordHash;
    return { ...unfilled, hash: await this.#derive(password, unfilled) };
  }

  /**
   * Whether this is the password, found out in the same time whether it is or not.
   *
   * @throws {TooMuchWork} Too many wait already.
   */
  async verify(password: Uint8Array, against: PasswordHash): Promise<boolean> {
    const derived = await this.#derive(password, against);
    return derived.length === against.hash.length && timingSafeEqual(derived, against.hash);
  }

  close(): Promise<void> {
    return this.#argon2.close();
  }

  #derive(password: Uint8Array, of: PasswordHash): Promise<Uint8Array> {
    const { salt, hash } = of;
    if (of.kind === 'sha512') {
      return Promise.resolve(createHash('sha512').update(password).update(salt).digest());
    }
    return this.#work.run(async () => {
      if (of.kind === 'sha512-pbkdf2') return derivePbkdf2(password, salt, of.iterations, hash.length, 'sha512');
      if (of.kind === 'argon2id') return this.#argon2.hash(password, salt, hash.length, of);
      const N = 2 ** of.logCost;
      const options = { N, r: of.blockSize, p: of.parallelism, maxmem: 256 * N * of.blockSize };
      return deriveScrypt(password, salt, hash.length, options);
    });
  }
}

function parseSha512([salt = '', hash = '']: string[]): PasswordHash | string {
  return withBytes(salt, hash, (bytes) => ({ kind: 'sha512', ...bytes }));
}

function parsePbkdf2([count = '', salt = '', hash = '']: string[]): PasswordHash | string {
  const iterations = /^\d+$/.test(count) ? Number(count) : 0;
  if (iterations < 1 || iterations > LARGEST_ITERATIONS) return `expected 1 to ${LARGEST_ITERATIONS} iterations`;
  return withBytes(salt, hash, (bytes) => ({ kind: 'sha512-pbkdf2', iterations, ...bytes }));
}

function parseArgon2([version = '', parameters = '', salt = '', hash = '']: string[]): PasswordHash | string {
  const [, m, t, p] = /^m=(\d+),t=(\d+),p=(\d+)$/.exec(parameters) ?? [];
  const [memory, passes, parallelism] = [Number(m), Number(t), Number(p)];
  const isKnown = version === 'v=19' && passes >= 1 && passes <= 1000 && parallelism >= 1 && parallelism <= 64;
  if (!isKnown || !(memory >= 8 * parallelism && memory <= LARGEST_MEMORY)) {
    return 'expected v=19 and m, t and p of argon2id (RFC 9106)';
  }
  return withBytes(salt, hash, (bytes) => ({ kind: 'argon2id', memory, passes, parallelism, ...bytes }));
}

function parseScrypt([parameters = '', salt = '', hash = '']: string[]): PasswordHash | string {
  const [, ln, r, p] = /^ln=(\d+),r=(\d+),p=(\d+)$/.exec(parameters) ?? [];
  const [logCost, blockSize, parallelism] = [Number(ln), Number(r), Number(p)];
  const isKnown =
    logCost >= 1 && logCost <= 22 && blockSize >= 1 && blockSize <= 32 && parallelism >= 1 && parallelism <= 16;
  if (!isKnown) return 'expected ln, r and p of scrypt (RFC 7914)';
  return withBytes(salt, hash, (bytes) => ({ kind: 'scrypt', logCost, blockSize, parallelism, ...bytes }));
}

function withBytes(
  salt: string,
  hash: string,
  make: (bytes: { salt: Uint8Array; hash: Uint8Array }) => PasswordHash,
): PasswordHash | string {
  const bytes = { salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
  if (plain(bytes.salt) !== salt.replace(/=+$/, '') || bytes.salt.length === 0) return 'the salt is not Base64';
  if (plain(bytes.hash) !== hash.replace(/=+$/, '') || bytes.hash.length < 16)
    return 'the hash is not Base64, or too short';
  return make(bytes);
}

function padded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function plain(bytes: Uint8Array): string {
  return padded(bytes).replace(/=+$/, '');
}
