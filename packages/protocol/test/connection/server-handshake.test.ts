import assert from 'node:assert/strict';
import { encodePacket, PacketType, type ProtocolVersion, ReasonCode } from '@busbar/codec';
import { connectPacket, frame, hex, publishPacket, subscribePacket, toHex, willMessage } from '@busbar/testkit';
import { describe, test } from 'vitest';
import { LIMITS, ServerHarness } from './server-harness.ts';
import { writtenBytes } from './written.ts';

const VERSIONS: readonly ProtocolVersion[] = [3, 4, 5];

/** Everything that is sent to a client whose first bytes these are. */
function answerTo(bytes: Uint8Array): { answer: string; harness: ServerHarness } {
  const harness = new ServerHarness(5);
  harness.onConnect = () => harness.accept();
  harness.receiveBytes(bytes);
  return { answer: toHex(writtenBytes(harness.machine.output)), harness };
}

describe('CONNECT', () => {
  for (const version of VERSIONS) {
    test(`version ${version} is accepted with CONNACK, and what comes next is read`, () => {
      const harness = new ServerHarness(version);
      assert.equal(harness.machine.isConnected, false);
      const [connack, ...others] = harness.connect({ clientIdentifier: 'pump' });
      assert.ok(connack?.type === PacketType.connack && connack.reasonCode === ReasonCode.success);
      assert.deepEqual(others, []);
      assert.equal(harness.machine.version, version);
      harness.receive(subscribePacket(1, 'a/#'), { type: PacketType.pingreq });
      assert.equal(harness.subscribes.length, 1);
      assert.deepEqual(harness.sent(), [{ type: PacketType.pingresp }]);
    });
  }

  test('Session Present is told from 3.1.1 on [MQTT-3.2.2-3]', () => {
    for (const version of VERSIONS) {
      const [connack] = new ServerHarness(version).connect({}, true);
      assert.ok(connack?.type === PacketType.connack);
      assert.equal(connack.sessionPresent, version !== 3);
    }
  });

  test('a 5.0 client is told the limits that are tighter than the standard’s', () => {
    const [connack] = new ServerHarness(5).connect();
    const { receiveMaximum, topicAliasMaximum, maximumPacketSize } = LIMITS;
    assert.ok(connack?.type === PacketType.connack);
    assert.deepEqual(connack.properties, { receiveMaximum, topicAliasMaximum, maximumPacketSize });
    const wide = { receiveMaximum: 65_535, topicAliasMaximum: 0, maximumPacketSize: 268_435_460 };
    const [silent] = new ServerHarness(5, wide).connect();
    assert.deepEqual(silent?.type === PacketType.connack && silent.properties, {});
  });

  test('a CONNACK over the client’s Maximum Packet Size is not sent, nor anything else [MQTT-3.1.2-24]', () => {
    const harness = new ServerHarness(5);
    harness.onConnect = () => harness.accept();
    harness.receive(connectPacket({ properties: { maximumPacketSize: 5 } }));
    assert.deepEqual(harness.sent(), []);
    assert.equal(harness.closing.reasonCode, ReasonCode.packetTooLarge);
    assert.match(harness.closing.message, /^CONNACK has \d+ bytes, the client takes 5$/);
  });

  test('a refusal over the client’s Maximum Packet Size is not sent, and keeps its reason [MQTT-3.1.2-24]', () => {
    const harness = new ServerHarness(5);
    harness.onConnect = () => harness.machine.refuseConnect(ReasonCode.banned, 'a word');
    harness.receive(connectPacket({ properties: { maximumPacketSize: 4 } }));
    assert.deepEqual(harness.sent(), []);
    assert.equal(harness.closing.reasonCode, ReasonCode.banned);
  });

  test('an answer over the client’s Maximum Packet Size ends the connection with 0x95 instead [MQTT-3.1.2-24]', () => {
    const harness = new ServerHarness(5);
    harness.connect({ properties: { maximumPacketSize: 30 } });
    harness.receive(subscribePacket(1, 'a'));
    harness.machine.acceptSubscribe(1, new Array(40).fill(ReasonCode.grantedQoS0));
    const [disconnect, ...others] = harness.sent();
    assert.ok(disconnect?.type === PacketType.disconnect && disconnect.reasonCode === ReasonCode.packetTooLarge);
    assert.deepEqual(others, []);
    assert.equal(harness.closing.cause, 'fault');
  });

  test('a second CONNECT is a Protocol Error, even one that no first CONNECT could be [MQTT-3.1.0-2]', () => {
    const connect = encodePacket(connectPacket(), 5);
    const ofAnotherProtocol = connect.with(6, 0x53);
    for (const second of [connect, ofAnotherProtocol, frame(0x1f, hex('00'))]) {
      const harness = new ServerHarness(5);
      harness.connect();
      harness.receiveBytes(second);
      const [disconnect, ...others] = harness.sent();
      assert.ok(disconnect?.type === PacketType.disconnect && disconnect.reasonCode === ReasonCode.protocolError);
      assert.deepEqual(others, []);
    }
  });

  test('a Reason Code that only CONNACK or only DISCONNECT has is told as an unspecified error', () => {
    const refused = new ServerHarness(5);
    refused.onConnect = () => refused.machine.refuseConnect(ReasonCode.keepAliveTimeout, 'a word');
    refused.receive(connectPacket());
    const [connack] = refused.sent();
    assert.ok(connack?.type === PacketType.connack && connack.reasonCode === ReasonCode.unspecifiedError);
    assert.equal(refused.closing.reasonCode, ReasonCode.keepAliveTimeout);

    const connected = new ServerHarness(5);
    connected.connect();
    connected.machine.disconnect(ReasonCode.badUserNameOrPassword, 'a word');
    const [disconnect] = connected.sent();
    assert.ok(disconnect?.type === PacketType.disconnect && disconnect.reasonCode === ReasonCode.unspecifiedError);
  });

  test('any other packet first ends the connection without a word [MQTT-3.1.0-1]', () => {
    for (const packet of [publishPacket('t'), { type: PacketType.pingreq }] as const) {
      const harness = new ServerHarness(4);
      harness.receive(packet, connectPacket({ protocolVersion: 4 }));
      assert.equal(harness.closing.cause, 'fault');
      assert.match(harness.closing.message, /expected CONNECT first, (PUBLISH|PINGREQ) came/);
      assert.deepEqual(harness.sent(), []);
      assert.equal(harness.connects.length, 0);
    }
  });

  test('what speaks something else is told apart by its first bytes', () => {
    for (const [bytes, name] of [
      ['"GET / HTTP/1.1" 0d 0a', 'an HTTP request'],
      ['"OPTIONS * HTTP/1.1" 0d 0a', 'an HTTP request'],
      ['16 03 01 02 00 01 00', 'a TLS handshake'],
      ['"AMQP" 00 00 09 01', 'PUBACK'],
      ['"SSH-2.0-OpenSSH_9.2"', 'PUBREC'],
      ['00', '(reserved)'],
      ['f0 ff', 'AUTH'],
    ] as const) {
      const { answer, harness } = answerTo(hex(bytes));
      assert.equal(answer, '');
      assert.equal(harness.closing.message, `expected CONNECT first, ${name} came [MQTT-3.1.0-1]`);
    }
  });

  test('a second one ends the connection; 5.0 hears 0x82 [MQTT-3.1.0-2]', () => {
    for (const version of VERSIONS) {
      const harness = new ServerHarness(version);
      harness.connect();
      harness.receive(connectPacket({ protocolVersion: version }));
      assert.equal(harness.closing.reasonCode, ReasonCode.protocolError);
      const { protocolError: reasonCode } = ReasonCode;
      const properties = { reasonString: harness.closing.message };
      const disconnect = { type: PacketType.disconnect, reasonCode, properties };
      assert.deepEqual(harness.sent(), version === 5 ? [disconnect] : []);
    }
  });
});

