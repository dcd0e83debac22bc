import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { formatPasswordHash, PasswordHasher, type PasswordKind, parsePasswordHash } from '@busbar/broker';
import { CommandError, WrongUsage } from '../command/command-error.ts';
import { messageOf } from '../command/message-of.ts';
import { ExitCode } from '../exit-code.ts';
import { readPassword } from './read-password.ts';

interface PasswdOptions {
  readonly create: boolean;
  readonly batch: boolean;
  readonly remove: boolean;
  readonly upgrade: boolean;
  readonly hash: PasswordKind;
  readonly iterations: number;
}

/** Changes a password file. It is replaced as a whole, so that nobody reads half of it. @returns The exit code. */
export async function runPasswd(options: PasswdOptions, words: readonly string[]): Promise<number> {
  const [file = '', user, password] = words;
  if (options.upgrade) return upgrade(file, options);
  if (user === undefined) throw new WrongUsage('expected a file and a user');
  if (user === '' || user.includes(':') || /[\r\n]/.test(user)) {
    throw new WrongUsage('a user name is not empty and holds no colon and no line break');
  }
  if (options.batch !== (password !== undefined)) {
    throw new WrongUsage(
      options.batch ? 'with -b the password is the last word' : 'the password stands on the command line only with -b',
    );
  }
  const lines = options.create ? [] : readLines(file);
  const at = lines.findIndex((line) => line.startsWith(`${user}:`));
  if (options.remove) {
    if (at < 0) throw new CommandError(ExitCode.failure, `${file} has no user ${user}`);
    write(
      file,
      lines.filter((_, index) => index !== at),
    );
    return ExitCode.success;
  }
  const line = `${user}:${await hashOf(password ?? (await readPassword()), options)}`;
  write(file, at < 0 ? [...lines, line] : lines.with(at, line));
  return ExitCode.success;
}

async function upgrade(file: string, options: PasswdOptions): Promise<number> {
  const hasher = new PasswordHasher();
  try {
    const lines: string[] = [];
    for (const line of readLines(file)) lines.push(await upgraded(line, options, hasher));
    write(file, lines);
  } finally {
    await hasher.close();
  }
  return ExitCode.success;
}

async function upgraded(line: string, { hash, iterations }: PasswdOptions, hasher: PasswordHasher): Promise<string> {
  const colon = line.indexOf(':');
  if (line.startsWith('#') || colon < 1) return line;
  const password = line.slice(colon + 1);
  if (typeof parsePasswordHash(password) !== 'string') return line;
  return `${line.slice(0, colon)}:${formatPasswordHash(await hasher.make(Buffer.from(password), hash, iterations))}`;
}

async function hashOf(password: string, { hash, iterations }: PasswdOptions): Promise<string> {
  if (password === '') throw new CommandError(ExitCode.failure, 'the password is empty');
  const hasher = new PasswordHasher();
  try {
    return formatPasswordHash(await hasher.make(Buffer.from(password), hash, iterations));
  } finally {
    await hasher.close();
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split(/\r?\n/)
      .filter((line) => line !== '');
  } catch (error) {
    const { code = 'error' } = error as NodeJS.ErrnoException;
    const advice = code === 'ENOENT' ? 'does not exist: -c makes a new one' : `cannot be read (${code})`;
    throw new CommandError(ExitCode.failure, `${file} ${advice}`);
  }
}

/** Only its owner reads a new file; an old one keeps who may. */
function write(file: string, lines: readonly string[]): void {
  const temporary = `${file}.${process.pid}.new`;
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0o600;
  try {
    writeFileSync(temporary, lines.map((line) => `${line}\n`).join(''), { mode: mode & 0o777, flag: 'wx' });
    renameSync(temporary, file);
  } catch (error) {
    throw new CommandError(ExitCode.failure, `${file} cannot be written: ${messageOf(error)}`);
  }
}
