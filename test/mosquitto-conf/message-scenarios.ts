import assert from 'node:assert/strict';
import { PacketType } from '@busbar/codec';
import { subscribePacket, willMessage } from '@busbar/testkit';
import { vi } from 'vitest';
import { answersTo, type ConfiguredBroker, message } from './both-brokers.ts';
import { lasting, OPEN, type Scenarios } from './scenario.ts';

/** What becomes of messages. */
export const MESSAGE_SCENARIOS: Scenarios = {
  'max_keepalive: 5.0 clients are told, and 0 is too much': {
    conf: `${OPEN}max_keepalive 30\n`,
    see: async (broker) => {
      const seen: string[] = [];
      for (const keepAlive of [10, 30, 31, 0]) seen.push(await broker.knock({ protocolVersion: 5, keepAlive }));
      for (const keepAlive of [10, 30]) seen.push(await broker.knock({ keepAlive }));
      return seen;
    },
  },
  'max_packet_size ends who sends more': {
    conf: `${OPEN}max_packet_size 200\n`,
    see: async (broker) => {
      const seen: unknown[] = [];
      for (const protocolVersion of [4, 5] as const) {
        const client = await broker.enter({ protocolVersion });
        seen.push(await answersTo(client, message('a', 'x'.repeat(100), 1)));
        seen.push((await answersTo(client, message('a', 'x'.repeat(300), 1))).at(-1));
      }
      return seen;
    },
  },
  'max_inflight_messages 1 to a client that does not acknowledge': {
    conf: `${OPEN}max_inflight_messages 1\n`,
    see: async (broker) => {
      const reader = await broker.enter({ clientIdentifier: 'reader' });
      await answersTo(reader, subscribePacket(1, 'a', { qos: 1 }));
      const writer = await broker.enter({ clientIdentifier: 'writer' });
      for (const payload of ['1', '2', '3']) await answersTo(writer, message('a', payload, 1));
      const seen = [await answersTo(reader)];
      for (let packetId = 1; packetId <= 3; packetId++) {
        seen.push(await answersTo(reader, { type: PacketType.puback, packetId, reasonCode: 0, properties: {} }));
        seen.push(await answersTo(reader));
      }
      return seen;
    },
  },
  'max_queued_messages: how many wait for a client that is away, and which': {
    conf: `${OPEN}max_queued_messages 5\nmax_inflight_messages 20\n`,
    see: async (broker) => {
      const away = await broker.enter(lasting);
      await answersTo(away, subscribePacket(1, 'a', { qos: 1 }));
      away.transport.destroy();
      const writer = await broker.enter({ clientIdentifier: 'writer' });
      for (let at = 0; at < 8; at++) await answersTo(writer, message('a', `${at}`, 1));
      const back = await broker.enter(lasting);
      return answersTo(back);
    },
  },
  'queue_qos0_messages true': {
    conf: `${OPEN}queue_qos0_messages true\n`,
    see: (broker) => qos0Waits(broker),
  },
  'queue_qos0_messages false': {
    conf: `${OPEN}queue_qos0_messages false\n`,
    see: (broker) => qos0Waits(broker),
  },
  'retain_available false': {
    conf: `${OPEN}retain_available false\n`,
    see: async (broker) => {
      const old = await broker.enter({ clientIdentifier: 'old' });
      const seen: unknown[] = [await answersTo(old, message('a', 'x', 1, true))];
      seen.push(
        await broker.knock({ protocolVersion: 5 }),
        await broker.knock({ protocolVersion: 5, will: willMessage('a', { retain: true }) }),
      );
      const client = await broker.enter({ protocolVersion: 5 });
      seen.push(await answersTo(client, message('a', 'x', 1, true)));
      const reader = await broker.enter({ clientIdentifier: 'reader' });
      return [...seen, await answersTo(reader, subscribePacket(1, '#'))];
    },
  },
  'message_size_limit: larger messages reach nobody': {
    conf: `${OPEN}message_size_limit 100\n`,
    see: async (broker) => {
      const reader = await broker.enter({ clientIdentifier: 'reader' });
      await answersTo(reader, subscribePacket(1, '#'));
      const writer = await broker.enter({ clientIdentifier: 'writer' });
      const large = 'x'.repeat(101);
      const seen = [await answersTo(writer, message('a', 'x'.repeat(100), 1))];
      for (const qos of [0, 1, 2] as const) seen.push(await answersTo(writer, message('a', large, qos)));
      const newer = await broker.enter({ clientIdentifier: 'newer', protocolVersion: 5 });
      seen.push(await answersTo(newer, message('a', large, 0)));
      const payload = Buffer.from(large);
      for (const protocolVersion of [4, 5] as const) {
        seen.push([
          await broker.knock({ protocolVersion, clientIdentifier: 'w', will: willMessage('a', { payload }) }),
        ]);
      }
      return [...seen, await answersTo(reader)];
    },
  },
  'retained messages, Wills, Clean Session, QoS 2, overlapping filters': {
    conf: OPEN,
    see: async (broker) => {
      const writer = await broker.enter({ clientIdentifier: 'writer' });
      const seen: unknown[] = [await answersTo(writer, message('r/1', 'one', 1, true), message('r/2', 'two', 1, true))];
      seen.push(await answersTo(writer, message('r/2', '', 1, true), message('$r', 'hidden', 1, true)));
      const reader = await broker.enter({ clientIdentifier: 'reader' });
      seen.push(await answersTo(reader, subscribePacket(1, '#')), await answersTo(reader, subscribePacket(2, '$r')));
      const willed = await broker.enter({
        clientIdentifier: 'willed',
        will: willMessage('w', { payload: Buffer.from('gone') }),
      });
      willed.transport.destroy();
      await vi.waitFor(() => assert.ok(reader.packets.length > 0), { timeout: 10_000 });
      seen.push(await answersTo(reader), await answersTo(writer, message('two', 'x', 2)));
      return seen;
    },
  },
};

async function qos0Waits(broker: ConfiguredBroker): Promise<unknown> {
  const away = await broker.enter(lasting);
  await answersTo(away, subscribePacket(1, 'a', { qos: 1 }));
  away.transport.destroy();
  const writer = await broker.enter({ clientIdentifier: 'writer' });
  await answersTo(writer, message('a', 'zero'), message('a', 'one', 1));
  return answersTo(await broker.enter(lasting));
}
