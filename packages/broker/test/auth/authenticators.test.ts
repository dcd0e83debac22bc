import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ReasonCode, UsageError } from '@busbar/codec';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { afterEach, describe, onTestFinished, test } from 'vitest';
import type { Authenticator, ChainAnswer, Credentials } from '../../src/auth/authenticator.ts';
import { AuthenticatorChain } from '../../src/auth/authenticator-chain.ts';
import { BoundedWork, TooMuchWork } from '../../src/auth/bounded-work.ts';
import { httpHook } from '../../src/auth/http-hook.ts';
import { jsonWebToken } from '../../src/auth/json-web-token.ts';

function credentials(given: Partial<Credentials> & { text?: string } = {}): Credentials {
  const { text, ...rest } = given;
  const password = text === undefined ? undefined : Buffer.from(text);
  return { clientIdentifier: 'c', userName: undefined, password, address: '10.0.0.1', certificate: undefined, ...rest };
}

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('AuthenticatorChain', () => {
  const says = (name: string, answer: ChainAnswer, isLate = false): Authenticator => ({
    name,
    authenticate: () => (isLate ? Promise.resolve(answer) : answer),
  });
  const allow: ChainAnswer = { kind: 'allow' };
  const deny: ChainAnswer = { kind: 'deny', message: 'no' };
  const next: ChainAnswer = { kind: 'next' };

  test.each([
    ['the first that knows decides', [says('a', next), says('b', allow), says('c', deny)], 'allow b'],
    ['also when answers take their time', [says('a', next, true), says('b', deny, true), says('c', allow)], 'deny b'],
    ['nobody knows the client', [says('a', next), says('b', next, true)], 'deny allowAnonymous'],
  ])('%s', async (_name, authenticators, expected) => {
    const chain = new AuthenticatorChain({ authenticators, allowAnonymous: false });
    const { kind, by } = await chain.ask(credentials({ userName: 'x', text: 'y' }));
    assert.equal(`${kind} ${by}`, expected);
  });

  test('anonymous clients come in when they may, and after everybody had a look', async () => {
    const ask = async (allowAnonymous: boolean, authenticators: Authenticator[], given = {}) =>
      (await new AuthenticatorChain({ authenticators, allowAnonymous }).ask(credentials(given))).kind;
    assert.equal(await ask(true, [says('a', next)]), 'allow');
    assert.equal(await ask(false, [says('a', next)]), 'deny');
    assert.equal(await ask(true, [says('a', deny)]), 'deny');
    assert.equal(await ask(true, [says('a', next)], { userName: 'x' }), 'deny');
    assert.equal(await ask(true, [], { userName: 'x', text: 'y' }), 'allow');
    assert.equal(await ask(false, [], { userName: 'x', text: 'y' }), 'deny');
  });
});

describe('BoundedWork', () => {
  test('so much runs at a time, so much waits, the rest is refused', async () => {
    const work = new BoundedWork(2, 3);
    let running = 0;
    let most = 0;
    const piece = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    };
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => work.run(piece)));
    assert.equal(most, 2);
    assert.deepEqual(
      results.map(({ status }) => status === 'fulfilled'),
      [true, true, true, true, true, false, false, false],
    );
    assert.ok(results[7]?.status === 'rejected' && results[7].reason instanceof TooMuchWork);
    await work.run(piece);
  });

  test('a piece that fails gives its place back', async () => {
    const work = new BoundedWork(1, 10);
    await Promise.allSettled(Array.from({ length: 5 }, () => work.run(() => Promise.reject(new Error('no')))));
    assert.equal(await work.run(async () => 7), 7);
  });
});

