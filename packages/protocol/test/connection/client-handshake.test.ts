import assert from 'node:assert/strict';
import { NO_PROPERTIES, PacketType, ReasonCode, UsageError } from '@busbar/codec';
import { describe, test } from 'vitest';
import { ClientConnection } from '../../src/connection/client-connection.ts';
import { SessionState } from '../../src/session/session-state.ts';
import { ClientHarness, message, packetsIn } from './client-harness.ts';

const connack = (reasonCode: ReasonCode, sessionPresent = false) => ({
  type: PacketType.connack,
  sessionPresent,
  reasonCode,
  properties: NO_PROPERTIES,
});

describe.each([3, 4, 5] as const)('version %i', (protocolVersion) => {
  test('CONNECT is the first packet [MQTT-3.1.0-1], CONNACK makes the connection', () => {
    const will = {
      topicName: 'w',
      payload: Uint8Array.of(1),
      qos: 1,
      retain: true,
      properties: NO_PROPERTIES,
    } as const;
    const password = Uint8Array.of(9);
    const harness = new ClientHarness({ protocolVersion, will, userName: 'u', password, keepAlive: 7 });
    assert.equal(harness.machine.takeBytes(), undefined, 'nothing before there is a connection');

    const connect = harness.connect();
    assert.deepEqual(connect, {
      type: PacketType.connect,
      protocolVersion,
      bridge: false,
      cleanStart: true,
      keepAlive: 7,
      clientIdentifier: 'c',
      will,
      userName: 'u',
      password,
      properties: {},
    });
    assert.equal(harness.agreements.length, 1);
    assert.equal(harness.machine.isConnected, true);
    assert.deepEqual(harness.closings, []);
  });

  test('a refusing CONNACK ends it, with the Reason Code', () => {
    const harness = new ClientHarness({ protocolVersion });
    harness.machine.handleConnectionMade(harness.now);
    harness.sent();
    harness.receive(connack(ReasonCode.notAuthorized));
    assert.equal(harness.closing.cause, 'refused');
    assert.equal(harness.closing.reasonCode, ReasonCode.notAuthorized);
    assert.deepEqual(harness.agreements, []);
    assert.deepEqual(harness.sent(), []);
  });

  test('DISCONNECT is the last packet [MQTT-3.14.4-1]', () => {
    const harness = new ClientHarness({ protocolVersion });
    harness.connect();
    harness.machine.disconnect();
    const [disconnect, ...more] = harness.sent();
    assert.equal(disconnect?.type, PacketType.disconnect);
    assert.deepEqual(more, []);
    assert.equal(harness.closing.cause, 'ended');
    assert.throws(() => harness.machine.publish(message('a', 0)), { name: 'UsageError', code: 'not-connected' });
    harness.machine.disconnect();
    harness.machine.handleConnectionLost(harness.now);
    assert.equal(harness.closings.length, 1);
  });

  test('an ending with the will says so in 5.0 and says nothing below', () => {
    const harness = new ClientHarness({ protocolVersion });
    harness.connect();
    harness.machine.disconnect(ReasonCode.disconnectWithWillMessage);
    const expected = protocolVersion === 5 ? [ReasonCode.disconnectWithWillMessage] : [];
    assert.deepEqual(
      harness.sent().map((packet) => 'reasonCode' in packet && packet.reasonCode),
      expected,
    );
  });

  test('a lost connection is reported with what the transport says', () => {
    const harness = new ClientHarness({ protocolVersion });
    harness.connect();
    const error = new Error('reset (ECONNRESET)');
    harness.machine.handleConnectionLost(harness.now, error);
    assert.equal(harness.closing.cause, 'lost');
    assert.equal(harness.closing.message, 'reset (ECONNRESET)');
    assert.equal(harness.closing.error, error);
    assert.equal(harness.machine.takeBytes(), undefined);
  });

  test('without CONNACK in time it ends', () => {
    const harness = new ClientHarness({ protocolVersion, connackTimeoutMs: 5_000 });
    harness.machine.handleConnectionMade(harness.now);
    harness.advance(4_999);
    assert.deepEqual(harness.closings, []);
    harness.advance(1);
    assert.equal(harness.closing.cause, 'timeout');
    assert.equal(harness.closing.message, 'no CONNACK came within 5 s');
    assert.equal(harness.machine.nextDeadline, Number.POSITIVE_INFINITY);
  });
});

