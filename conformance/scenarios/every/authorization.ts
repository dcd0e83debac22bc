import { shared, sharedChapter } from '../../run/scenario.ts';
import type { Scene } from '../../run/scene.ts';
import { expectEqual, requireThat } from '../../run/violation.ts';

/** A topic that the set-ups `guarded` and `strict` let nobody publish to. */
const DENIED = 'denied';

/** @throws {NotTestable} The server lets everybody publish: the message comes. */
async function requireGuard(t: Scene): Promise<void> {
  const subscriber = await t.subscriber(t.topic('#'), { qos: 1 });
  const publisher = await t.connect();
  publisher.sendPublish(t.topic(DENIED), 'not authorized', { qos: 0 });
  // It may be cut off.
  await publisher.ping().catch(() => {});
  const witness = await t.connect();
  await witness.publish(t.topic('open'), 'after it', { qos: 1 });
  const { topic } = await subscriber.receive();
  requireThat(topic === t.topic('open'), 'the server lets everybody publish');
}

/** What becomes of a PUBLISH that is not authorized (section 3.3.5 of 3.1.1, sections 3.4.2.1 and 3.5.2.1 of 5.0). */
export const authorization = sharedChapter('3.3 PUBLISH', [
  shared(
    'a message that is not authorized is acknowledged by the QoS rules, and reaches nobody',
    { v5: '', v4: '3.3.5-2' },
    async (t) => {
      await requireGuard(t);
      const subscriber = await t.subscriber(t.topic('#'), { qos: 2 });
      const client = await t.connect();
      for (const qos of [1, 2] as const) {
        const answer = await client.publish(t.topic(DENIED), 'not authorized', { qos });
        if (t.version === 5) expectEqual(`the acknowledgement at QoS ${qos} with`, answer?.reasonCode, 0x87);
      }
      client.sendPublish(t.topic(DENIED), 'not authorized', { qos: 0 });
      await client.publish(t.topic('open'), 'authorized', { qos: 2 });
      await subscriber.receive({ topic: t.topic('open'), payload: 'authorized' });
      await subscriber.expectQuiet(client);
    },
    { setUp: 'guarded' },
  ),
  shared(
    'a message that is not authorized ends the connection at a server that has it so, and reaches nobody',
    { v5: '', v4: '3.3.5-2' },
    async (t) => {
      await requireGuard(t);
      const subscriber = await t.subscriber(t.topic('#'), { qos: 2 });
      for (const qos of [0, 1, 2] as const) {
        const client = await t.connect();
        client.sendPublish(t.topic(DENIED), 'not authorized', { qos });
        await client.expectClose([0x87]);
      }
      await subscriber.expectQuiet();
    },
    { setUp: 'strict' },
  ),
]);
