import { chapter, scenario } from '../../run/scenario.ts';
import { expectEqual, expectThat, requireThat } from '../../run/violation.ts';

/** Longer than the Session Expiry Interval of a second and what a server may be late. */
const WELL_PAST_A_SECOND_MS = 3500;

/** Session Expiry Interval (sections 3.1.2.11.2 and 3.14.2.2.2). */
export const expiry = chapter(5, '3.1.2.11.2 Session Expiry Interval', [
  scenario('a session without an interval, or with 0, ends with its connection', '4.1.0-2 3.2.2-3', async (t) => {
    for (const properties of [{}, { sessionExpiryInterval: 0 }]) {
      const clientId = t.newClientId();
      const first = await t.connect({ clientId, properties });
      await first.drop();
      const second = await t.connect({ clientId, cleanStart: false });
      expectEqual('Session Present', second.connack?.sessionPresent, false);
    }
  }),
  scenario(
    'a session is discarded when its interval has passed, and its subscriptions with it',
    '4.1.0-2',
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.persistent(clientId, { properties: { sessionExpiryInterval: 1 } });
      await first.mustSubscribe(t.topic(), { qos: 1 });
      await first.drop();
      await t.sleep(WELL_PAST_A_SECOND_MS);
      const second = await t.persistent(clientId);
      expectEqual('Session Present', second.connack?.sessionPresent, false);
      await second.publish(t.topic(), 'unseen', { qos: 1 });
      await second.expectQuiet();
    },
    { waits: true },
  ),
  scenario(
    'the interval begins when the connection is closed, not when it was opened',
    '4.1.0-1 3.1.2-23',
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.persistent(clientId, { properties: { sessionExpiryInterval: 3 } });
      await first.mustSubscribe(t.topic(), { qos: 1 });
      await t.sleep(4500);
      await first.publish(t.topic(), 'still', { qos: 1 });
      await first.receive({ payload: 'still' });
      await first.drop();
      const second = await t.persistent(clientId);
      expectEqual('Session Present', second.connack?.sessionPresent, true);
    },
    { waits: true },
  ),
  scenario(
    'a client that comes back in time has its session for as long as it says then',
    '3.1.2-23 4.1.0-2',
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.persistent(clientId, { properties: { sessionExpiryInterval: 3 } });
      await first.drop();
      const second = await t.persistent(clientId, { properties: { sessionExpiryInterval: 600 } });
      await second.drop();
      await t.sleep(5000);
      const third = await t.persistent(clientId);
      expectEqual('Session Present', third.connack?.sessionPresent, true);
    },
    { waits: true },
  ),
  scenario('an interval of 4,294,967,295 is taken', '3.1.2-23', async (t) => {
    const clientId = t.newClientId();
    const first = await t.persistent(clientId, { properties: { sessionExpiryInterval: 4_294_967_295 } });
    await first.disconnect();
    const second = await t.persistent(clientId);
    expectEqual('Session Present', second.connack?.sessionPresent, true);
  }),
  scenario('DISCONNECT may shorten the interval to 0: the session ends', '4.1.0-2', async (t) => {
    const clientId = t.newClientId();
    const first = await t.persistent(clientId);
    await first.disconnect(0x00, { sessionExpiryInterval: 0 });
    const second = await t.persistent(clientId);
    expectEqual('Session Present', second.connack?.sessionPresent, false);
  }),
  scenario(
    'DISCONNECT may lengthen the interval',
    '3.1.2-23',
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.persistent(clientId, { properties: { sessionExpiryInterval: 1 } });
      await first.disconnect(0x00, { sessionExpiryInterval: 600 });
      await t.sleep(WELL_PAST_A_SECOND_MS);
      const second = await t.persistent(clientId);
      expectEqual('Session Present', second.connack?.sessionPresent, true);
    },
    { waits: true },
  ),
  scenario('DISCONNECT may not give an interval to a session that CONNECT gave none', '4.13.1-1', async (t) => {
    const client = await t.connect();
    client.send(Uint8Array.of(0xe0, 7, 0x00, 5, 0x11, 0, 0, 0, 9));
    await client.expectClose([0x82]);
  }),
  scenario(
    'the server says when it grants less than was asked for',
    '3.1.2-23',
    async (t) => {
      const asked = 1_000_000;
      const client = await t.connect({ properties: { sessionExpiryInterval: asked } });
      const granted = t.announced(client).sessionExpiryInterval;
      requireThat(granted !== undefined, 'the server grants what is asked for');
      expectThat(granted <= asked, `at most ${asked} s`, `${granted}`);
    },
    { setUp: 'limited' },
  ),
]);
