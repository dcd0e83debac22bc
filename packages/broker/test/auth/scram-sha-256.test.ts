import { FIRST_FAILURE } from '@busbar/codec';
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

describe('SCRAM-SHA-256', () => {
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
    ['an extension', `n,,m=x,n=user,r=${CLIENT_NONCE}`],
  ])('refuses a first message with %s', async (_what, text) => {
    expect((await begin().next(say(text))).kind).toBe('refuse');
  });
});
