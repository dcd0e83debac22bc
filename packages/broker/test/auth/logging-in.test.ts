import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { connectPacket } from '@busbar/testkit';
import { SignJWT } from 'jose';
import { describe, expect, test, vi } from 'vitest';
import {
  type Authenticator,
  type BrokerOptions,
  type Credentials,
  jsonWebToken,
  passwordFile,
} from '../../src/index.ts';
import { VirtualBroker, type VirtualConnect } from '../virtual-broker.ts';

const secret = 'x'.repeat(32);

/** Knows one user, at once. */
const one: Authenticator = {
  name: 'one',
  authenticate: ({ userName, password }: Credentials) => {
    if (userName !== 'ann') return { kind: 'next' };
    const isRight = Buffer.from(password ?? []).toString() === 'right';
    return isRight ? { kind: 'allow', grant: { groups: ['staff'] } } : { kind: 'deny', message: 'wrong' };
  },
  knows: (userName) => userName === 'ann',
};

/** The same, and it says when it is asked. */
function counted(count: () => void): Authenticator {
  return {
    ...one,
    authenticate(each) {
      count();
      return one.authenticate(each);
    },
  };
}

function credentials(userName: string, password: string): VirtualConnect {
  return { userName, password: Buffer.from(password) };
}

describe('authentication in the broker', () => {
  test('whoever is not known is refused in the words of its version, and told no more', async () => {
    const broker = await VirtualBroker.start({ authenticators: [one] });
    assert.equal(broker.connect('a', credentials('ann', 'right')).connack.reasonCode, ReasonCode.success);
    const refused = broker.connect('b', credentials('ann', 'wrong')).connack;
    expect(refused).toMatchObject({ reasonCode: ReasonCode.notAuthorized, properties: {} });
    assert.doesNotMatch(JSON.stringify(refused), /wrong|one/);
    assert.equal(broker.connect('c', credentials('bob', 'right')).connack.reasonCode, ReasonCode.notAuthorized);
    assert.equal(broker.connect('d').connack.reasonCode, ReasonCode.notAuthorized);
    const old = broker.connect('e', { ...credentials('ann', 'wrong'), protocolVersion: 4 }).connack;
    assert.equal(old.reasonCode, ReasonCode.notAuthorized);
    await broker.stop();
  });

  test('passwords are in no line of the log', async () => {
    const broker = await VirtualBroker.start({ authenticators: [one] });
    broker.connect('a', credentials('ann', 'hunter2'));
    broker.connect('b', credentials('bob', 'hunter2'));
    broker.advance(2000);
    broker.connect('c', credentials(`eyJhbGciOi.${'x'.repeat(200)}.hunter2`, ''));
    const lines = JSON.stringify(broker.takeLog());
    assert.match(lines, /a login has failed/);
    assert.doesNotMatch(lines, /hunter2/);
    await broker.stop();
  });

  test('the log says why nobody could be asked; the client has not failed', async () => {
    const down: Authenticator = {
      name: 'http http://id.plant',
      authenticate: () => ({ kind: 'deny', reasonCode: ReasonCode.serverUnavailable, message: 'no answer came' }),
    };
    const broker = await VirtualBroker.start({ authenticators: [down], login: { backOff: { nameFailures: 1 } } });
    const codes = [1, 2, 3].map(() => broker.connect('a', credentials('ann', 'right')).connack.reasonCode);
    assert.deepEqual(codes, Array(3).fill(ReasonCode.serverUnavailable));
    const lines = broker.takeLog().filter(({ message }) => message === 'a login could not be looked at');
    expect(lines).toMatchObject([
      { level: 'warn', fields: { client: 'a', user: 'ann', by: 'http http://id.plant', reason: 'no answer came' } },
    ]);
    await broker.stop();
  });

  test('guessing is slowed down, by name and by address; the right password has to wait as well', async () => {
    let asked = 0;
    const counting = counted(() => asked++);
    const broker = await VirtualBroker.start({
      authenticators: [counting],
      login: { backOff: { nameFailures: 3, addressFailures: 50 } },
    });
    const codes = Array.from({ length: 10 }, () => broker.connect('x', credentials('ann', 'guess')).connack.reasonCode);
    assert.deepEqual(codes.slice(0, 4), Array(4).fill(ReasonCode.notAuthorized));
    assert.deepEqual(codes.slice(4), Array(6).fill(ReasonCode.serverBusy));
    assert.equal(asked, 4);
    assert.equal(broker.connect('x', credentials('ann', 'right')).connack.reasonCode, ReasonCode.serverBusy);
    broker.advance(1001);
    assert.equal(broker.connect('x', credentials('ann', 'right')).connack.reasonCode, ReasonCode.success);
    await broker.stop();
  });

  test('trying a thousand names from one address costs a look at few of them', async () => {
    let asked = 0;
    const counting = counted(() => asked++);
    const broker = await VirtualBroker.start({ authenticators: [counting] });
    for (let at = 0; at < 1000; at++) broker.connect('x', credentials(`user${at}`, 'password'));
    assert.ok(asked <= 22, String(asked));
    await broker.stop();
  });

  test('clients that flap are kept out for a while', async () => {
    const login = { flapping: { maximumEnds: 3, windowSeconds: 60, banSeconds: 30 } };
    const broker = await VirtualBroker.start({ login });
    for (let time = 0; time < 3; time++) broker.connect('flapper').cut();
    assert.equal(broker.connect('flapper').connack.reasonCode, ReasonCode.banned);
    assert.equal(broker.connect('other').connack.reasonCode, ReasonCode.success);
    for (let time = 0; time < 5; time++) broker.connect('orderly').disconnect();
    assert.equal(broker.connect('orderly').connack.reasonCode, ReasonCode.success);
    broker.advance(30_001);
    assert.equal(broker.connect('flapper').connack.reasonCode, ReasonCode.success);
    await broker.stop();
  });

  test('a client that waits for its answer may go away meanwhile', async () => {
    let answer: (() => void) | undefined;
    const slow: Authenticator = {
      name: 'slow',
      authenticate: () => new Promise((resolve) => (answer = () => resolve({ kind: 'allow' }))),
    };
    const broker = await VirtualBroker.start({ authenticators: [slow] });
    const client = broker.raw();
    const { connectPacket } = await import('@busbar/testkit');
    client.send(connectPacket({ clientIdentifier: 'a', userName: 'u' }));
    broker.run();
    client.transport.end();
    broker.run();
    answer?.();
    await new Promise((resolve) => setImmediate(resolve));
    broker.run();
    assert.equal(broker.broker.stats().clients, 0);
    await broker.stop();
  });

  test.each(['allow', 'deny'] as const)('all it has sent in one go is read once it is in: %s', async (kind) => {
    let answer: (() => void) | undefined;
    const message = 'a stranger';
    const slow: Authenticator = {
      name: 'slow',
      authenticate: ({ userName }) =>
        userName === undefined
          ? { kind: 'allow' }
          : new Promise((resolve) => (answer = () => resolve(kind === 'allow' ? { kind } : { kind, message }))),
    };
    const broker = await VirtualBroker.start({ authenticators: [slow] });
    const watcher = broker.connect('watcher');
    watcher.subscribe('#');
    const { connectPacket, publishPacket, willMessage } = await import('@busbar/testkit');
    const client = broker.raw();
    const will = willMessage('will', { payload: Buffer.from('lost') });
    client.send(connectPacket({ clientIdentifier: 'a', userName: 'u', will }), publishPacket('t', 'heard'));
    client.transport.end();
    broker.run();
    assert.equal(broker.broker.stats().clients, 1);
    answer?.();
    await new Promise((resolve) => setImmediate(resolve));
    broker.run();
    assert.deepEqual(watcher.texts(), kind === 'allow' ? ['heard', 'lost'] : []);
    assert.deepEqual([broker.broker.stats().clients, broker.broker.stats().connections], [1, 1]);
    await broker.stop();
  });
});

