import { shared, sharedChapter } from '../../run/scenario.ts';
import type { Scene } from '../../run/scene.ts';
import { expectEqual, requireThat } from '../../run/violation.ts';
import type { Version } from '../../wire/packet-writer.ts';

const VERSIONS: readonly Version[] = [3, 4, 5];

/** The other versions that the broker speaks. */
function others(t: Scene): Version[] {
  const versions = VERSIONS.filter((version) => version !== t.version && t.spoken.has(version));
  requireThat(versions.length > 0, 'the broker speaks no other version');
  return versions;
}

/** Clients of different versions on one broker. */
export const versions = sharedChapter('4.5 Versions side by side', [
  shared(
    'messages reach clients of every other version, live and retained, at every QoS',
    { v5: '4.5.0-1 4.2-1', v4: '4.5.0-1' },
    async (t) => {
      const publisher = await t.connect();
      for (const version of others(t)) {
        const subscriber = await t.subscriber(t.topic(`live/${version}`), { qos: 2 }, { version });
        for (const qos of [0, 1, 2] as const) {
          await publisher.publish(t.topic(`live/${version}`), `${qos}`, { qos });
          await subscriber.receive({ payload: `${qos}`, qos });
        }
        await publisher.publish(t.topic(`kept/${version}`), 'kept', { qos: 1, retain: true });
        const later = await t.subscriber(t.topic(`kept/${version}`), { qos: 1 }, { version });
        await later.receive({ payload: 'kept', retain: true });
      }
    },
  ),
  shared('the Will of a client reaches clients of every other version', { v5: '3.1.2-8', v4: '3.1.2-8' }, async (t) => {
    for (const version of others(t)) {
      const topic = t.topic(`${version}`);
      const subscriber = await t.subscriber(topic, { qos: 1 }, { version });
      const client = await t.connect({ will: { topic, payload: 'gone', qos: 1 } });
      await client.drop();
      await subscriber.receive({ topic, payload: 'gone' });
    }
  }),
  shared(
    'a message with every property reaches older clients without them, and waits for them as long as its interval says',
    { v5: '3.3.2-5 3.3.2-17', v4: '' },
    async (t) => {
      const properties = {
        payloadFormatIndicator: 1,
        messageExpiryInterval: 1000,
        contentType: 'text',
        responseTopic: 'r',
        correlationData: Uint8Array.of(1),
        userProperties: [['a', 'b']] as const,
      };
      const publisher = await t.connect();
      for (const version of others(t)) {
        const clientId = t.newClientId();
        const topic = t.topic(`${version}`);
        const first = await t.connect({ version, clientId, cleanStart: false });
        await first.mustSubscribe(topic, { qos: 1 });
        await publisher.publish(topic, 'live', { qos: 1, properties });
        await first.receive({ payload: 'live' });
        await first.disconnect();
        await publisher.publish(topic, 'waited', { qos: 1, properties });
        const second = await t.connect({ version, clientId, cleanStart: false });
        await second.receive({ payload: 'waited' });
      }
    },
    { versions: [5] },
  ),
  shared(
    'a Client Identifier is one session, whatever version its client speaks',
    { v5: '3.1.3-2 3.1.4-3', v4: '3.1.3-2 3.1.4-2' },
    async (t) => {
      for (const version of others(t)) {
        const clientId = t.newClientId();
        const first = await t.persistent(clientId);
        await first.mustSubscribe(t.topic(clientId), { qos: 1 });
        const second = await t.connect({ version, clientId, cleanStart: false });
        await first.expectClose([0x8e]);
        if (version > 3) expectEqual('Session Present', second.connack?.sessionPresent, true);
        await second.publish(t.topic(clientId), 'still', { qos: 1 });
        await second.receive({ payload: 'still' });
      }
    },
  ),
]);
