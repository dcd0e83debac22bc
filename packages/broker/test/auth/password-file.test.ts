import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UsageError } from '@busbar/codec';
import { afterAll, describe, test } from 'vitest';
import type { Credentials } from '../../src/auth/authenticator.ts';
import { parsePasswordFile, passwordFile } from '../../src/auth/password-file.ts';
import {
  formatPasswordHash,
  PASSWORD_KINDS,
  type PasswordHash,
  PasswordHasher,
  parsePasswordHash,
} from '../../src/auth/password-hash.ts';

const hasher = new PasswordHasher();
afterAll(() => hasher.close());

/** Made with the reference implementation (`argon2 -id -e`) and the parameters of Mosquitto 2.1. */
const ARGON2_OF_SECRET =
  '$argon2id$v=19$m=47104,t=1,p=1$QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQQ$+xXmcrMl7ygw8wH0Xw6ZOXcqUYsGG7pj+O2tRdGmg602uLzVE4idYBn6C1df8Lw+xdGEMSOmpg4lYbpjKH+CQw';

function credentials(userName: string | undefined, password: string | undefined): Credentials {
  const bytes = password === undefined ? undefined : Buffer.from(password);
  return { clientIdentifier: 'c', userName, password: bytes, address: '10.0.0.1', certificate: undefined };
}

describe('password hashes', () => {
  test.each(PASSWORD_KINDS)('%s: what is made is written, read again and recognised', async (kind) => {
    const made = await hasher.make(Buffer.from('päss:word$'), kind, 1000);
    const read = parsePasswordHash(formatPasswordHash(made));
    assert.ok(typeof read !== 'string', String(read));
    assert.equal(await hasher.verify(Buffer.from('päss:word$'), read), true);
    assert.equal(await hasher.verify(Buffer.from('pass:word$'), read), false);
  });

  test('argon2id as Mosquitto 2.1 writes it', async () => {
    const read = parsePasswordHash(ARGON2_OF_SECRET);
    assert.ok(typeof read !== 'string');
    assert.equal(await hasher.verify(Buffer.from('secret'), read), true);
    assert.equal(await hasher.verify(Buffer.from('Secret'), read), false);
    assert.equal(formatPasswordHash(read), ARGON2_OF_SECRET);
  });

  test.each([
    'secret',
    '',
    '$5$abc$def',
    '$6$abc',
    '$6$!!$AAAA',
    '$7$0$AAAA$AAAAAAAAAAAAAAAAAAAAAAAA',
    '$7$x$AAAA$AAAAAAAAAAAAAAAAAAAAAAAA',
    '$argon2id$v=16$m=8,t=1,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAA',
    '$argon2id$v=19$m=99999999,t=1,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAA',
    '$scrypt$ln=60,r=8,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAA',
    '$6$AAAA$AAAA',
  ])('%j is no password hash', (text) => {
    assert.equal(typeof parsePasswordHash(text), 'string');
  });

  test('a hundred argon2id at once leave the event loop free', async () => {
    const hash = parsePasswordHash('$argon2id$v=19$m=4096,t=1,p=1$AQEBAQEBAQEBAQEB$AAAAAAAAAAAAAAAAAAAAAAAAAAAA');
    assert.ok(typeof hash !== 'string');
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await Promise.all(Array.from({ length: 100 }, () => hasher.verify(Buffer.from('x'), hash)));
    clearInterval(timer);
    assert.ok(turns > 20, `only ${turns} turns`);
  });
});

const hasMosquitto = spawnSync('mosquitto_passwd', ['--help']).error === undefined;

describe.skipIf(!hasMosquitto)("files of Debian's mosquitto_passwd", () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-passwd-'));
  const file = path.join(folder, 'passwd');
  afterAll(() => rmSync(folder, { recursive: true }));

  test('are read, whichever hash they have', async () => {
    execFileSync('mosquitto_passwd', ['-c', '-b', file, 'filler', 'secret']);
    execFileSync('mosquitto_passwd', ['-H', 'sha512', '-b', file, 'labeller', 'paß wort']);
    const authenticator = passwordFile(file, hasher);
    const ask = async (user: string | undefined, password: string | undefined) =>
      (await authenticator.authenticate(credentials(user, password))).kind;
    assert.equal(await ask('filler', 'secret'), 'allow');
    assert.equal(await ask('filler', 'Secret'), 'deny');
    assert.equal(await ask('filler', undefined), 'deny');
    assert.equal(await ask('labeller', 'paß wort'), 'allow');
    assert.equal(await ask('nobody', 'secret'), 'next');
    assert.equal(await ask(undefined, undefined), 'next');
  });

  test('an answer names file and line', async () => {
    execFileSync('mosquitto_passwd', ['-c', '-b', file, 'a', 'x']);
    execFileSync('mosquitto_passwd', ['-b', file, 'b', 'y']);
    const answer = await passwordFile(file, hasher).authenticate(credentials('b', 'wrong'));
    assert.deepEqual([answer.kind, 'by' in answer ? answer.by : undefined], ['deny', `${file}:2`]);
    assert.match(readFileSync(file, 'utf8'), /^a:\$7\$/);
  });
});

describe('password files', () => {
  test('comments, empty lines and Windows line ends', () => {
    const { entries, faults } = parsePasswordFile(`# users\r\n\r\na:${ARGON2_OF_SECRET}\r\n`, 'f');
    assert.deepEqual(faults, []);
    assert.deepEqual([...entries.keys()], ['a']);
  });

  test('all lines that are wrong are named', () => {
    assert.throws(
      () => passwordFile({ file: 'users', text: 'a:plain\nb\n:x\n' }, hasher),
      (error: unknown) => {
        assert.ok(error instanceof UsageError);
        assert.deepEqual(
          error.message.split('\n').map((line) => line.split(':').slice(0, 2).join(':')),
          ['users:1', 'users:2', 'users:3'],
        );
        assert.doesNotMatch(error.message, /plain/);
        return true;
      },
    );
  });

  test('for a user that does not exist the same work is done as for one that does', async () => {
    const work: object[] = [];
    class WatchedHasher extends PasswordHasher {
      override verify(password: Uint8Array, against: PasswordHash): Promise<boolean> {
        const { hash, salt, ...cost } = against;
        work.push({ ...cost, bytes: [password.length, hash.length, salt.length] });
        return super.verify(password, against);
      }
    }
    const made = formatPasswordHash(await hasher.make(Buffer.from('x'), 'sha512-pbkdf2', 1_234));
    const authenticator = passwordFile({ file: 'users', text: `known:${made}\n` }, new WatchedHasher());
    for (const userName of ['known', 'unknown']) await authenticator.authenticate(credentials(userName, 'wrong'));
    assert.deepEqual(work[0], { kind: 'sha512-pbkdf2', iterations: 1_234, bytes: [5, 64, 12] });
    assert.deepEqual(work[1], work[0]);
    await authenticator.close?.();
  });
});
