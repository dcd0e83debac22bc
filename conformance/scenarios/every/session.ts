import { shared, sharedChapter } from '../../run/scenario.ts';
import { expectEqual } from '../../run/violation.ts';

/** Beginning, resuming, discarding and taking over sessions (sections 3.1.2.4, 3.1.4, 3.2.2.2). */
export const session = sharedChapter('3.1.2 Sessions', [
  shared(
    'CONNECT is acknowledged by CONNACK with success, the first packet that the server sends',
    { v5: '3.1.4-5 3.2.0-1 3.2.2-1 3.2.2-8', v4: '3.1.4-4 3.2.0-1' },
    async (t) => {
      const client = await t.connect();
      await client.ping();
    },
  ),
  shared(
    'a client that is not known gets a new session: Session Present 0, however it connects',
    { v5: '3.1.2-6 3.2.2-2 3.2.2-3', v4: '3.1.2-4 3.2.2-1 3.2.2-3' },
    async (t) => {
      const clean = await t.connect();
      expectEqual('Session Present', clean.connack?.sessionPresent, false);
      const lasting = await t.persistent(t.newClientId());
      expectEqual('Session Present', lasting.connack?.sessionPresent, false);
    },
    { versions: [5, 4] },
  ),
  shared(
    'a session that is there is resumed: Session Present 1, its subscriptions hold',
    { v5: '3.1.2-5 3.2.2-3 3.1.2-23', v4: '3.1.2-4 3.2.2-2' },
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.persistent(clientId);
      await first.mustSubscribe(t.topic(), { qos: 1 });
      await first.disconnect();
      const second = await t.persistent(clientId);
      if (t.version > 3) expectEqual('Session Present', second.connack?.sessionPresent, true);
      await second.publish(t.topic(), 'still', { qos: 1 });
      await second.receive({ payload: 'still' });
    },
  ),
  shared(
    'a clean start discards the session that was there: its subscriptions and what waited in it',
    { v5: '3.1.2-4 3.1.4-4 3.2.2-2', v4: '3.1.2-6 3.1.4-3 3.2.2-1' },
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.persistent(clientId);
      await first.mustSubscribe(t.topic(), { qos: 1 });
      await first.disconnect();
      const publisher = await t.connect();
      await publisher.publish(t.topic(), 'lost', { qos: 1 });
      const second = await t.persistent(clientId, { cleanStart: true });
      if (t.version > 3) expectEqual('Session Present', second.connack?.sessionPresent, false);
      await publisher.publish(t.topic(), 'unseen', { qos: 1 });
      await second.expectQuiet(publisher);
    },
  ),
  shared(
    'a session that ended with its connection leaves nothing to the next',
    { v5: '4.1.0-2 3.1.2-6', v4: '3.1.2-6' },
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.subscriber(t.topic(), { qos: 1 }, { clientId });
      await first.disconnect();
      const second = await t.persistent(clientId);
      if (t.version > 3) expectEqual('Session Present', second.connack?.sessionPresent, false);
      await second.publish(t.topic(), 'unseen', { qos: 1 });
      await second.expectQuiet();
    },
  ),
  shared(
    'the session is kept while the connection is open, whatever else happens on it',
    { v5: '4.1.0-1', v4: '3.1.2-4' },
    async (t) => {
      const client = await t.subscriber(t.topic(), { qos: 2 });
      const publisher = await t.connect();
      for (let i = 0; i < 5; i++) {
        await publisher.publish(t.topic(), `${i}`, { qos: 2 });
        await client.receive({ payload: `${i}`, qos: 2 });
        await client.ping();
      }
    },
  ),
  shared(
    'a second client with the same Client Identifier takes over: the first connection is closed',
    { v5: '3.1.4-3', v4: '3.1.4-2' },
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.connect({ clientId });
      const second = await t.connect({ clientId });
      await first.expectClose([0x8e]);
      await second.ping();
    },
  ),
  shared(
    'sessions are told apart by Client Identifier alone, character by character',
    { v5: '3.1.3-2', v4: '3.1.3-2' },
    async (t) => {
      const clientId = t.newClientId();
      const names = [clientId, clientId.toUpperCase(), `${clientId}x`];
      const clients = await Promise.all(names.map((name) => t.persistent(name)));
      for (const client of clients) {
        if (t.version > 3) expectEqual('Session Present', client.connack?.sessionPresent, false);
        await client.mustSubscribe(t.topic(client.clientId), { qos: 1 });
      }
      const [first] = clients;
      for (const client of clients) await first?.publish(t.topic(client.clientId), client.clientId, { qos: 1 });
      for (const client of clients) await client.receive({ payload: client.clientId });
    },
  ),
  shared('Client Identifiers of 1 to 23 letters and digits are taken', { v5: '3.1.3-5', v4: '3.1.3-5' }, async (t) => {
    const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
    for (let at = 0; at < alphabet.length; at += 13) {
      const client = await t.connect({ clientId: alphabet.slice(at, at + 13) + t.newClientId().slice(-10) });
      await client.disconnect();
    }
    // One character: other scenarios of other versions may take it over at the same time.
    const single = await t.connect({ clientId: `${t.version}` });
    await single.disconnect();
  }),
  shared(
    'a second CONNECT ends the connection, without CONNACK',
    { v5: '3.1.0-2 3.2.0-2', v4: '3.1.0-2' },
    async (t) => {
      const client = await t.connect();
      client.sendConnect({ clientId: client.clientId });
      await client.expectClose([0x82]);
    },
  ),
]);
