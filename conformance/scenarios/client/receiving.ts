import { ofClient, sharedChapter } from '../../run/scenario.ts';
import { expectEqual, expectThat } from '../../run/violation.ts';
import { bytesOf, packet, text, u16 } from '../../wire/bytes.ts';
import { publish } from '../../wire/packet-writer.ts';
import { property } from '../../wire/property.ts';

const LASTING = { cleanStart: false, sessionExpiryInterval: 600 };

/** Our client as the receiver of messages, and its requests. */
export const receiving = sharedChapter('4.3 Receiving (client)', [
  ofClient(
    'PUBACK, PUBREC and PUBCOMP come in the order of what they answer, whether anybody wants the message or not',
    {
      v5: '4.6.0-2 4.6.0-3 4.5.0-2 4.3.2-4 4.3.3-8 4.3.3-11 3.3.4-1 3.4.2-1 3.5.2-1 3.7.2-1',
      v4: '4.6.0-2 4.6.0-3 3.3.4-1 2.3.1-6',
    },
    async (t) => {
      const { server } = await t.connected();
      const packetIds = [5, 65_535, 1, 9];
      for (const packetId of packetIds) server.sendPublish('a', 'x', { qos: 1, packetId });
      for (const packetId of packetIds) expectEqual('PUBACK', (await server.expect('PUBACK')).packetId, packetId);
      for (const packetId of packetIds) server.sendPublish('a', 'x', { qos: 2, packetId });
      for (const packetId of packetIds) expectEqual('PUBREC', (await server.expect('PUBREC')).packetId, packetId);
      for (const packetId of packetIds) server.acknowledge('PUBREL', packetId);
      for (const packetId of packetIds) expectEqual('PUBCOMP', (await server.expect('PUBCOMP')).packetId, packetId);
    },
  ),
  ofClient(
    'a QoS 2 message that comes twice before PUBREL is answered twice and seen once, also over connections',
    { v5: '4.3.3-10 4.3.3-12 4.1.0-1', v4: '3.1.2-4' },
    async (t) => {
      const seen: string[] = [];
      const { client, server } = await t.connected({ ...LASTING, onMessage: (message) => seen.push(message.text()) });
      for (const dup of [false, true]) {
        server.sendPublish('a', 'once', { qos: 2, packetId: 4, dup });
        await server.takeAcknowledgement('PUBREC', 4);
      }
      server.destroy();
      const { server: next } = await t.reconnected(client, { sessionPresent: true });
      next.sendPublish('a', 'once', { qos: 2, packetId: 4, dup: true });
      await next.takeAcknowledgement('PUBREC', 4);
      next.acknowledge('PUBREL', 4);
      await next.takeAcknowledgement('PUBCOMP', 4);
      next.sendPublish('a', 'new', { qos: 2, packetId: 4 });
      await next.takeAcknowledgement('PUBREC', 4);
      expectEqual('messages', seen, ['once', 'new']);
    },
  ),
  ofClient('a QoS 1 message that comes again is a new one', { v5: '4.3.2-5', v4: '' }, async (t) => {
    const seen: string[] = [];
    const { server } = await t.connected({ onMessage: (message) => seen.push(message.text()) });
    for (const dup of [false, true]) {
      server.sendPublish('a', 'x', { qos: 1, packetId: 4, dup });
      await server.takeAcknowledgement('PUBACK', 4);
    }
    expectEqual('messages', seen, ['x', 'x']);
  }),
  ofClient(
    'a PUBREL that is not known is answered by PUBCOMP',
    { v5: '4.3.3-11 3.7.2-1', v4: '2.3.1-6' },
    async (t) => {
      const { server } = await t.connected();
      server.acknowledge('PUBREL', 77);
      await server.takeAcknowledgement('PUBCOMP', 77);
    },
  ),
  ofClient(
    'every Topic Alias up to the maximum of the client is taken, one above it ends the connection',
    { v5: '3.3.2-10', v4: '' },
    async (t) => {
      const seen: string[] = [];
      const onMessage = ({ topicName }: { topicName: string }) => seen.push(topicName);
      const { server } = await t.connected({ topicAliasMaximum: 3, onMessage });
      for (const topicAlias of [1, 2, 3]) server.sendPublish(`t${topicAlias}`, '', { properties: { topicAlias } });
      for (const topicAlias of [3, 1, 2]) server.sendPublish('', '', { properties: { topicAlias } });
      server.sendPublish('t', '', { qos: 1, packetId: 1 });
      await server.takeAcknowledgement('PUBACK', 1);
      expectEqual('topics', seen, ['t1', 't2', 't3', 't3', 't1', 't2', 't']);
      server.sendPublish('t4', '', { properties: { topicAlias: 4 } });
      await server.expectFault([0x94]);
    },
    { versions: [5] },
  ),
  ofClient(
    'Topic Aliases of the server are forgotten with their connection',
    { v5: '3.3.2-7', v4: '' },
    async (t) => {
      const { client, server } = await t.connected({ ...LASTING, topicAliasMaximum: 3 });
      server.sendPublish('a', '', { qos: 1, packetId: 1, properties: { topicAlias: 1 } });
      await server.takeAcknowledgement('PUBACK', 1);
      server.destroy();
      const { server: next } = await t.reconnected(client, { sessionPresent: true });
      next.sendPublish('', '', { qos: 1, packetId: 1, properties: { topicAlias: 1 } });
      await next.expectFault([0x82, 0x94]);
    },
    { versions: [5] },
  ),
  ofClient(
    'more messages than the Receive Maximum of the client end the connection with 0x93',
    { v5: '3.3.4-9', v4: '' },
    async (t) => {
      const { server, connect } = await t.connected({ receiveMaximum: 2 });
      expectEqual('Receive Maximum', connect.properties.receiveMaximum, 2);
      for (const packetId of [1, 2, 3]) server.sendPublish('a', '', { qos: 2, packetId });
      await server.expect('PUBREC');
      await server.expect('PUBREC');
      await server.expectFault([0x93]);
    },
    { versions: [5] },
  ),
  ofClient(
    'requests have at least one Topic Filter, and only ones that are such',
    {
      v5: '3.8.1-1 3.10.1-1 3.8.3-1 3.8.3-2 3.10.3-1 3.10.3-2 4.7.1-1 4.7.1-2 4.7.3-1 4.8.2-1 4.8.2-2 3.8.3-4',
      v4: '3.8.1-1 3.10.1-1 2.2.2-1 3.8.3-1 3.8.3-3 3.10.3-1 3.10.3-2 4.7.0-1 4.7.1-1 4.7.1-2',
    },
    async (t) => {
      const { client, server } = await t.connected();
      const bad = ['', 'a#', '#/a', 'a+', '++', 'a\0b', '\ud800'];
      if (t.version === 5) bad.push('$share//a', '$share/g', '$share/g/', '$share/g+/a');
      for (const filter of bad) {
        let isRefused = false;
        try {
          client.subscribe(filter);
        } catch {
          isRefused = true;
        }
        expectThat(isRefused, 'a refusal', `${JSON.stringify(filter)} taken`);
        const unsubscribing = await client.unsubscribe(filter).then(
          () => 'taken',
          () => 'refused',
        );
        expectEqual(`UNSUBSCRIBE ${JSON.stringify(filter)}`, unsubscribing, 'refused');
      }
      if (t.version === 5) {
        const granted = client.subscribe('$share/g/a', { noLocal: true }).then(
          () => 'taken',
          () => 'refused',
        );
        expectEqual('No Local on a Shared Subscription', await granted, 'refused');
      }
      await client.unsubscribe([]);
      client.subscribe('a/+/b/#', { qos: 1 });
      await server.grant();
      const done = client.unsubscribe('a/+/b/#');
      await server.release();
      await done;
    },
  ),
  ofClient(
    'what a server may not send ends the connection',
    {
      v5: '1.5.4-1 1.5.4-2 1.5.5-1 2.1.3-1 3.3.1-4 3.3.2-2 1.5.7-1 4.13.1-1 4.13.2-1 3.14.1-1 3.15.1-1',
      v4: '1.5.3-1 1.5.3-2 2.2.2-2 3.3.1-4 3.3.2-2 4.8.0-1',
    },
    async (t) => {
      t.start();
      const none = t.version === 5 ? [0] : [];
      const bad = [
        packet(0x30, text('a/+'), none),
        packet(0x30, u16(1), 0xff, none),
        packet(0x30, u16(1), 0x00, none),
        packet(0x36, text('a'), u16(1), none),
        packet(0x38, text('a'), none),
        packet(0x41, u16(1)),
        packet(0xd1),
        packet(0x32, text('a'), u16(0), none),
        packet(0x00),
        packet(0xc0),
      ];
      if (t.version === 5) {
        bad.push(
          packet(0xe1, 0x80, 0),
          packet(0xf1, 0x18, 0),
          packet(0x30, text('a'), [0x80, 0x00]),
          packet(0x30, text('a'), 7, property('userProperty', ['a', 'b']).with(6, 0xff)),
          packet(0x30, text('a'), bytesOf(2, property('payloadFormatIndicator', 2))),
        );
      }
      for (const each of bad) {
        const server = await t.served();
        await server.accept();
        server.send(each);
        await server.expectFault([0x81, 0x82, 0x90]);
      }
    },
  ),
  ofClient(
    'the QoS 2 flow of a message goes on when its interval has passed',
    { v5: '4.3.3-13', v4: '' },
    async (t) => {
      const { server } = await t.connected();
      server.sendPublish('a', 'old', { qos: 2, packetId: 4, properties: { messageExpiryInterval: 1 } });
      await server.takeAcknowledgement('PUBREC', 4);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      server.acknowledge('PUBREL', 4);
      await server.takeAcknowledgement('PUBCOMP', 4);
    },
    { versions: [5], waits: true },
  ),
  ofClient('packets may come in pieces of any size', { v5: '4.2-1', v4: '3.3.4-1' }, async (t) => {
    const seen: string[] = [];
    const { server } = await t.connected({ onMessage: (message) => seen.push(message.text()) });
    const bytes = bytesOf(
      publish({ version: t.version, topic: 'a', payload: 'one' }),
      publish({ version: t.version, topic: 'a', payload: 'two', qos: 1, packetId: 1 }),
    );
    for (const byte of bytes) {
      server.send(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await server.takeAcknowledgement('PUBACK', 1);
    expectEqual('messages', seen, ['one', 'two']);
  }),
  ofClient(
    'what the client answers and says at the end fits into a small Maximum Packet Size of the server',
    { v5: '3.4.2-2 3.4.2-3 3.5.2-2 3.5.2-3 3.6.2-2 3.6.2-3 3.7.2-2 3.7.2-3 3.14.2-3 3.14.2-4', v4: '' },
    async (t) => {
      const { client, server } = await t.connected({}, { properties: { maximumPacketSize: 20 } });
      server.sendPublish('a', '', { qos: 1, packetId: 1 });
      await server.takeAcknowledgement('PUBACK', 1);
      server.sendPublish('a', '', { qos: 2, packetId: 2 });
      await server.takeAcknowledgement('PUBREC', 2);
      for (const packetId of [2, 2, 77]) {
        server.acknowledge('PUBREL', packetId);
        await server.takeAcknowledgement('PUBCOMP', packetId);
      }
      server.acknowledge('PUBREC', 78);
      await server.takeAcknowledgement('PUBREL', 78);
      const ended = client.end();
      await server.expectDisconnect([0x00]);
      await ended;
    },
    { versions: [5] },
  ),
  ofClient('a CONNACK that is none ends the connection', { v5: '4.13.1-1', v4: '4.8.0-1' }, async (t) => {
    t.start();
    const none = t.version === 5 ? [0] : [];
    const bad = [packet(0x20, 2, 0, none), packet(0x20, 1, t.version === 5 ? 0x87 : 5, none), packet(0x20, 0)];
    bad.push(packet(0x20, 0, t.version === 5 ? 0x01 : 6, none), packet(0x21, 0, 0, none), packet(0x20, 0, 0, none, 7));
    for (const each of bad) {
      const server = await t.served();
      await server.expect('CONNECT');
      server.send(each);
      await server.expectFault();
    }
  }),
  ofClient(
    'a SUBACK that does not answer its SUBSCRIBE ends the connection',
    { v5: '4.13.1-1', v4: '4.8.0-1' },
    async (t) => {
      const { client, server: first } = await t.connected();
      client.subscribe('a/b', { qos: 1 });
      const none = t.version === 5 ? [0] : [];
      const bad: ((packetId: number) => Uint8Array)[] = [
        (packetId) => packet(0x90, u16(packetId), none),
        (packetId) => packet(0x90, u16(packetId), none, [1, 1]),
        (packetId) => packet(0x90, u16(packetId), none, 3),
        (packetId) => packet(0x90, u16(packetId + 1), none, 1),
      ];
      let server = first;
      for (const bytes of bad) {
        const { packetId } = await server.expect('SUBSCRIBE');
        server.send(bytes(packetId));
        await server.expectFault();
        server = (await t.reconnected(client)).server;
      }
      await server.grant();
    },
  ),
  ofClient('U+FEFF is kept wherever it stands', { v5: '1.5.4-3', v4: '1.5.3-3' }, async (t) => {
    const seen: string[] = [];
    const { client, server } = await t.connected({ onMessage: ({ topicName }) => seen.push(topicName) });
    server.sendPublish('\ufeffa', '', { qos: 1, packetId: 1 });
    await server.takeAcknowledgement('PUBACK', 1);
    expectEqual('Topic Name', seen, ['\ufeffa']);
    await client.publish('\ufeffb', 'x');
    expectEqual('Topic Name', (await server.expectPublish('x')).topic, '\ufeffb');
  }),
]);