describe('jsonWebToken', () => {
  const secret = 'x'.repeat(32);
  const sign = (
    claims: Record<string, unknown>,
    key: string | Parameters<SignJWT['sign']>[0] = secret,
    alg = 'HS256',
    expires = '1h',
  ) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg, kid: 'k1' })
      .setExpirationTime(expires)
      .sign(typeof key === 'string' ? Buffer.from(key) : key);
  const kindOf = async (authenticator: Authenticator, text: string, given: Partial<Credentials> = {}) =>
    (await authenticator.authenticate(credentials({ userName: 'u', text, ...given }))).kind;

  test('a good token gives user name, groups, claims, permissions and its end', async () => {
    const authenticator = jsonWebToken({ algorithms: ['HS256'], secret });
    const token = await sign({
      sub: 'filler',
      groups: ['machines'],
      publish: ['up/%c'],
      site: 'north',
      deep: { x: 1 },
    });
    const answer = await authenticator.authenticate(credentials({ text: token }));
    assert.ok(answer.kind === 'allow');
    const { userName, groups, permissions, claims, validUntil } = answer.grant ?? {};
    assert.deepEqual([userName, groups, permissions?.publish], ['filler', ['machines'], ['up/%c']]);
    assert.deepEqual(
      { ...claims, exp: 0 },
      { sub: 'filler', groups: ['machines'], publish: ['up/%c'], site: 'north', exp: 0 },
    );
    assert.ok((validUntil ?? 0) > Date.now() + 3_000_000);
  });

  test('a file of keys has those of several algorithms; one without a key that can be used is refused at once', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'busbar-jwks-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const jwksFile = path.join(folder, 'jwks.json');
    const [rsa, ec] = [await generateKeyPair('RS256'), await generateKeyPair('ES256')];
    const known = await Promise.all([rsa, ec].map(({ publicKey }) => exportJWK(publicKey)));
    const keys = [{ kty: 'unheard of' }, ...known.map((key) => ({ ...key, kid: 'k1' }))];
    writeFileSync(jwksFile, JSON.stringify({ keys }));
    const authenticator = jsonWebToken({ algorithms: ['RS256', 'ES256'], jwksFile });
    assert.equal(await kindOf(authenticator, await sign({ sub: 'a' }, rsa.privateKey, 'RS256')), 'allow');
    assert.equal(await kindOf(authenticator, await sign({ sub: 'a' }, ec.privateKey, 'ES256')), 'allow');
    for (const useless of [[], [{ kty: 'RSA' }], [{ kty: 'oct', k: 'AAAA' }]]) {
      writeFileSync(jwksFile, JSON.stringify({ keys: useless }));
      const make = () => jsonWebToken({ algorithms: ['RS256'], jwksFile });
      assert.throws(make, { code: 'invalid-authenticator', message: /jwks\.json has no public key that can be used$/ });
    }
  });

  test('a token that names no key is tried with all that may be it, as while they change', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'busbar-jwks-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const jwksFile = path.join(folder, 'jwks.json');
    const [old, next, other] = await Promise.all([1, 2, 3].map(() => generateKeyPair('RS256')));
    assert.ok(old && next && other);
    const keys = await Promise.all(
      [old, next].map(async ({ publicKey }, n) => ({ ...(await exportJWK(publicKey)), kid: `${n}` })),
    );
    writeFileSync(jwksFile, JSON.stringify({ keys }));
    const authenticator = jsonWebToken({ algorithms: ['RS256'], jwksFile });
    const signed = (by: typeof old, expires: string) =>
      new SignJWT({ sub: 'a' }).setProtectedHeader({ alg: 'RS256' }).setExpirationTime(expires).sign(by.privateKey);
    assert.equal(await kindOf(authenticator, await signed(old, '1h')), 'allow');
    assert.equal(await kindOf(authenticator, await signed(next, '1h')), 'allow');
    assert.equal(await kindOf(authenticator, await signed(next, '-1h')), 'deny');
    const forged = await authenticator.authenticate(credentials({ userName: 'u', text: await signed(other, '1h') }));
    assert.ok(forged.kind === 'deny' && forged.reasonCode === ReasonCode.notAuthorized, JSON.stringify(forged));
  });

  test('a token that has expired within the tolerance counts until that is over', async () => {
    const authenticator = jsonWebToken({ algorithms: ['HS256'], secret, clockToleranceSeconds: 600 });
    const token = await sign({ sub: 'filler' }, secret, 'HS256', '10 seconds ago');
    const answer = await authenticator.authenticate(credentials({ text: token }));
    assert.ok(answer.kind === 'allow');
    const left = (answer.grant?.validUntil ?? 0) - Date.now();
    assert.ok(left > 500_000 && left < 600_000, `${left}`);
  });

  test('forged, expired, unsigned, unfit tokens are refused; what is no token is left to others', async () => {
    const options = { algorithms: ['HS256'], secret, issuer: 'plant', audience: 'mqtt', clientIdentifierClaim: 'cid' };
    const authenticator = jsonWebToken(options);
    const good = { sub: 'u', iss: 'plant', aud: 'mqtt', cid: 'c' };
    assert.equal(await kindOf(authenticator, await sign(good)), 'allow');
    assert.equal(await kindOf(authenticator, await sign(good, 'y'.repeat(32))), 'deny');
    assert.equal(await kindOf(authenticator, await sign(good, secret, 'HS512')), 'deny');
    assert.equal(await kindOf(authenticator, await sign(good, secret, 'HS256', '-1h')), 'deny');
    assert.equal(await kindOf(authenticator, await sign({ ...good, iss: 'else' })), 'deny');
    assert.equal(await kindOf(authenticator, await sign({ ...good, aud: 'else' })), 'deny');
    assert.equal(await kindOf(authenticator, await sign({ ...good, sub: '' })), 'deny');
    assert.equal(await kindOf(authenticator, await sign(good), { clientIdentifier: 'other' }), 'deny');
    const [, body = ''] = (await sign(good)).split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    assert.equal(await kindOf(authenticator, `${none}.${body}.AA`), 'deny');
    assert.equal(await kindOf(authenticator, `${none}.${body}.`), 'next');
    assert.equal(await kindOf(authenticator, 'secret'), 'next');
  });

  test('a public key is no shared secret', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const pem = await exportSPKI(publicKey);
    const authenticator = jsonWebToken({ algorithms: ['RS256'], publicKey: pem });
    assert.equal(await kindOf(authenticator, await sign({ sub: 'u' }, privateKey, 'RS256')), 'allow');
    assert.equal(await kindOf(authenticator, await sign({ sub: 'u' }, pem)), 'deny');
    assert.throws(() => jsonWebToken({ algorithms: ['RS256', 'HS256'], publicKey: pem }), UsageError);
    assert.throws(() => jsonWebToken({ algorithms: ['none'], publicKey: pem }), UsageError);
    assert.throws(() => jsonWebToken({ algorithms: ['HS256'], secret: 'short' }), UsageError);
  });

  test('keys come from a URL; when they do not, nobody comes in', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] };
    let status = 500;
    const url = await serve((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(keys));
    });
    const token = await sign({ sub: 'u' }, privateKey, 'ES256');
    const failing = jsonWebToken({ algorithms: ['ES256'], jwksUrl: url });
    const answer = await failing.authenticate(credentials({ text: token }));
    assert.ok(answer.kind === 'deny' && answer.reasonCode === ReasonCode.serverUnavailable, JSON.stringify(answer));
    assert.match(answer.message, /^the keys cannot be had: /);
    status = 200;
    assert.equal(await kindOf(jsonWebToken({ algorithms: ['ES256'], jwksUrl: url }), token), 'allow');
  });

  test('keys that are new count at once; tokens that name keys at random do not ask for each', async () => {
    const pairs = await Promise.all(['k1', 'k2'].map(() => generateKeyPair('ES256', { extractable: true })));
    let kid = 'k1';
    let asked = 0;
    const url = await serve(async (_request, response) => {
      asked++;
      const jwk = await exportJWK((pairs[kid === 'k1' ? 0 : 1] as (typeof pairs)[0]).publicKey);
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ keys: [{ ...jwk, kid, alg: 'ES256' }] }));
    });
    const authenticator = jsonWebToken({ algorithms: ['ES256'], jwksUrl: url });
    const signed = (name: string, key: (typeof pairs)[0] | undefined) =>
      new SignJWT({ sub: 'u' })
        .setProtectedHeader({ alg: 'ES256', kid: name })
        .setExpirationTime('1h')
        .sign((key as (typeof pairs)[0]).privateKey);
    assert.equal(await kindOf(authenticator, await signed('k1', pairs[0])), 'allow');
    kid = 'k2';
    assert.equal(await kindOf(authenticator, await signed('k2', pairs[1])), 'allow');
    assert.equal(await kindOf(authenticator, await signed('k1', pairs[0])), 'deny');
    for (let at = 0; at < 30; at++) await kindOf(authenticator, await signed(`random-${at}`, pairs[0]));
    assert.ok(asked < 10, `${asked}`);
  });
});

