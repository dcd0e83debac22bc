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
