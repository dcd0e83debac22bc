import { chapter, scenario } from '../../run/scenario.ts';
import { expectEqual, expectOneOf } from '../../run/violation.ts';

/** Reason Codes, and Request Problem Information. That a packet has only codes of its own, the reader sees. */
export const reason = chapter(5, '2.4 Reason Code', [
  scenario('PUBACK of a message with and without subscribers has one of its Reason Codes', '3.4.2-1', async (t) => {
    const client = await t.connect();
    const unheard = await client.publish(t.topic(), 'x', { qos: 1 });
    expectOneOf('PUBACK with', unheard?.reasonCode ?? -1, [0x00, 0x10]);
    await client.mustSubscribe(t.topic(), { qos: 0 });
    const heard = await client.publish(t.topic(), 'x', { qos: 1 });
    expectEqual('PUBACK with', heard?.reasonCode, 0);
  }),
  scenario('PUBREC and PUBCOMP have one of their Reason Codes', '3.5.2-1 3.7.2-1', async (t) => {
    const client = await t.connect();
    const packetId = client.sendPublish(t.topic(), 'x', { qos: 2 });
    const pubrec = await client.takeAcknowledgement('PUBREC', packetId);
    expectOneOf('PUBREC with', pubrec.reasonCode, [0x00, 0x10]);
    client.acknowledge('PUBREL', packetId, 0x00, {});
    const pubcomp = await client.takeAcknowledgement('PUBCOMP', packetId);
    expectEqual('PUBCOMP with', pubcomp.reasonCode, 0);
    client.acknowledge('PUBREL', packetId);
    expectOneOf('PUBCOMP with', (await client.takeAcknowledgement('PUBCOMP', packetId)).reasonCode, [0x92, 0x00]);
  }),
  scenario(
    'PUBREL has one of its Reason Codes, also for a PUBREC that answers nothing',
    '3.6.2-1 4.3.3-4',
    async (t) => {
      const client = await t.connect();
      client.acknowledge('PUBREC', 4321);
      expectOneOf('PUBREL with', (await client.takeAcknowledgement('PUBREL', 4321)).reasonCode, [0x92, 0x00]);
    },
  ),
  scenario('acknowledgements are taken in each of their forms', '3.4.2-1 3.5.2-1', async (t) => {
    const subscriber = await t.subscriber(t.topic(), { qos: 2 });
    const publisher = await t.connect();
    const properties = { reasonString: 'because', userProperties: [['a', 'b']] as const };
    for (const form of [[], [0x00], [0x00, {}], [0x10, properties]] as const) {
      const [reasonCode, given] = form;
      await publisher.publish(t.topic(), '1', { qos: 1 });
      subscriber.acknowledge('PUBACK', (await subscriber.expectPublish()).packetId, reasonCode, given);
      await publisher.publish(t.topic(), '2', { qos: 2 });
      const { packetId } = await subscriber.expectPublish();
      subscriber.acknowledge('PUBREC', packetId, reasonCode, given);
      await subscriber.take('PUBREL');
      subscriber.acknowledge('PUBCOMP', packetId, reasonCode === 0x10 ? 0 : reasonCode, given);
    }
    await subscriber.ping();
  }),
  scenario(
    'UNSUBACK tells for each Topic Filter, in order, whether it was subscribed',
    '3.11.3-1 3.11.3-2',
    async (t) => {
      const client = await t.connect();
      await client.mustSubscribe(t.topic('a'), { qos: 1 });
      const { reasonCodes } = await client.unsubscribe(t.topic('none'), t.topic('a'), t.topic('a'), t.topic('b'));
      expectEqual('UNSUBACK with', reasonCodes, [0x11, 0x00, 0x11, 0x11]);
    },
  ),
  scenario(
    'SUBACK tells for each Topic Filter, in order, what was granted or why not',
    '3.9.3-1 3.9.3-2 3.8.4-6 3.8.4-7',
    async (t) => {
      const client = await t.connect();
      const { reasonCodes } = await client.subscribe([
        { filter: t.topic('a'), qos: 2 },
        { filter: t.topic('b'), qos: 0 },
        { filter: t.topic('c'), qos: 1 },
      ]);
      expectEqual('SUBACK with', reasonCodes, [2, 0, 1]);
    },
  ),
  scenario(
    'with Request Problem Information 0 only PUBLISH, CONNACK and DISCONNECT carry Reason Strings',
    '3.1.2-29',
    async (t) => {
      const properties = { requestProblemInformation: 0 };
      const client = await t.connect({ properties });
      await client.publish(t.topic('unheard'), 'x', { qos: 1 });
      await client.publish(t.topic('unheard'), 'x', { qos: 2 });
      client.acknowledge('PUBREL', 99);
      await client.takeAcknowledgement('PUBCOMP', 99);
      client.acknowledge('PUBREC', 99);
      await client.takeAcknowledgement('PUBREL', 99);
      await client.mustSubscribe(t.topic(), { qos: 1 });
      await client.unsubscribe(t.topic('none'));
      await client.publish(t.topic(), 'x', { qos: 1, properties: { userProperties: [['kept', 'yes']] } });
      const message = await client.receive();
      expectEqual('User Properties', message.properties.userProperties, [['kept', 'yes']]);
    },
  ),
]);