describe('who a client is, for the rules', () => {
  test('groups of an authenticator and claims of a token count', async () => {
    const broker = await VirtualBroker.start({
      authenticators: [jsonWebToken({ algorithms: ['HS256'], secret }), one],
      authorization: {
        rules: [
          { allow: 'all', topics: 'staff/#', groups: 'staff' },
          { allow: 'all', topics: 'north/#', claims: { site: 'north' } },
        ],
      },
    });
    const ann = broker.connect('a', credentials('ann', 'right'));
    assert.deepEqual(ann.subscribe('staff/#').reasonCodes, [0]);
    assert.deepEqual(ann.subscribe('north/#').reasonCodes, [ReasonCode.notAuthorized]);
    const token = await new SignJWT({ sub: 'zoe', site: 'north', subscribe: ['own/%u'] })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1h')
      .sign(Buffer.from(secret));
    const raw = broker.raw();
    const { connectPacket } = await import('@busbar/testkit');
    raw.send(connectPacket({ clientIdentifier: 'z', userName: 'ignored', password: Buffer.from(token) }));
    broker.run();
    await vi.waitFor(() => {
      broker.run();
      assert.equal(broker.broker.stats().clients, 2);
    });
    raw.takeAll();
    const { subscribePacket } = await import('@busbar/testkit');
    for (const [topicFilter, code] of [
      ['north/#', 0],
      ['own/zoe', 0],
      ['own/ignored', ReasonCode.notAuthorized],
      ['staff/#', ReasonCode.notAuthorized],
    ] as const) {
      raw.send(subscribePacket(1, topicFilter));
      broker.run();
      expect(raw.take()).toMatchObject({ reasonCodes: [code] });
    }
    await broker.stop();
  });

  test('the connection ends when the token does', async () => {
    const validUntil = Date.now() + 60_000;
    const brief: Authenticator = { name: 'brief', authenticate: () => ({ kind: 'allow', grant: { validUntil } }) };
    const broker = await VirtualBroker.start({ authenticators: [brief] });
    const client = broker.connect('a', { keepAlive: 0 });
    broker.advance(58_000);
    assert.equal(client.isClosed, false);
    broker.advance(3000);
    expect(client.takeAll()).toMatchObject([{ reasonCode: ReasonCode.notAuthorized }]);
    assert.equal(client.isClosed, true);
    await broker.stop();
  });
});

