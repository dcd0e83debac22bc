import { chapter, scenario } from '../../run/scenario.ts';
import { expectEqual, expectOneOf } from '../../run/violation.ts';
import { packet, text, u16 } from '../../wire/bytes.ts';
import { FIRST_BYTE } from '../../wire/packet-writer.ts';

/** What is 3.1's own: its protocol name, its Client Identifiers, its silence about refused subscriptions. */
export const connect = chapter(3, '3.1 CONNECT', [
  scenario('MQIsdp with version 3 is taken', '', async (t) => {
    const client = await t.connect();
    await client.ping();
  }),
  scenario('MQIsdp with a version other than 3 is refused with 0x01, or the connection is closed', '', async (t) => {
    for (const level of [2, 4, 5]) {
      const client = await t.open();
      client.sendConnect({ clientId: t.newClientId(), level });
      await client.expectRefusal([1]);
    }
  }),
  scenario('MQTT with version 3 is refused with 0x01, or the connection is closed', '', async (t) => {
    const client = await t.open();
    client.sendConnect({ clientId: t.newClientId(), protocolName: 'MQTT' });
    await client.expectRefusal([1]);
  }),
  scenario('a client without Client Identifier is refused with 0x02', '', async (t) => {
    const client = await t.open();
    client.sendConnect({ clientId: '' });
    await client.expectRefusal([2], { mayAccept: 'the broker gives a Client Identifier to 3.1 clients, too' });
  }),
  scenario('Client Identifiers of 1 and of 23 characters are taken', '', async (t) => {
    const long = await t.connect({ clientId: t.newClientId().padEnd(23, 'x') });
    await long.ping();
    const short = await t.connect({ clientId: '~' });
    await short.disconnect();
  }),
  scenario(
    'a CONNECT whose flags announce a User Name that does not come is taken without it, or refused',
    '',
    async (t) => {
      const client = await t.open();
      client.send(packet(FIRST_BYTE.CONNECT, text('MQIsdp'), 3, 0x82, u16(60), text(t.newClientId())));
      expectOneOf('CONNACK with', (await client.expect('CONNACK')).reasonCode, [0, 4, 5]);
    },
  ),
  scenario('the first byte of CONNACK has no meaning and is 0 with a new session', '', async (t) => {
    const client = await t.connect();
    expectEqual('the reserved byte of CONNACK', client.connack?.sessionPresent, false);
  }),
  scenario('SUBSCRIBE, UNSUBSCRIBE and PUBREL that are sent again with DUP are answered', '', async (t) => {
    const client = await t.connect();
    client.send(packet(0x8a, u16(7), text(t.topic()), 1));
    expectEqual('SUBACK', (await client.expect('SUBACK')).packetId, 7);
    client.send(packet(0x6a, u16(8)));
    expectEqual('PUBCOMP', (await client.expect('PUBCOMP')).packetId, 8);
    client.send(packet(0xaa, u16(9), text(t.topic())));
    expectEqual('UNSUBACK', (await client.expect('UNSUBACK')).packetId, 9);
  }),
]);
