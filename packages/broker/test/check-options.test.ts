import { expect, test } from 'vitest';
import { type BrokerOptions, createBroker } from '../src/index.ts';

/** What an untyped program may say. */
async function refusal(options: object): Promise<string> {
  return createBroker({ listeners: [], ...options } as BrokerOptions).then(
    () => Promise.reject(new Error('the broker was made')),
    ({ code, message }) => `${code}: ${message}`,
  );
}

test.each([
  [
    { port: 1883 },
    /^unknown-option: the option port does not exist; there are listeners, authenticators, authenticate, /,
  ],
  [{ authentcate: () => 0 }, /^unknown-option: the option authentcate does not exist/],
  [{ listeners: { port: 0 } }, /^option-invalid: listeners must be a list$/],
  [{ authenticate: 'secret' }, /^option-invalid: authenticate must be a function$/],
  [{ authenticators: [{ name: 'none' }] }, /^option-invalid: authenticators must be a list of objects with a name/],
  [{ log: { info: () => {} } }, /^option-invalid: log must be an object with the functions debug, info, warn, error$/],
  [{ hooks: { name: 'x' } }, /^option-invalid: hooks must be a list$/],
  [{ hooks: [{ publish: () => {} }] }, /^option-invalid: hooks\[0\]\.name must be a text$/],
  [{ hooks: [{ name: 'x', timeoutMs: 0 }] }, /^option-invalid: hooks\[0\]\.timeoutMs must be more than 0$/],
  [
    { hooks: [{ name: 'x' }, { name: 'y', autorize: () => false }] },
    /^unknown-option: .*hooks\[1\]\.autorize .*authorize/,
  ],
  [{ hooks: [{ name: 'x', publish: 5 }] }, /^option-invalid: hooks\[0\]\.publish must be a function$/],
])('%j is refused, not passed over', async (options, expected) => {
  expect(await refusal(options)).toMatch(expected);
});

test('options that are undefined are none, and hooks may be of a class', async () => {
  class Looks {
    readonly name = 'looks';
    seen = 0;
    publish(): void {
      this.seen++;
    }
  }
  const broker = await createBroker({ listeners: [], hooks: [new Looks()], ...{ port: undefined } });
  await broker.stop();
});
