import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { connectPacket, type PacketPattern, publishPacket } from '@busbar/testkit';
import { describe, test } from 'vitest';
import { LATER } from '../../src/connection/server-connection-owner.ts';
import { ServerHarness } from './server-harness.ts';

const PINGREQ = { type: PacketType.pingreq } as const;

function held(keepAlive = 0): ServerHarness {
  const harness = new ServerHarness(5);
  harness.connect({ keepAlive });
  harness.answer = ({ text }) => {
    if (text !== 'slow') return ReasonCode.success;
    harness.machine.holdInput();
    return LATER;
  };
  return harness;
}

const typesOf = (packets: readonly PacketPattern[]) => packets.map(({ type }) => type);

describe('while input is held', () => {
  test('nothing behind the packet is read, of its chunk and of others, until it goes on in order', () => {
    const harness = held();
    harness.receive(publishPacket('t', 'slow', { qos: 1, packetId: 1 }), publishPacket('t', '2'), PINGREQ);
    harness.receive(publishPacket('t', 'slow', { qos: 1, packetId: 3 }));
    harness.receive(publishPacket('t', '4', { qos: 1, packetId: 4 }));
    assert.deepEqual(
      harness.published.map(({ text }) => text),
      ['slow'],
    );
    assert.deepEqual(harness.sent(), []);
    assert.equal(harness.machine.wantsInput, false);

    harness.machine.acceptPublish(1, 1, ReasonCode.success);
    harness.machine.resumeInput(harness.now);
    assert.deepEqual(
      harness.published.map(({ text }) => text),
      ['slow', '2', 'slow'],
    );
    assert.deepEqual(typesOf(harness.sent()), [PacketType.puback, PacketType.pingresp]);

    harness.machine.acceptPublish(1, 3, ReasonCode.payloadFormatInvalid, 'no JSON');
    harness.machine.resumeInput(harness.now);
    const [refused, last, ...others] = harness.sent();
    assert.ok(refused?.type === PacketType.puback && last?.type === PacketType.puback);
    assert.deepEqual([refused.packetId, refused.reasonCode, refused.properties.reasonString], [3, 0x99, 'no JSON']);
    assert.deepEqual([last.packetId, last.reasonCode], [4, 0]);
    assert.deepEqual(others, []);
    assert.equal(harness.machine.wantsInput, true);
  });

  test('the client is not silent: its Keep Alive begins anew afterwards', () => {
    const harness = held(10);
    harness.receive(publishPacket('t', 'slow'));
    harness.advance(60_000);
    assert.equal(harness.machine.isConnected, true);
    harness.machine.resumeInput(harness.now);
    harness.advance(14_999);
    assert.equal(harness.machine.isConnected, true);
    harness.advance(1);
    assert.equal(harness.closing.cause, 'timeout');
  });

  test('the connection may be lost: what came before is read when it is let go, and nothing after it', () => {
    const harness = held();
    harness.receive(publishPacket('t', 'slow'), publishPacket('t', '2'));
    harness.machine.handleLost('gone', harness.now);
    assert.deepEqual(harness.closings, []);
    harness.machine.resumeInput(harness.now);
    harness.receive(publishPacket('t', '3'));
    assert.deepEqual(
      harness.published.map(({ text }) => text),
      ['slow', '2'],
    );
    assert.equal(harness.closing.cause, 'lost');
    assert.equal(harness.closings.length, 1);
  });

  test('a connection that is lost and ended by the server meanwhile ends once, and reads nothing more', () => {
    const harness = held();
    harness.receive(publishPacket('t', 'slow'), publishPacket('t', '2'));
    harness.machine.handleLost('gone', harness.now);
    harness.machine.disconnect(ReasonCode.sessionTakenOver, 'taken over');
    harness.machine.resumeInput(harness.now);
    assert.equal(harness.published.length, 1);
    assert.deepEqual(
      harness.closings.map(({ cause }) => cause),
      ['ended'],
    );
  });
});

describe('a connection that is lost while its CONNECT is being answered', () => {
  const goodbye = { type: PacketType.disconnect, reasonCode: 0, properties: {} } as const;

  test('what came behind the CONNECT is read when that is accepted: a client need not wait for its CONNACK', () => {
    const harness = new ServerHarness(5);
    harness.receive(connectPacket(), publishPacket('t', '1'));
    harness.receive(publishPacket('t', '2', { qos: 1, packetId: 1 }), goodbye);
    harness.machine.handleLost('gone', harness.now);
    assert.deepEqual(harness.closings, []);
    harness.accept();
    assert.deepEqual(
      harness.published.map(({ text }) => text),
      ['1', '2'],
    );
    assert.equal(harness.closing.cause, 'disconnected');
    assert.equal(harness.closings.length, 1);
  });

  test('without a DISCONNECT it ends as lost, with the Will', () => {
    const harness = new ServerHarness(5);
    harness.receive(connectPacket(), publishPacket('t', '1'));
    harness.machine.handleLost('gone', harness.now);
    harness.accept();
    assert.equal(harness.published.length, 1);
    assert.deepEqual([harness.closing.cause, harness.closing.message], ['lost', 'gone']);
  });

  test('of a client that is refused nothing is read', () => {
    const harness = new ServerHarness(5);
    harness.receive(connectPacket(), publishPacket('t', '1'));
    harness.machine.handleLost('gone', harness.now);
    harness.machine.refuseConnect(ReasonCode.notAuthorized, 'a stranger');
    assert.deepEqual(harness.published, []);
    assert.equal(harness.closing.reasonCode, ReasonCode.notAuthorized);
  });

  test('a client that has said nothing more has gone at once, and is not let in', () => {
    const harness = new ServerHarness(5);
    harness.receive(connectPacket());
    harness.machine.handleLost('gone', harness.now);
    assert.equal(harness.closing.cause, 'lost');
  });

  test('a client that would have to go on authenticating has gone', () => {
    const harness = new ServerHarness(5);
    const authenticationMethod = 'steps';
    const auth = { type: PacketType.auth, reasonCode: ReasonCode.continueAuthentication } as const;
    const connect = connectPacket({ properties: { authenticationMethod } });
    harness.receive(connect, { ...auth, properties: { authenticationMethod } });
    harness.machine.handleLost('gone', harness.now);
    harness.machine.continueAuthentication(ReasonCode.continueAuthentication, { authenticationMethod }, harness.now);
    assert.equal(harness.auths.length, 1);
    assert.equal(harness.closing.cause, 'lost');
    assert.equal(harness.closings.length, 1);
  });
});