describe('a faulty server is answered and reported, never thrown at', () => {
  test.each([
    ['a packet before CONNACK [MQTT-3.2.0-1]', [{ type: PacketType.pingresp } as const], ReasonCode.protocolError],
    [
      'a second CONNACK [MQTT-3.2.0-2]',
      [connack(ReasonCode.success), connack(ReasonCode.success)],
      ReasonCode.protocolError,
    ],
    ['Session Present for Clean Start [MQTT-3.2.2-2]', [connack(ReasonCode.success, true)], ReasonCode.protocolError],
    [
      'a packet that only clients send',
      [connack(ReasonCode.success), { type: PacketType.pingreq } as const],
      ReasonCode.protocolError,
    ],
    [
      'AUTH without an Authentication Method in CONNECT [MQTT-4.12.0-6]',
      [
        {
          type: PacketType.auth,
          reasonCode: ReasonCode.continueAuthentication,
          properties: { authenticationMethod: 'x' },
        } as const,
      ],
      ReasonCode.protocolError,
    ],
  ])('%s', (_, packets, reasonCode) => {
    const harness = new ClientHarness();
    harness.machine.handleConnectionMade(harness.now);
    harness.sent();
    harness.receive(...packets);
    assert.equal(harness.closing.cause, 'fault');
    assert.equal(harness.closing.reasonCode, reasonCode);
    assert.deepEqual(harness.sent(), [{ type: PacketType.disconnect, reasonCode, properties: {} }]);
  });

  test('garbage is a malformed packet', () => {
    const harness = new ClientHarness();
    harness.connect();
    harness.receiveBytes(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
    assert.equal(harness.closing.reasonCode, ReasonCode.malformedPacket);
    assert.equal(harness.sent().length, 1);
  });

  test('a 3.1.1 server is not told why', () => {
    const harness = new ClientHarness({ protocolVersion: 4 });
    harness.connect();
    harness.receiveBytes(Uint8Array.of(0xf0, 0x00));
    assert.equal(harness.closing.cause, 'fault');
    assert.deepEqual(harness.sent(), []);
  });

  test('a packet over our Maximum Packet Size is refused from its header [MQTT-3.1.2-24]', () => {
    const harness = new ClientHarness({ properties: { maximumPacketSize: 100 } });
    harness.connect();
    harness.receiveBytes(Uint8Array.of(0x30, 0xff, 0x7f));
    assert.equal(harness.closing.reasonCode, ReasonCode.packetTooLarge);
    assert.deepEqual(harness.sent(), [
      { type: PacketType.disconnect, reasonCode: ReasonCode.packetTooLarge, properties: {} },
    ]);
  });

  test('what comes after the fault is not looked at', () => {
    const harness = new ClientHarness();
    harness.connect();
    harness.receive({ type: PacketType.pingreq }, { type: PacketType.pingreq });
    harness.receive({ type: PacketType.pingreq });
    assert.equal(harness.sent().length, 1);
    assert.equal(harness.closings.length, 1);
  });
});

test('the DISCONNECT of a 5.0 server is reported with its reason', () => {
  const harness = new ClientHarness();
  harness.connect();
  const properties = { reasonString: 'see you' };
  harness.receive({ type: PacketType.disconnect, reasonCode: ReasonCode.serverShuttingDown, properties });
  assert.equal(harness.closing.cause, 'disconnected');
  assert.equal(harness.closing.reasonCode, ReasonCode.serverShuttingDown);
  assert.equal(harness.closing.message, 'the server disconnected: see you');
  assert.deepEqual(harness.sent(), []);
});

describe('what client and server agree on', () => {
  test('the server decides Keep Alive, session expiry and Client Identifier [MQTT-3.1.2-21]', () => {
    const harness = new ClientHarness({ clientIdentifier: '', properties: { sessionExpiryInterval: 60 } });
    harness.connect({ serverKeepAlive: 5, sessionExpiryInterval: 30, assignedClientIdentifier: 'auto-1' });
    const [agreement] = harness.agreements;
    assert.equal(agreement?.keepAlive, 5);
    assert.equal(agreement?.sessionExpiryInterval, 30);
    assert.equal(agreement?.clientIdentifier, 'auto-1');
    harness.advance(5_000);
    assert.deepEqual(harness.sent(), [{ type: PacketType.pingreq }]);
  });

  test('what a server does not say has the defaults of the standard', () => {
    const harness = new ClientHarness();
    harness.connect();
    const [{ properties, ...agreement } = assert.fail()] = harness.agreements;
    assert.deepEqual(properties, {});
    assert.deepEqual(agreement, {
      protocolVersion: 5,
      sessionPresent: false,
      clientIdentifier: 'c',
      keepAlive: 60,
      sessionExpiryInterval: 0,
      receiveMaximum: 65_535,
      maximumQoS: 2,
      retainAvailable: true,
      maximumPacketSize: Number.POSITIVE_INFINITY,
      topicAliasMaximum: 0,
      wildcardSubscriptionAvailable: true,
      subscriptionIdentifiersAvailable: true,
      sharedSubscriptionAvailable: true,
    });
  });

  test('3.1.1 has sessions for ever or not at all, and no Subscription Identifiers', () => {
    const harness = new ClientHarness({ protocolVersion: 4, cleanStart: false });
    harness.connect(NO_PROPERTIES, true);
    assert.equal(harness.agreements[0]?.sessionExpiryInterval, 0xffff_ffff);
    assert.equal(harness.agreements[0]?.sessionPresent, true);
    assert.equal(harness.agreements[0]?.subscriptionIdentifiersAvailable, false);
  });

  test('3.1 cannot say whether the session is present: what was asked for is assumed', () => {
    const harness = new ClientHarness({ protocolVersion: 3, cleanStart: false });
    harness.connect();
    assert.equal(harness.agreements[0]?.sessionPresent, true);
  });
});

describe('options that the standard forbids throw a UsageError at once', () => {
  const owner = new ClientHarness();
  test.each([
    ['client-identifier-missing', { protocolVersion: 4, cleanStart: false } as const],
    ['client-identifier-missing', { protocolVersion: 3 } as const],
    ['out-of-range', { keepAlive: 65_536 }],
    ['out-of-range', { properties: { receiveMaximum: 0 } }],
    ['password-without-user-name', { protocolVersion: 4, clientIdentifier: 'c', password: Uint8Array.of(1) } as const],
    [
      'topic-name-invalid',
      { will: { topicName: 'a/#', payload: Uint8Array.of(), qos: 0, retain: false, properties: {} } } as const,
    ],
  ])('%s', (code, options) => {
    assert.throws(
      () => new ClientConnection(options, owner),
      (error) => error instanceof UsageError && error.code === code,
    );
  });

  test('a machine serves one connection', () => {
    const harness = new ClientHarness();
    harness.connect();
    assert.throws(() => harness.machine.handleConnectionMade(1), { code: 'already-used' });
  });

  test('a session that ends with its connection cannot be prolonged at the end', () => {
    const harness = new ClientHarness();
    harness.connect();
    assert.throws(() => harness.machine.disconnect(0, { sessionExpiryInterval: 5 }), {
      code: 'session-expiry-not-allowed',
    });
    assert.equal(harness.machine.isConnected, true);
  });
});

describe('enhanced authentication (section 4.12)', () => {
  const options = { properties: { authenticationMethod: 'M', authenticationData: Uint8Array.of(1) } };
  const auth = (reasonCode: ReasonCode, authenticationMethod = 'M') => ({
    type: PacketType.auth,
    reasonCode,
    properties: { authenticationMethod, authenticationData: Uint8Array.of(2) },
  });

  test('steps go back and forth until CONNACK', () => {
    const harness = new ClientHarness(options);
    harness.machine.handleConnectionMade(harness.now);
    harness.sent();
    harness.receive(auth(ReasonCode.continueAuthentication));
    assert.equal(harness.auths.length, 1);
    harness.machine.continueAuthentication({ authenticationData: Uint8Array.of(3) });
    assert.deepEqual(harness.sent(), [
      {
        type: PacketType.auth,
        reasonCode: ReasonCode.continueAuthentication,
        properties: { authenticationMethod: 'M', authenticationData: Uint8Array.of(3) },
      },
    ]);
    harness.receive({ ...connack(ReasonCode.success), properties: { authenticationMethod: 'M' } });
    assert.equal(harness.machine.isConnected, true);
  });

  test('the client may authenticate again [MQTT-4.12.1-1]', () => {
    const harness = new ClientHarness(options);
    harness.connect({ authenticationMethod: 'M' });
    harness.machine.reAuthenticate();
    assert.deepEqual(
      harness.sent().map((packet) => 'reasonCode' in packet && packet.reasonCode),
      [ReasonCode.reAuthenticate],
    );
    harness.receive(auth(ReasonCode.continueAuthentication));
    harness.machine.continueAuthentication();
    harness.receive(auth(ReasonCode.success));
    assert.deepEqual(
      harness.auths.map((packet) => packet.reasonCode),
      [ReasonCode.continueAuthentication, ReasonCode.success],
    );
    harness.receive(auth(ReasonCode.continueAuthentication));
    assert.equal(harness.closing.cause, 'fault', 'the server cannot begin it');
  });

  test.each([
    ['another method in AUTH', auth(ReasonCode.continueAuthentication, 'N')],
    ['success before CONNACK', auth(ReasonCode.success)],
    ['re-authentication by the server', auth(ReasonCode.reAuthenticate)],
    ['no method in CONNACK', connack(ReasonCode.success)],
  ])('%s is a fault [MQTT-4.12.0-2] [MQTT-4.12.0-5]', (_, packet) => {
    const harness = new ClientHarness(options);
    harness.machine.handleConnectionMade(harness.now);
    harness.receive(packet);
    assert.equal(harness.closing.cause, 'fault');
    assert.equal(harness.closing.reasonCode, ReasonCode.protocolError);
  });

  test('without a method there is nothing to authenticate with [MQTT-4.12.0-7]', () => {
    const harness = new ClientHarness();
    harness.connect();
    assert.throws(() => harness.machine.reAuthenticate(), { code: 'no-authentication-method' });
    assert.throws(() => harness.machine.continueAuthentication(), { code: 'no-authentication-method' });
  });
});

describe('Keep Alive', () => {
  test('PINGREQ when nothing was sent for a Keep Alive [MQTT-3.1.2-20]; its PINGRESP settles it', () => {
    const harness = new ClientHarness({ keepAlive: 10 });
    harness.connect();
    harness.advance(9_999);
    assert.deepEqual(harness.sent(), []);
    harness.advance(1);
    assert.deepEqual(harness.sent(), [{ type: PacketType.pingreq }]);
    harness.receive({ type: PacketType.pingresp });
    harness.advance(10_000);
    assert.deepEqual(harness.sent(), [{ type: PacketType.pingreq }]);
  });

  test('other packets out and in put it off', () => {
    const harness = new ClientHarness({ keepAlive: 10 });
    harness.connect();
    for (let i = 0; i < 5; i++) {
      harness.advance(6_000);
      harness.receive({ type: PacketType.pingresp });
      harness.machine.publish(message('a', 0));
      assert.deepEqual(
        harness.sent().map((packet) => packet.type),
        [PacketType.publish],
      );
    }
  });

  test('a connection that takes bytes and gives none is asked too', () => {
    const harness = new ClientHarness({ keepAlive: 10 });
    harness.connect();
    for (let i = 0; i < 10; i++) {
      harness.advance(1_000);
      harness.machine.publish(message('a', 0));
      harness.machine.takeBytes();
    }
    harness.advance(10_000);
    assert.equal(harness.closing.cause, 'timeout');
  });

  test('without PINGRESP it ends, and what else comes puts the end off', () => {
    const harness = new ClientHarness({ keepAlive: 60, pingrespTimeoutMs: 5_000 });
    harness.connect();
    harness.advance(60_000);
    harness.advance(4_000);
    harness.receive({
      type: PacketType.publish,
      dup: false,
      qos: 0,
      retain: false,
      topicName: 'a',
      packetId: 0,
      properties: {},
      payload: new Uint8Array(0),
    });
    harness.advance(4_999);
    assert.deepEqual(harness.closings, []);
    harness.advance(1);
    assert.equal(harness.closing.cause, 'timeout');
    assert.equal(harness.closing.reasonCode, ReasonCode.keepAliveTimeout);
  });

  test('0 turns it off', () => {
    const harness = new ClientHarness({ keepAlive: 0 });
    harness.connect();
    assert.equal(harness.machine.nextDeadline, Number.POSITIVE_INFINITY);
  });
});

test('what is to be written comes once, in one piece, however it is taken', () => {
  const harness = new ClientHarness({}, new SessionState());
  harness.connect();
  const large = { ...message('large', 0), payload: new Uint8Array(100_000).fill(5) };
  harness.machine.publish(message('a', 0));
  harness.machine.publish(large);
  harness.machine.publish(message('b', 0));
  const pending = harness.machine.pendingBytes;
  const writes: Uint8Array[] = [];
  const write = (bytes: Uint8Array) => void writes.push(bytes.slice());
  harness.machine.flushTo({ bufferedBytes: 0, write, writeAll: (segments) => segments.forEach(write) });
  const bytes = Uint8Array.from(writes.flatMap((each) => [...each]));
  assert.equal(bytes.length, pending);
  assert.deepEqual(
    packetsIn(bytes, 5).map((packet) => packet.type === PacketType.publish && packet.topicName),
    ['a', 'large', 'b'],
  );
  assert.equal(harness.machine.pendingBytes, 0);
  assert.equal(harness.machine.takeBytes(), undefined);
});