describe('httpHook', () => {
  async function hook(status: number, body: unknown, options = {}): Promise<{ hook: Authenticator; asked: string[] }> {
    const asked: string[] = [];
    const url = await serve((request, response) => {
      let text = '';
      request.on('data', (chunk) => (text += chunk));
      request.on('end', () => {
        asked.push(text);
        response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
      });
    });
    return { hook: httpHook({ url, ...options }), asked };
  }
  const client = credentials({ userName: 'ann', text: 'secret' });

  test('the service gets the credentials, and says who it is', async () => {
    const answer = {
      result: 'allow',
      userName: 'Ann',
      groups: ['ops'],
      claims: { a: 1, b: {} },
      permissions: { publish: ['x'] },
    };
    const { hook: authenticator, asked } = await hook(200, answer);
    const said = await authenticator.authenticate(client);
    assert.deepEqual(said, {
      kind: 'allow',
      grant: { userName: 'Ann', groups: ['ops'], claims: { a: 1 }, permissions: { publish: ['x'] } },
    });
    const question = {
      clientIdentifier: 'c',
      userName: 'ann',
      password: 'secret',
      address: '10.0.0.1',
      certificate: null,
    };
    assert.deepEqual(JSON.parse(asked[0] ?? ''), question);
  });

  test.each([
    [200, { result: 'deny' }, 'deny', ReasonCode.notAuthorized],
    [200, { result: 'next' }, 'next', undefined],
    [204, '', 'next', undefined],
    [401, '', 'deny', ReasonCode.notAuthorized],
    [403, 'no', 'deny', ReasonCode.notAuthorized],
    [200, '', 'deny', ReasonCode.serverUnavailable],
    [200, { result: 'yes' }, 'deny', ReasonCode.serverUnavailable],
    [200, { result: 'allow', userName: null }, 'allow', undefined],
    [200, { result: 'allow', userName: 7 }, 'deny', ReasonCode.serverUnavailable],
    [200, { result: 'allow', groups: null, claims: null, permissions: {} }, 'allow', undefined],
    [200, { result: 'allow', groups: 'ops' }, 'deny', ReasonCode.serverUnavailable],
    [200, { result: 'allow', groups: ['ops', 7] }, 'deny', ReasonCode.serverUnavailable],
    [200, { result: 'allow', claims: ['site'] }, 'deny', ReasonCode.serverUnavailable],
    [200, { result: 'allow', permissions: 'all' }, 'deny', ReasonCode.serverUnavailable],
    [200, { result: 'allow', permissions: { publish: '#' } }, 'deny', ReasonCode.serverUnavailable],
    [200, 'null', 'deny', ReasonCode.serverUnavailable],
    [200, `{"result":"allow","x":"${'x'.repeat(100_000)}"}`, 'deny', ReasonCode.serverUnavailable],
    [302, { result: 'allow' }, 'deny', ReasonCode.serverUnavailable],
    [500, { result: 'allow' }, 'deny', ReasonCode.serverUnavailable],
  ])('status %s with %j is %s', async (status, body, kind, reasonCode) => {
    const answer = await (await hook(status, body)).hook.authenticate(client);
    assert.equal(answer.kind, kind);
    assert.equal(answer.kind === 'deny' ? answer.reasonCode : undefined, reasonCode);
  });

  test('user name and password of a URL are shown in a header, not in its name', async () => {
    let shown: string | undefined;
    const url = await serve((request, response) => {
      shown = request.headers.authorization;
      request.resume().on('end', () => response.writeHead(200).end('{"result":"allow"}'));
    });
    const authenticator = httpHook({ url: url.replace('://', '://busbar:p%40ss@') });
    assert.equal((await authenticator.authenticate(client)).kind, 'allow');
    assert.equal(shown, `Basic ${Buffer.from('busbar:p@ss').toString('base64')}`);
    assert.doesNotMatch(authenticator.name, /p@ss|p%40ss/);
  });

  test('a service that is not there is told from others in the reason', async () => {
    const { hook: authenticator } = await hook(200, '');
    const nobody = createServer().listen(0, '127.0.0.1');
    await once(nobody, 'listening');
    const { port } = nobody.address() as AddressInfo;
    await new Promise((resolve) => nobody.close(resolve));
    const answer = await httpHook({ url: `http://127.0.0.1:${port}` }).authenticate(client);
    assert.ok(answer.kind === 'deny');
    assert.match(answer.message, /^no answer came: fetch failed: connect ECONNREFUSED/);
    const other = await authenticator.authenticate(client);
    assert.ok(other.kind === 'deny' && !other.message.includes('ECONNREFUSED'));
  });

  test('no answer in time lets nobody in', async () => {
    const url = await serve(() => {});
    const answer = await httpHook({ url, timeoutMs: 30 }).authenticate(client);
    assert.ok(answer.kind === 'deny' && answer.reasonCode === ReasonCode.serverUnavailable);
  });

  test('answers are remembered for a while, for the same credentials alone; failures are not', async () => {
    let now = 0;
    const asked: string[] = [];
    const statuses = [500, 200, 200, 200];
    const url = await serve((request, response) => {
      asked.push(request.url ?? '');
      request.resume().on('end', () => response.writeHead(statuses.shift() ?? 200).end('{"result":"allow"}'));
    });
    const authenticator = httpHook({ url, cacheSeconds: 10 }, () => now);
    const kindOf = async (given: Credentials) => (await authenticator.authenticate(given)).kind;
    assert.equal(await kindOf(client), 'deny');
    assert.equal(await kindOf(client), 'allow');
    assert.equal(await kindOf(client), 'allow');
    assert.equal(asked.length, 2);
    await kindOf(credentials({ userName: 'ann', text: 'other' }));
    assert.equal(asked.length, 3);
    now = 10_001;
    await kindOf(client);
    assert.equal(asked.length, 4);
  });

  test('what is no URL of a web service is refused at once', () => {
    assert.throws(() => httpHook({ url: 'file:///etc/passwd' }), UsageError);
  });
});
