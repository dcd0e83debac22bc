import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { connectPacket } from '@busbar/testkit';
import { test } from 'vitest';
import type { AuthenticationMethod, AuthenticationStep } from '../../src/index.ts';
import { VirtualBroker } from '../virtual-broker.ts';

/** Authenticates a client that is in already, with a method that then does this. @returns What the client is told. */
async function authenticateAgain(then: () => AuthenticationStep | Promise<AuthenticationStep>): Promise<ReasonCode> {
  let isFirst = true;
  const next = (): AuthenticationStep | Promise<AuthenticationStep> => {
    if (!isFirst) return then();
    isFirst = false;
    return { kind: 'accept' };
  };
  const method: AuthenticationMethod = { name: 'M', begin: () => ({ next }) };
  const broker = await VirtualBroker.start({ authenticationMethods: [method] });
  const properties = { authenticationMethod: 'M' };
  const client = broker.connect('c', { properties });
  client.send({ type: PacketType.auth, reasonCode: ReasonCode.reAuthenticate, properties });
  await new Promise((resolve) => setImmediate(resolve));
  broker.run();
  const disconnect = client.take();
  assert.equal(client.isClosed, true);
  return disconnect?.type === PacketType.disconnect ? disconnect.reasonCode : assert.fail('no DISCONNECT');
}

test('a method that fails while a client authenticates again ends that connection and nothing else', async () => {
  const reasonCode = await authenticateAgain(() => Promise.reject(new Error('out of order')));
  assert.equal(reasonCode, ReasonCode.unspecifiedError);
});

test('a refusal that DISCONNECT has no word for ends the connection all the same', async () => {
  const refuse: AuthenticationStep = { kind: 'refuse', reasonCode: ReasonCode.badUserNameOrPassword, message: 'no' };
  assert.equal(await authenticateAgain(() => refuse), ReasonCode.unspecifiedError);
  assert.equal(await authenticateAgain(() => Promise.resolve(refuse)), ReasonCode.unspecifiedError);
});

test('a method that fails before the client is in ends that connection with an answer, whichever way it fails', async () => {
  const ways = [() => Promise.reject(new Error('out of order')), () => assert.fail('out of order')];
  for (const next of ways) {
    const method: AuthenticationMethod = { name: 'M', begin: () => ({ next }) };
    const broker = await VirtualBroker.start({ authenticationMethods: [method] });
    const client = broker.raw(5);
    client.send(connectPacket({ properties: { authenticationMethod: 'M' } }));
    broker.run();
    await new Promise((resolve) => setImmediate(resolve));
    broker.run();
    const connack = client.take();
    assert.equal(connack?.type === PacketType.connack && connack.reasonCode, ReasonCode.serverUnavailable);
    assert.equal(client.isClosed, true);
  }
});

/** A client that has come in, and then authenticated again. */
async function twice(first: Accepted, second: Accepted) {
  const steps = [first, second];
  const next = (): AuthenticationStep => ({ kind: 'accept', ...steps.shift() });
  const broker = await VirtualBroker.start({
    authenticationMethods: [{ name: 'M', begin: () => ({ next }) }],
  });
  const properties = { authenticationMethod: 'M' };
  const client = broker.connect('c', { properties, keepAlive: 0 });
  client.send({ type: PacketType.auth, reasonCode: ReasonCode.reAuthenticate, properties });
  return { broker, client, answer: client.take() };
}

type Accepted = Omit<Extract<AuthenticationStep, { kind: 'accept' }>, 'kind'>;

test('whoever authenticates again as another user is told no, and goes: its rights and session are of the first', async () => {
  for (const second of [{ userName: 'bob' }, { grant: { userName: 'bob' } }]) {
    const { answer, client } = await twice({ userName: 'ann' }, second);
    assert.equal(answer?.type === PacketType.disconnect && answer.reasonCode, ReasonCode.notAuthorized);
    assert.equal(client.isClosed, true);
  }
  for (const second of [{ userName: 'ann' }, {}]) {
    const { answer, client } = await twice({ userName: 'ann' }, second);
    assert.equal(answer?.type === PacketType.auth && answer.reasonCode, ReasonCode.success);
    assert.equal(client.isClosed, false);
  }
});

test('what is shown to authenticate again counts from then on, and ends when it ends', async () => {
  const until = (seconds: number) => ({ grant: { validUntil: Date.now() + seconds * 1000 } });
  const { broker, client } = await twice(until(10), until(3600));
  broker.advance(60_000);
  assert.equal(client.isClosed, false);
  broker.advance(3_600_000);
  const last = client.take();
  assert.equal(last?.type === PacketType.disconnect && last.reasonCode, ReasonCode.notAuthorized);
});
