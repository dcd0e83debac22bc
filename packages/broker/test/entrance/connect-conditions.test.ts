import assert from 'node:assert/strict';
import { type ConnectPacket, PacketType, type ProtocolVersion } from '@busbar/codec';
import { connectPacket, RawClient } from '@busbar/testkit';
import { dialTcp } from '@busbar/transport';
import { expect, onTestFinished, test } from 'vitest';
import { createBroker, type ListenerOptions } from '../../src/index.ts';

const HOST = '127.0.0.1';

async function start(listener: ListenerOptions): Promise<(packet: Partial<ConnectPacket>) => Promise<unknown>> {
  const broker = await createBroker({ listeners: [{ host: HOST, port: 0, ...listener }], allowAnonymous: true });
  onTestFinished(() => broker.stop());
  return async (packet) => {
    const version: ProtocolVersion = packet.protocolVersion ?? 5;
    const client = new RawClient(await dialTcp({ host: HOST, port: broker.listeners[0]?.port ?? 0 }), version);
    client.send(connectPacket(packet));
    const answer = await client.next();
    assert.equal(answer.type, PacketType.connack);
    if (answer.type !== PacketType.connack) return undefined;
    onTestFinished(() => client.transport.destroy());
    return [answer.reasonCode, answer.properties.assignedClientIdentifier?.slice(0, 6)];
  };
}

test('a listener speaks the versions that it is told to, and says so to others', async () => {
  const knock = await start({ protocolVersions: [4, 5] });
  expect(await knock({ protocolVersion: 3 })).toEqual([0x84, undefined]);
  expect(await knock({ protocolVersion: 4 })).toEqual([0, undefined]);
  const newest = await start({ protocolVersions: [5] });
  expect(await newest({ protocolVersion: 4 })).toEqual([0x84, undefined]);
  expect(await newest({ protocolVersion: 5 })).toEqual([0, undefined]);
  await expect(start({ protocolVersions: [6 as 5] })).rejects.toThrow(/protocolVersions must be 3 to 5, not 6/);
});

test('identifiers that it assigns begin as it is told, or it assigns none', async () => {
  const knock = await start({ assignedIdentifierPrefix: 'plant-' });
  expect(await knock({ clientIdentifier: '' })).toEqual([0, 'plant-']);
  const strict = await start({ allowEmptyClientIdentifier: false });
  expect(await strict({ clientIdentifier: '' })).toEqual([0x80, undefined]);
  expect(await strict({ clientIdentifier: '', protocolVersion: 4 })).toEqual([0x85, undefined]);
  expect(await strict({ clientIdentifier: 'a', protocolVersion: 4 })).toEqual([0, undefined]);
});

test('the user name is the Client Identifier where it is told so', async () => {
  const knock = await start({ useUserNameAsClientIdentifier: true });
  expect(await knock({ clientIdentifier: 'a' })).toEqual([0x87, undefined]);
  expect(await knock({ clientIdentifier: '', userName: 'ann', protocolVersion: 4 })).toEqual([0, undefined]);
  expect(await knock({ clientIdentifier: 'x', userName: 'ann' })).toEqual([0, undefined]);
});

test('MQTT-3.2.2-16 who left its name to the server is told it, also when that is its user name', async () => {
  const knock = await start({ useUserNameAsClientIdentifier: true });
  expect(await knock({ clientIdentifier: '', userName: 'ann' })).toEqual([0, 'ann']);
});
