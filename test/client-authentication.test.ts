import assert from 'node:assert/strict';
import { type Broker, createBroker, makeScramCredential, scramSha256 as serverScram } from '@busbar/broker';
import { type AuthenticationMethod, type Client, connect, createClient, scramSha256 } from '@busbar/client';
import { afterAll, beforeAll, describe, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000 });

const users = new Map([
  ['filler', makeScramCredential('pass,=wörd', undefined, 4_096)],
  ['a=b,c', makeScramCredential('x', undefined, 4_096)],
  ['weak', makeScramCredential('x', undefined, 1_000)],
]);

describe('SCRAM-SHA-256 against our broker', () => {
  let broker: Broker;
  let url: string;
  const clients: Client[] = [];

  beforeAll(async () => {
    broker = await createBroker({
      listeners: [{ host: '127.0.0.1', port: 0 }],
      authenticationMethods: [serverScram((userName) => users.get(userName))],
    });
    url = `mqtt://127.0.0.1:${broker.listeners[0]?.port}`;
  });

  afterAll(async () => {
    for (const client of clients) await client.end({ timeoutMs: 0 });
    await broker.stop();
  });

  async function connectAs(authentication: AuthenticationMethod): Promise<Client> {
    const client = await connect(url, { authentication });
    clients.push(client);
    return client;
  }

  test.each([
    ['filler', 'pass,=wörd'],
    ['a=b,c', 'x'],
  ])('%s gets in', async (userName, password) => {
    const client = await connectAs(scramSha256({ userName, password: async () => password }));
    assert.equal(client.agreement?.properties.authenticationMethod, 'SCRAM-SHA-256');
    await client.publish('a', 'x', { qos: 1 });
  });

  test('a wrong password and an unknown user do not', async () => {
    for (const userName of ['filler', 'nobody']) {
      await assert.rejects(connectAs(scramSha256({ userName, password: 'no' })), { name: 'ConnectionRefusedError' });
    }
  });

  test('a server that asks for too little work is not told a proof', async () => {
    const connecting = connectAs(scramSha256({ userName: 'weak', password: 'x' }));
    await assert.rejects(connecting, { code: 'authentication-failed', message: /1000 iterations/ });
  });

  test('again on the connection that stands, and with every connection', async () => {
    let asked = 0;
    const password = () => {
      asked++;
      return asked === 4 ? 'changed meanwhile' : 'pass,=wörd';
    };
    const client = await connectAs(scramSha256({ userName: 'filler', password }));
    await client.reAuthenticate();
    await client.reAuthenticate();
    assert.equal(asked, 3);
    const disconnected = new Promise((resolve) => client.on('disconnected', resolve));
    await assert.rejects(client.reAuthenticate(), { name: 'ConnectionEndedError' });
    await disconnected;
  });

  test('without a connection, or without a method, there is nothing to do again', async () => {
    const client = createClient(url, { authentication: scramSha256({ userName: 'filler', password: 'x' }) });
    await assert.rejects(client.reAuthenticate(), { code: 'offline' });
    await assert.rejects(createClient(url).reAuthenticate(), { code: 'no-authentication-method' });
    assert.throws(
      () => createClient(url, { protocolVersion: 4, authentication: scramSha256({ userName: 'a', password: 'b' }) }),
      {
        code: 'option-invalid',
      },
    );
  });

  test('a server that does not know the password is not believed, though it lets everybody in', async () => {
    const impostor = await createBroker({
      listeners: [{ host: '127.0.0.1', port: 0 }],
      authenticationMethods: [
        {
          name: 'SCRAM-SHA-256',
          begin: () => {
            let step = 0;
            return {
              next(data) {
                const nonce = /r=(.*)$/.exec(Buffer.from(data ?? []).toString())?.[1] ?? '';
                step++;
                const offer = Buffer.from(`r=${nonce}x,s=${Buffer.from('salt').toString('base64')},i=4096`);
                if (step === 1) return { kind: 'continue', data: offer };
                return { kind: 'accept', data: Buffer.from('v=AAAA'), userName: 'filler' };
              },
            };
          },
        },
      ],
    });
    const address = `mqtt://127.0.0.1:${impostor.listeners[0]?.port}`;
    const connecting = connect(address, {
      authentication: scramSha256({ userName: 'filler', password: 'pass,=wörd' }),
    });
    await assert.rejects(connecting, {
      code: 'authentication-failed',
      message: /not shown that it knows the password/,
    });
    await impostor.stop();
  });
});

/** The example of RFC 7677, section 3. */
test('RFC 7677: the messages of its example', async () => {
  const method = scramSha256({ userName: 'user', password: 'pencil', makeNonce: () => 'rOprNGfwEbeRWgbNEkqO' });
  const exchange = method.begin();
  const text = (data: Uint8Array | undefined) => new TextDecoder().decode(data);
  assert.equal(text(await exchange.first()), 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO');
  const serverFirst = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
  assert.equal(
    text(await exchange.next(new TextEncoder().encode(serverFirst))),
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  );
  exchange.finish?.(new TextEncoder().encode('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='));
  assert.throws(() => exchange.finish?.(new TextEncoder().encode('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=')));
});