describe('a CONNECT that is none', () => {
  const CONNECT_5 = '00 04 "MQTT" 05';
  const CONNECT_4 = '00 04 "MQTT" 04';
  const REST = '00 3c 00 00 01 "a"';
  const cases: readonly [name: string, body: string, answer: string, reasonCode: ReasonCode][] = [
    ['a version of the future, in the form of 5.0', `00 04 "MQTT" 06 02 ${REST}`, '20 03 00 84 00', 0x84],
    ['a version of the past, in the form of 3.1.1', `00 04 "MQTT" 02 02 00 3c 00 01 "a"`, '20 02 00 01', 0x84],
    ['version 3 under the name MQTT', `00 04 "MQTT" 03 02 00 3c 00 01 "a"`, '20 02 00 01', 0x84],
    ['version 4 under the name MQIsdp', `00 06 "MQIsdp" 04 02 00 3c 00 01 "a"`, '20 02 00 01', 0x84],
    ['a protocol of another name', `00 04 "XMPP" 04 02 00 3c 00 01 "a"`, '', 0x84],
    ['5.0 with a reserved flag', `${CONNECT_5} 03 ${REST}`, '20 03 00 81 00', 0x81],
    ['5.0 that ends too early', `${CONNECT_5} 02 00`, '20 03 00 81 00', 0x81],
    [
      '5.0 with a property twice',
      `${CONNECT_5} 02 00 3c 0a 11 00 00 00 01 11 00 00 00 01 00 01 "a"`,
      '20 03 00 82 00',
      0x82,
    ],
    ['3.1.1 with a reserved flag', `${CONNECT_4} 03 00 3c 00 01 "a"`, '', 0x81],
    ['3.1.1 that ends too early', `${CONNECT_4} 02 00`, '', 0x81],
    ['nothing at all', '', '', 0x81],
  ];
  for (const [name, body, answer, reasonCode] of cases) {
    test(`${name}: ${answer === '' ? 'closed without a word' : answer}`, () => {
      const { answer: sent, harness } = answerTo(frame(0x10, hex(body)));
      assert.equal(sent, answer);
      assert.equal(harness.closing.cause, 'fault');
      assert.equal(harness.closing.reasonCode, reasonCode);
      assert.equal(harness.connects.length, 0);
    });
  }

  test('no part of a CONNECT packet is one, and none is answered with an acceptance', () => {
    const will = willMessage('w', { payload: Uint8Array.of(1), properties: { willDelayInterval: 3 } });
    const properties = { sessionExpiryInterval: 7, receiveMaximum: 3 };
    const packet = connectPacket({ will, properties, userName: 'u', password: Uint8Array.of(2) });
    for (const protocolVersion of [4, 5] as const) {
      const whole = encodePacket({ ...packet, protocolVersion }, protocolVersion);
      for (let length = 0; length < whole.length - 2; length++) {
        const { harness } = answerTo(frame(0x10, whole.slice(2, 2 + length)));
        assert.equal(harness.closing.cause, 'fault', `${length} bytes`);
        assert.equal(harness.connects.length, 0);
      }
    }
  });

  test('one that is announced too large is refused before it has come', () => {
    const { answer, harness } = answerTo(hex('10 80 80 80 05'));
    assert.equal(answer, '');
    assert.equal(harness.closing.reasonCode, ReasonCode.packetTooLarge);
    assert.match(harness.closing.message, /10485765 bytes, the Maximum Packet Size is 1000000/);
  });
});

