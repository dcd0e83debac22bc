import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { FIRST_FAILURE, ReasonCode } from '@busbar/codec';
import { describe, expect, test } from 'vitest';
import type { AuthenticationStep } from '../../src/auth/enhanced-authentication.ts';
import { makeScramCredential, scramSha256 } from '../../src/auth/scram-sha-256.ts';

// The example of RFC 7677, section 3.
const CLIENT_NONCE = 'rOprNGfwEbeRWgbNEkqO';
const SERVER_NONCE = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const NONCE = CLIENT_NONCE + SERVER_NONCE;
const PROOF = 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=';
const SIGNATURE = '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';
const pencil = makeScramCredential('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), 4096);

const method = scramSha256(
  (userName) => (userName === 'user' ? pencil : undefined),
  () => SERVER_NONCE,
);

function begin() {
  return method.begin({ clientIdentifier: 'c', address: '127.0.0.1', certificate: undefined });
}

const say = (text: string) => Buffer.from(text);

function textOf(step: AuthenticationStep): string {
  return step.kind === 'refuse' ? '' : Buffer.from(step.data ?? []).toString();
}

/** The last message of a client that began with a header, and that knows the password. */
function finalOf(header: string, bare: string, serverFirst: string): Buffer {
  const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const salted = pbkdf2Sync('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), 4096, 32, 'sha256');
  const clientKey = hmac(salted, 'Client Key');
  const withoutProof = `c=${Buffer.from(header).toString('base64')},r=${NONCE}`;
  const storedKey = createHash('sha256').update(clientKey).digest();
  const signature = hmac(storedKey, `${bare},${serverFirst},${withoutProof}`);
  const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)));
  return say(`${withoutProof},p=${proof.toString('base64')}`);
}

describe('SCRAM-SHA-256', () => {
  test.each([
    ['could bind the channel', 'y,,'],
    ['says that it acts as itself', 'n,a=user,'],
  ])('takes a client that %s, and what it began with has to be what it ends with', async (_, header) => {
    const bare = `n=user,r=${CLIENT_NONCE}`;
    const exchange = begin();
    const serverFirst = textOf(await exchange.next(say(header + bare)));
    expect(await exchange.next(finalOf(header, bare, serverFirst))).toMatchObject({ kind: 'accept', userName: 'user' });
    const changed = begin();
    await changed.next(say(header + bare));
    const last = await changed.next(finalOf('n,,', bare, serverFirst));
    expect(last).toMatchObject({ kind: 'refuse', reasonCode: ReasonCode.protocolError });
  });

  test('refuses one user who acts as another, and says who it was that had no proof', async () => {
    const other = await begin().next(say(`n,a=admin,n=user,r=${CLIENT_NONCE}`));
    expect(other).toMatchObject({ kind: 'refuse', reasonCode: ReasonCode.notAuthorized });
    const exchange = begin();
    await exchange.next(say(`n,,n=user,r=${CLIENT_NONCE}`));
    const refused = await exchange.next(say(`c=biws,r=${NONCE},p=AAAA`));
    const by = { name: 'SCRAM-SHA-256', reason: 'user name or password is wrong, the user is "user"' };
    expect(refused).toMatchObject({ kind: 'refuse', message: 'user name or password is wrong', by });
  });

  test('goes through the example of RFC 7677', async () => {
    const exchange = begin();

    const first = await exchange.next(say(`n,,n=user,r=${CLIENT_NONCE}`));
    const final = await exchange.next(say(`c=biws,r=${NONCE},p=${PROOF}`));

    expect(first.kind).toBe('continue');
    expect(textOf(first)).toBe(`r=${NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`);
    expect(final).toMatchObject({ kind: 'accept', userName: 'user' });
    expect(textOf(final)).toBe(`v=${SIGNATURE}`);
  });

  test('refuses a wrong proof, a proof of another length and a nonce of another exchange', async () => {
    const attempts = [
      `c=biws,r=${NONCE},p=${Buffer.alloc(32).toString('base64')}`,
      `c=biws,r=${NONCE},p=AAAA`,
      `c=biws,r=${CLIENT_NONCE}other,p=${PROOF}`,
    ];
    for (const attempt of attempts) {
      const exchange = begin();
      await exchange.next(say(`n,,n=user,r=${CLIENT_NONCE}`));
      const step = await exchange.next(say(attempt));
      expect(step.kind).toBe('refuse');
      expect(step.kind === 'refuse' && step.reasonCode >= FIRST_FAILURE).toBe(true);
    }
  });

  test('asks an unknown user for a proof like any other, with the same salt each time, and then refuses', async () => {
    const [one, two] = [begin(), begin()];
    const hello = say(`n,,n=nobody,r=${CLIENT_NONCE}`);

    expect(textOf(await one.next(hello))).toBe(textOf(await two.next(hello)));
    expect((await one.next(say(`c=biws,r=${NONCE},p=${PROOF}`))).kind).toBe('refuse');
  });

  test.each([
    ['nothing', ''],
    ['channel binding', `p=tls-unique,,n=user,r=${CLIENT_NONCE}`],
    ['no nonce', 'n,,n=user'],
    ['a = in the user name that stands for nothing', `n,,n=us=er,r=${CLIENT_NONCE}`],
    ['an extension', `n,,m=x,n=user,r=${CLIENT_NONCE}`],
  ])('refuses a first message with %s', async (_what, text) => {
    expect((await begin().next(say(text))).kind).toBe('refuse');
  });
});