describe('replacing users', () => {
  test('those that are gone are disconnected with 0x87, the others stay', async () => {
    const broker = await VirtualBroker.start({ authenticators: [one] });
    const ann = broker.connect('a', credentials('ann', 'right'));
    broker.broker.replaceAuthentication({ authenticators: [one] });
    broker.run();
    assert.equal(ann.isClosed, false);
    const nobody = passwordFile({ file: 'empty', text: '' });
    broker.broker.replaceAuthentication({ authenticators: [nobody] });
    broker.run();
    expect(ann.takeAll()).toMatchObject([{ reasonCode: ReasonCode.notAuthorized }]);
    assert.equal(ann.isClosed, true);
    assert.equal(broker.connect('a', credentials('ann', 'right')).connack.reasonCode, ReasonCode.notAuthorized);
    await broker.stop();
  });
});

describe('anonymous clients', () => {
  test.each([
    [[], {}, true],
    [[{ host: '127.0.0.1', port: 0 }], {}, true],
    [[{ host: '0.0.0.0', port: 0 }], {}, false],
    [[{ host: '0.0.0.0', port: 0 }], { allowAnonymous: true }, true],
    [[], { authenticators: [one] }, false],
    [[], { authenticators: [one], allowAnonymous: true }, true],
    [[], { allowAnonymous: false }, false],
  ])('listeners %j, %j: %s', async (listeners, options, isIn) => {
    const broker = await VirtualBroker.start({ listeners, ...options });
    const { reasonCode } = broker.connect('a').connack;
    assert.equal(reasonCode, isIn ? ReasonCode.success : ReasonCode.notAuthorized);
    await broker.stop();
  });
});

describe('a user name that no client can have', () => {
  const unusable: [string, string, RegExp][] = [
    ['with U+0000', 'ad\0min', /U\+0000 or a lone surrogate in it: "ad\\u0000min"/],
    ['with a lone surrogate', 'a\ud800', /U\+0000 or a lone surrogate in it: "a\\ud800"/],
    ['that is empty', '', /it is empty, which is none/],
    ['that is too long', 'x'.repeat(65_536), /it has 65536 bytes, MQTT carries 65535/],
  ];

  test.each(unusable)(
    '%s lets nobody in, whoever gives it, and one line of the log says what came',
    async (_, userName, why) => {
      const given: Authenticator = { name: 'given', authenticate: () => ({ kind: 'allow', grant: { userName } }) };
      const ways: [string, BrokerOptions, VirtualConnect][] = [
        ['given', { authenticators: [given] }, {}],
        ["hook 'h'", { hooks: [{ name: 'h', authenticate: given.authenticate }] }, {}],
        [
          'M',
          {
            authenticationMethods: [{ name: 'M', begin: () => ({ next: () => ({ kind: 'accept', userName }) }) }],
          },
          { properties: { authenticationMethod: 'M' } },
        ],
      ];
      for (const [by, options, connect] of ways) {
        const broker = await VirtualBroker.start(options);
        assert.equal(broker.connect('a', connect).connack.reasonCode, ReasonCode.notAuthorized);
        const lines = broker.takeLog().filter(({ level }) => level === 'warn');
        expect(lines).toMatchObject([
          { message: 'a login has failed', fields: { by, reason: expect.stringMatching(why) } },
        ]);
        await broker.stop();
      }
    },
  );

  test('comes from a token as little, nor does a Client Identifier that is empty', async () => {
    const authenticators = [jsonWebToken({ algorithms: ['HS256'], secret, clientIdentifierClaim: 'client' })];
    const broker = await VirtualBroker.start({ authenticators });
    const sign = (claims: object): Promise<string> =>
      new SignJWT({ exp: 4_000_000_000, ...claims }).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(secret));
    const codeOf = async (clientIdentifier: string, claims: object): Promise<ReasonCode> => {
      const client = broker.raw(5);
      const password = Buffer.from(await sign(claims));
      client.send(connectPacket({ clientIdentifier, userName: 'x', password }));
      return vi.waitFor(() => {
        broker.run();
        const answer = client.take();
        return answer?.type === PacketType.connack ? answer.reasonCode : assert.fail('no CONNACK yet');
      });
    };
    assert.equal(await codeOf('a', { sub: 'ann', client: 'a' }), ReasonCode.success);
    assert.equal(await codeOf('b', { sub: 'a\0nn', client: 'b' }), ReasonCode.notAuthorized);
    assert.equal(await codeOf('', { sub: 'ann', client: '' }), ReasonCode.notAuthorized);
    await broker.stop();
  });
});