describe('the answer takes time', () => {
  test('packets that come meanwhile wait, and are worked on in their order after the CONNACK', () => {
    for (const version of VERSIONS) {
      const harness = new ServerHarness(version);
      const first = publishPacket('first', 'x', { qos: 1, packetId: 1 });
      harness.receive(connectPacket({ protocolVersion: version }), first);
      assert.equal(harness.machine.wantsInput, false);
      harness.receive(publishPacket('second', 'x', { qos: 2, packetId: 2 }));
      const third = encodePacket(publishPacket('third', 'x'), version);
      harness.receiveBytes(third.slice(0, 4));
      harness.receiveBytes(third.slice(4));
      assert.deepEqual(harness.published, []);
      assert.deepEqual(harness.sent(), []);
      harness.accept();
      assert.equal(harness.machine.wantsInput, true);
      assert.deepEqual(
        harness.published.map(({ topicName }) => topicName),
        ['first', 'second', 'third'],
      );
      assert.deepEqual(
        harness.sent().map(({ type }) => type),
        [PacketType.connack, PacketType.puback, PacketType.pubrec],
      );
    }
  });

  test('a refusal leaves them unread', () => {
    const harness = new ServerHarness(5);
    harness.receive(connectPacket(), publishPacket('t', 'x'));
    harness.receive(publishPacket('t', 'x'));
    harness.machine.refuseConnect(ReasonCode.notAuthorized, 'may not connect');
    assert.deepEqual(harness.published, []);
    const properties = { reasonString: 'may not connect' };
    const { connack: type } = PacketType;
    assert.deepEqual(harness.sent(), [{ type, sessionPresent: false, reasonCode: 0x87, properties }]);
    assert.equal(harness.closing.cause, 'ended');
  });

  test('closed meanwhile: the answer goes nowhere', () => {
    const harness = new ServerHarness(5);
    harness.receive(connectPacket());
    harness.machine.handleLost('gone', harness.now);
    harness.accept();
    harness.machine.refuseConnect(ReasonCode.banned, 'banned');
    harness.machine.acceptSubscribe(1, [0]);
    assert.equal(harness.machine.isConnected, false);
    assert.deepEqual(harness.sent(), []);
    assert.equal(harness.closing.cause, 'lost');
  });

  test('no CONNECT timeout runs meanwhile', () => {
    const harness = new ServerHarness(5);
    harness.receive(connectPacket());
    harness.advance(1_000_000);
    harness.accept();
    assert.equal(harness.machine.isConnected, true);
  });

  test('refusals in the words of each version', () => {
    const codes: readonly [ReasonCode, number][] = [
      [ReasonCode.clientIdentifierNotValid, 2],
      [ReasonCode.serverUnavailable, 3],
      [ReasonCode.badUserNameOrPassword, 4],
      [ReasonCode.notAuthorized, 5],
      [ReasonCode.banned, 5],
    ];
    for (const [reasonCode, returnCode] of codes) {
      for (const version of VERSIONS) {
        const harness = new ServerHarness(version);
        harness.receive(connectPacket({ protocolVersion: version }));
        harness.machine.refuseConnect(reasonCode, 'no');
        const code = (version === 5 ? reasonCode : returnCode).toString(16).padStart(2, '0');
        const expected = version === 5 ? `20 08 00 ${code} 05 1f 00 02 6e 6f` : `20 02 00 ${code}`;
        assert.equal(toHex(writtenBytes(harness.machine.output)), expected);
      }
    }
  });
});

