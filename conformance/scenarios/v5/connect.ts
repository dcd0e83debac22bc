import { chapter, scenario } from '../../run/scenario.ts';
import { expectEqual, expectThat, requireThat } from '../../run/violation.ts';
import { packet, text, u16 } from '../../wire/bytes.ts';
import { connectFlags, connect as connectPacket, FIRST_BYTE, publish } from '../../wire/packet-writer.ts';
import { propertyBytes } from '../../wire/property.ts';
import { code } from '../../wire/reason-codes.ts';

const version = 5;
const MALFORMED = [0x81, 0x82];

/** CONNECT with flags that do not fit, in front of these payload fields. */
function withFlags(clientId: string, flags: number, ...payload: Uint8Array[]): Uint8Array {
  return packet(FIRST_BYTE.CONNECT, text('MQTT'), 5, flags, u16(60), propertyBytes(), text(clientId), ...payload);
}

/** CONNECT (section 3.1) as it is taken and refused. */
export const connect = chapter(5, '3.1 CONNECT', [
  scenario('a protocol name other than MQTT is refused', '3.1.2-1', async (t) => {
    for (const protocolName of ['mqtt', 'MQTTX', 'MQIsdp', '', 'HTTP']) await t.expectUnknownProtocol({ protocolName });
  }),
  scenario('a protocol version that does not exist is refused, with 0x84 if at all', '3.1.2-2', async (t) => {
    for (const level of [6, 7, 127]) await t.expectUnknownProtocol({ level });
  }),
  scenario('the reserved flag of CONNECT is refused', '3.1.2-3 3.1.4-1', async (t) => {
    const client = await t.open();
    client.sendConnect({ clientId: t.newClientId(), flags: 0x03 });
    await client.expectRefusal(MALFORMED);
  }),
  scenario('Will Flag without Will Properties, Topic and Payload is refused', '3.1.2-9 3.1.4-1', async (t) => {
    const client = await t.open();
    client.send(withFlags(t.newClientId(), 0x06));
    await client.expectRefusal(MALFORMED);
  }),
  scenario('Will QoS without Will Flag is refused', '3.1.2-11 3.1.4-1', async (t) => {
    for (const qos of [1, 2]) {
      const client = await t.open();
      client.send(withFlags(t.newClientId(), 0x02 | (qos << 3)));
      await client.expectRefusal(MALFORMED);
    }
  }),
  scenario('Will QoS 3 is refused', '3.1.2-12 3.1.4-1', async (t) => {
    const client = await t.open();
    client.sendConnect({ clientId: t.newClientId(), will: { topic: t.topic(), qos: 3 } });
    await client.expectRefusal(MALFORMED);
  }),
  scenario('Will Retain without Will Flag is refused', '3.1.2-13 3.1.4-1', async (t) => {
    const client = await t.open();
    client.send(withFlags(t.newClientId(), 0x22));
    await client.expectRefusal(MALFORMED);
  }),
  scenario('a User Name without its flag is refused', '3.1.2-16 3.1.4-1', async (t) => {
    const client = await t.open();
    client.send(withFlags(t.newClientId(), 0x02, text('name')));
    await client.expectRefusal(MALFORMED);
  }),
  scenario('the User Name Flag without a User Name is refused', '3.1.2-17 3.1.4-1', async (t) => {
    const client = await t.open();
    client.send(withFlags(t.newClientId(), 0x82));
    await client.expectRefusal(MALFORMED);
  }),
  scenario('a Password without its flag is refused', '3.1.2-18 3.1.4-1', async (t) => {
    const client = await t.open();
    client.send(withFlags(t.newClientId(), 0x82, text('name'), text('password')));
    await client.expectRefusal(MALFORMED);
  }),
  scenario('the Password Flag without a Password is refused', '3.1.2-19 3.1.4-1', async (t) => {
    const client = await t.open();
    client.send(withFlags(t.newClientId(), 0xc2, text('name')));
    await client.expectRefusal(MALFORMED);
  }),
  scenario('all payload fields of CONNECT are read in their order', '3.1.3-1 3.1.3-3', async (t) => {
    const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
    const client = await t.connect({
      properties: { sessionExpiryInterval: 0, userProperties: [['a', 'b']] },
      will: { topic: t.topic('will'), payload: 'gone', qos: 1, properties: { contentType: 'text' } },
      userName: 'name',
      password: Uint8Array.of(0, 255),
    });
    await client.drop();
    const message = await subscriber.receive({ topic: t.topic('will'), payload: 'gone' });
    expectEqual('Content Type', message.properties.contentType, 'text');
  }),
  scenario('a Password without a User Name is allowed', '3.1.2-19', async (t) => {
    const client = await t.tryConnect({ password: 'secret' });
    const reasonCode = client.connack?.reasonCode ?? 0;
    requireThat(![0x86, 0x87].includes(reasonCode), 'the broker wants to know its clients');
    expectEqual('CONNACK with', code(reasonCode), code(0));
  }),
  scenario(
    'a Client Identifier is assigned to a client without one, and is its own from then on',
    '3.1.3-6 3.1.3-7 3.2.2-16',
    async (t) => {
      const clients = [];
      for (const cleanStart of [true, false, true]) {
        const client = await t.tryConnect({ clientId: '', cleanStart, properties: { sessionExpiryInterval: 60 } });
        requireThat(client.connack?.reasonCode !== 0x85, 'the broker does not take clients without Client Identifier');
        expectEqual('CONNACK with', client.connack?.reasonCode, 0);
        clients.push(client);
      }
      const names = clients.map((client) => t.announced(client).assignedClientIdentifier ?? '');
      expectThat(!names.includes(''), 'an Assigned Client Identifier for each', names.join(', '));
      expectEqual('different Client Identifiers', new Set(names).size, names.length);
      const [first] = clients;
      await first?.disconnect();
      const back = await t.connect({ clientId: names[0] ?? '', cleanStart: false });
      expectEqual('Session Present', back.connack?.sessionPresent, true);
    },
  ),
  scenario('a client that has a Client Identifier is assigned none', '3.1.3-2', async (t) => {
    const client = await t.connect();
    expectEqual('Assigned Client Identifier', t.announced(client).assignedClientIdentifier, undefined);
  }),
  scenario(
    'a Client Identifier that the server rejects ends the connection',
    '3.1.3-8',
    async (t) => {
      const client = await t.open();
      client.sendConnect({ clientId: 'x'.repeat(500) });
      await client.expectRefusal([0x85], { mayAccept: 'the broker takes any Client Identifier' });
    },
    { setUp: 'limited' },
  ),
  scenario('nothing behind a CONNECT that is refused is worked on', '3.1.4-6', async (t) => {
    const subscriber = await t.subscriber(t.topic(), { qos: 0 });
    const client = await t.open();
    const flags = connectFlags({}) | 0x01;
    client.send(
      connectPacket({ version, clientId: t.newClientId(), flags }),
      publish({ version, topic: t.topic(), payload: 'unseen' }),
    );
    await client.expectRefusal(MALFORMED);
    await subscriber.expectQuiet(await t.connect(), 0);
  }),
  scenario(
    'a user who is refused is told so, and nothing that he sends is worked on',
    '3.1.4-2 3.1.4-6 3.2.2-6 3.2.2-7 3.2.2-8 4.13.2-1',
    async (t) => {
      const subscriber = await t.tryConnect();
      requireThat(subscriber.connack?.reasonCode === 0, 'the broker wants to know its clients');
      await subscriber.mustSubscribe(t.topic(), { qos: 0 });
      const client = await t.open();
      client.send(
        connectPacket({ version, clientId: t.newClientId(), userName: 'refused', password: 'wrong' }),
        publish({ version, topic: t.topic(), payload: 'unseen' }),
      );
      await client.expectRefusal([0x86, 0x87], { mayAccept: 'the broker takes any user' });
      await subscriber.expectQuiet(await t.connect(), 0);
    },
    { setUp: 'limited' },
  ),
]);
