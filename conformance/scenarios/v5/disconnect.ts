import { chapter, scenario } from '../../run/scenario.ts';
import { expectEqual } from '../../run/violation.ts';
import { disconnect as disconnectPacket, publish } from '../../wire/packet-writer.ts';

/** DISCONNECT from both sides (section 3.14). That the server sends nothing behind it, the monitor sees. */
export const disconnect = chapter(5, '3.14 DISCONNECT', [
  scenario('the server closes the connection after DISCONNECT, in each of its forms', '3.14.4-3', async (t) => {
    for (const form of [
      disconnectPacket(),
      disconnectPacket(0x00),
      disconnectPacket(0x00, {}),
      disconnectPacket(0x04, {}),
    ]) {
      const client = await t.connect();
      client.send(form);
      await client.expectClose([]);
    }
  }),
  scenario('nothing behind a DISCONNECT is worked on', '3.14.4-1', async (t) => {
    const subscriber = await t.subscriber(t.topic(), { qos: 0 });
    const client = await t.connect();
    client.send(disconnectPacket(), publish({ version: 5, topic: t.topic(), payload: 'unseen' }));
    await client.expectClose([]);
    await subscriber.expectQuiet(await t.connect(), 0);
  }),
  scenario(
    'a client that is taken over is told so with 0x8E before its connection is closed',
    '3.1.4-3 3.14.4-2 4.13.2-1',
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.connect({ clientId });
      await t.connect({ clientId });
      const reasonCode = await first.expectClose([0x8e]);
      if (reasonCode === undefined) t.notTestable('the server closes without DISCONNECT, as it may');
    },
  ),
  scenario(
    'a breach of the protocol is answered by DISCONNECT with a Reason Code, and the connection is closed',
    '4.13.1-1 4.13.2-1 3.14.2-1 3.14.2-2 3.14.4-1 3.14.4-2',
    async (t) => {
      const client = await t.connect();
      client.sendConnect({ clientId: client.clientId });
      const reasonCode = await client.expectClose([0x82]);
      if (reasonCode === undefined) t.notTestable('the server closes without DISCONNECT, as it may');
    },
  ),
  scenario('DISCONNECT with a Server Reference from a client ends the connection', '4.13.1-1', async (t) => {
    const client = await t.connect();
    client.send(disconnectPacket(0x00, { serverReference: 'elsewhere' }));
    await client.expectClose([0x81, 0x82]);
  }),
  scenario('no DISCONNECT comes before CONNACK', '3.14.0-1', async (t) => {
    const client = await t.open();
    client.send(publish({ version: 5, topic: t.topic() }));
    await client.expectClose([]);
    const refused = await t.open();
    refused.sendConnect({ clientId: t.newClientId(), flags: 0x03 });
    await refused.expectRefusal([0x81, 0x82]);
  }),
]);

/** AUTH and enhanced authentication as far as any server can be asked for it (sections 3.15, 4.12). */
export const auth = chapter(5, '4.12 Enhanced authentication', [
  scenario('an Authentication Method that the server does not support is refused', '4.12.0-1 4.12.0-4', async (t) => {
    const client = await t.open();
    client.sendConnect({ clientId: t.newClientId(), properties: { authenticationMethod: 'NO-SUCH-METHOD' } });
    await client.expectRefusal([0x8c, 0x87]);
  }),
  scenario('a client without an Authentication Method is sent none, and no AUTH', '4.12.0-6', async (t) => {
    const client = await t.connect();
    expectEqual('Authentication Method', t.announced(client).authenticationMethod, undefined);
    await client.ping();
  }),
  scenario('AUTH from a client that named no Authentication Method ends the connection', '4.12.0-7', async (t) => {
    const client = await t.connect();
    client.send(Uint8Array.of(0xf0, 2, 0x19, 0));
    await client.expectClose([0x82, 0x81, 0x87, 0x8c]);
  }),
  scenario('AUTH with reserved flags ends the connection', '3.15.1-1 2.1.3-1', async (t) => {
    const client = await t.connect();
    client.send(Uint8Array.of(0xf1, 2, 0x19, 0));
    await client.expectClose([0x81]);
  }),
  scenario('AUTH as the first packet ends the connection without an answer', '3.1.0-1', async (t) => {
    const client = await t.open();
    client.send(Uint8Array.of(0xf0, 2, 0x18, 0));
    await client.expectClose([]);
  }),
]);