describe('CONNECT timeout', () => {
  function timedOut(bytes: Uint8Array): ServerHarness {
    const harness = new ServerHarness(5);
    harness.advance(4_000);
    harness.receiveBytes(bytes);
    harness.advance(5_999);
    assert.equal(harness.machine.isClosed, false);
    harness.advance(1);
    assert.equal(harness.closing.cause, 'timeout');
    assert.deepEqual(harness.sent(), []);
    return harness;
  }

  test('nothing came', () => {
    assert.equal(timedOut(hex('')).closing.message, 'no CONNECT came within 10 s');
  });

  test('part of a header came', () => {
    assert.match(timedOut(hex('10')).closing.message, /only part of a fixed header/);
    assert.match(timedOut(hex('10 80')).closing.message, /only part of a fixed header/);
  });

  test('a CONNECT that says 22 bytes and brings 12', () => {
    const { message } = timedOut(hex('10 16 00 04 "MQTT" 04 02 00 3c 00 00')).closing;
    assert.match(message, /its Remaining Length says 22 bytes, 12 came/);
  });

  test('an accepted client is under it no more', () => {
    const harness = new ServerHarness(5);
    harness.connect();
    harness.advance(1_000_000);
    assert.equal(harness.machine.isConnected, true);
  });
});

describe('enhanced authentication (section 4.12)', () => {
  const method = { authenticationMethod: 'SCRAM-SHA-256' };
  const auth = { type: PacketType.auth, reasonCode: ReasonCode.continueAuthentication, properties: method } as const;

  function challenged(): ServerHarness {
    const harness = new ServerHarness(5);
    harness.receive(connectPacket({ properties: method }));
    harness.machine.continueAuthentication(ReasonCode.continueAuthentication, method, harness.now);
    assert.deepEqual(harness.sent(), [auth]);
    return harness;
  }

  test('challenge, response, acceptance', () => {
    const harness = challenged();
    harness.receive(auth);
    assert.equal(harness.auths.length, 1);
    assert.equal(harness.machine.wantsInput, false);
    harness.accept();
    assert.equal(harness.machine.isConnected, true);
  });

  test('another packet meanwhile is refused', () => {
    const harness = challenged();
    harness.receive(publishPacket('t'));
    assert.equal(harness.closing.reasonCode, ReasonCode.protocolError);
    const [connack] = harness.sent();
    assert.ok(connack?.type === PacketType.connack && connack.reasonCode === ReasonCode.protocolError);
    assert.match(connack.properties.reasonString ?? '', /expected AUTH with Reason Code 0x18, PUBLISH came/);
  });

  test('AUTH that does not continue is refused, and the client is told what was expected', () => {
    const harness = challenged();
    harness.receive({ ...auth, reasonCode: ReasonCode.reAuthenticate });
    assert.deepEqual([harness.closing.cause, harness.auths], ['fault', []]);
    const [connack] = harness.sent();
    assert.ok(connack?.type === PacketType.connack && connack.reasonCode === ReasonCode.protocolError);
    assert.match(connack.properties.reasonString ?? '', /expected AUTH with Reason Code 0x18, one with another came/);
  });

  test('AUTH that cannot be read is refused with its Reason Code [MQTT-4.13.1-1]', () => {
    const harness = challenged();
    harness.receiveBytes(Uint8Array.of(0xf0, 0x02, 0x18, 0x7f));
    const [connack] = harness.sent();
    assert.ok(connack?.type === PacketType.connack && connack.reasonCode === ReasonCode.malformedPacket);
    assert.equal(harness.closing.cause, 'fault');
  });

  test('a client that does not answer runs into the CONNECT timeout', () => {
    const harness = challenged();
    harness.advance(10_000);
    assert.equal(harness.closing.cause, 'timeout');
  });

  test('a client may go away meanwhile', () => {
    const harness = challenged();
    harness.receive({ type: PacketType.disconnect, reasonCode: ReasonCode.normalDisconnection, properties: {} });
    assert.equal(harness.closing.cause, 'disconnected');
  });
});
