import { ofClient, sharedChapter } from '../../run/scenario.ts';
import { expectEqual, expectThat } from '../../run/violation.ts';
import { auth } from '../../wire/packet-writer.ts';

/** Whether a call throws or its promise rejects. */
async function fails(call: () => unknown): Promise<boolean> {
  try {
    await call();
    return false;
  } catch {
    return true;
  }
}

/** CONNECT, CONNACK and the end of a connection as our client keeps them. The form of what it sends, the reader sees. */
export const connecting = sharedChapter('3.1 CONNECT (client)', [
  ofClient(
    'CONNECT is the first packet, with every field in its place and every flag as its field',
    {
      v5: '3.1.0-1 3.1.2-1 3.1.2-9 3.1.2-12 3.1.2-17 3.1.2-19 3.1.3-1 3.1.3-3 3.1.3-4 3.1.3-11 3.1.3-12',
      v4: '3.1.0-1 3.1.2-9 3.1.2-14 3.1.2-19 3.1.2-21 3.1.3-1 3.1.3-3 3.1.3-4 3.1.3-10 3.1.3-11',
    },
    async (t) => {
      for (const qos of [0, 1, 2] as const) {
        const will = { topicName: 'will/\u00e9', payload: 'gone', qos, retain: qos === 1 };
        const { connect } = await t.connected({
          clientIdentifier: `client-\u00e9-${qos}`,
          userName: 'n\u00e4me',
          password: 'secret',
          keepAlive: 77,
          will,
        });
        expectEqual('Client Identifier', connect.clientId, `client-\u00e9-${qos}`);
        expectEqual('User Name', connect.userName, 'n\u00e4me');
        expectEqual('Password', Buffer.from(connect.password ?? []).toString(), 'secret');
        expectEqual('Keep Alive', connect.keepAlive, 77);
        expectEqual('Will Topic', connect.will?.topic, will.topicName);
        expectEqual('Will Payload', Buffer.from(connect.will?.payload ?? []).toString(), 'gone');
        expectEqual('Will QoS', connect.will?.qos, qos);
        expectEqual('Will Retain', connect.will?.retain, qos === 1);
      }
    },
  ),
  ofClient(
    'without Will, User Name and Password their flags are 0 and nothing of them is in the payload',
    { v5: '3.1.2-11 3.1.2-13 3.1.2-16 3.1.2-18', v4: '3.1.2-11 3.1.2-13 3.1.2-15 3.1.2-18 3.1.2-20 3.1.2-22' },
    async (t) => {
      const { connect } = await t.connected();
      expectThat(connect.will === undefined && connect.userName === undefined, 'neither Will nor User Name', 'one');
      expectThat(connect.password === undefined, 'no Password', 'one');
    },
  ),
  ofClient(
    'texts that are no UTF-8 Encoded Strings cannot be sent at all',
    {
      v5: '1.5.4-1 1.5.4-2 3.1.3-4 3.1.3-11 3.1.3-12',
      v4: '1.5.3-1 1.5.3-2 3.1.3-4 3.1.3-10 3.1.3-11',
    },
    async (t) => {
      for (const bad of ['\ud800', 'a\udc00b', 'a\0b']) {
        const will = { topicName: bad, payload: '' };
        const isRefused = [
          await fails(() => t.start({ clientIdentifier: bad })),
          await fails(() => t.start({ userName: bad })),
          await fails(() => t.start({ will })),
        ];
        expectEqual(`${JSON.stringify(bad)} refused in all places`, isRefused, [true, true, true]);
      }
    },
  ),
  ofClient(
    'what the standard forbids in CONNECT is refused before anything is sent',
    { v5: '3.1.2-12', v4: '3.1.2-14 3.1.2-22 3.1.3-7' },
    async (t) => {
      const qos = 3 as 2;
      expectEqual(
        'Will QoS 3 refused',
        await fails(() => t.start({ will: { topicName: 'a', payload: '', qos } })),
        true,
      );
      if (t.version === 5) return;
      expectEqual('Password alone refused', await fails(() => t.start({ password: 'secret' })), true);
      const nameless = { clientIdentifier: '', cleanStart: false };
      expectEqual('no name, no CleanSession refused', await fails(() => t.start(nameless)), true);
    },
  ),
  ofClient(
    'a quiet client sends PINGREQ within its Keep Alive',
    { v5: '3.1.2-20', v4: '3.1.2-23' },
    async (t) => {
      const { server } = await t.connected({ keepAlive: 2 });
      for (let i = 0; i < 2; i++) {
        const startedAt = performance.now();
        await server.expect('PINGREQ');
        const seconds = (performance.now() - startedAt) / 1000;
        // A server waits for half as long again.
        expectThat(seconds < 3, 'PINGREQ within 2 s', `after ${seconds.toFixed(2)} s`);
        server.pong();
      }
    },
    { waits: true },
  ),
  ofClient(
    'a Server Keep Alive takes the place of the Keep Alive of CONNECT',
    { v5: '3.1.2-21 3.2.2-21', v4: '' },
    async (t) => {
      const { server } = await t.connected({ keepAlive: 0 }, { properties: { serverKeepAlive: 1 } });
      await server.expect('PINGREQ');
      server.pong();
      await server.expect('PINGREQ');
    },
    { versions: [5], waits: true },
  ),
  ofClient(
    'Session Present 1 for a client that has no session ends the connection',
    { v5: '3.2.2-4', v4: '3.2.2-1' },
    async (t) => {
      t.start();
      const server = await t.served();
      await server.accept({ sessionPresent: true });
      await server.expectFault([0x82]);
    },
  ),
  ofClient(
    'Session Present 0 for a client that had one: nothing of the old session is sent again as such',
    { v5: '3.2.2-5 3.1.2-4', v4: '3.1.2-6' },
    async (t) => {
      const { client, server } = await t.connected({ cleanStart: false, sessionExpiryInterval: 600 });
      void client.publish('a', 'again', { qos: 1 });
      const lost = client.publish('b', 'lost', { qos: 2 });
      lost.catch(() => {});
      await server.expectPublish('again');
      await server.expectPublish('lost');
      server.destroy();
      const { server: next } = await t.reconnected(client, { sessionPresent: false });
      // A QoS 1 message may be published anew, which is not sending again: without DUP.
      expectEqual('DUP', (await next.expectPublish('again')).dup, false);
      expectEqual('the QoS 2 message given up', await fails(() => lost), true);
    },
  ),
  ofClient(
    'after DISCONNECT the client sends nothing and closes the connection',
    { v5: '3.14.4-1 3.14.4-2 3.14.2-1', v4: '3.14.4-1' },
    async (t) => {
      const { client, server } = await t.connected();
      const ended = client.end();
      await server.expectDisconnect([0x00]);
      await ended;
    },
  ),
  ofClient(
    'a server that sends something else before CONNACK, or CONNACK twice, is left',
    { v5: '3.2.0-1 3.2.0-2 4.13.1-1', v4: '3.2.0-1 4.8.0-1' },
    async (t) => {
      t.start();
      const early = await t.served();
      await early.expect('CONNECT');
      early.pong();
      await early.expectFault();
      const twice = await t.served();
      await twice.accept();
      twice.sendConnack();
      await twice.expectFault();
    },
  ),
  ofClient(
    'AUTH to a client that named no Authentication Method ends the connection, and is not answered by AUTH',
    { v5: '4.12.0-6 4.12.0-7', v4: '' },
    async (t) => {
      const { server } = await t.connected();
      server.send(auth(0x18, { authenticationMethod: 'x' }));
      await server.expectFault();
    },
    { versions: [5] },
  ),
]);
