import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type Broker, createBroker } from '@busbar/broker';
import { decodePacket, encodePacket, type Packet, PacketSplitter, PacketType } from '@busbar/codec';
import { createTestAuthority } from '@busbar/testkit';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';

const CHROMIUM = '/usr/bin/chromium';

const NO_SUBSCRIPTION_OPTIONS = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;

const connect = {
  type: PacketType.connect,
  protocolVersion: 5,
  bridge: false,
  cleanStart: true,
  keepAlive: 30,
  clientIdentifier: 'a-page',
  will: undefined,
  userName: undefined,
  password: undefined,
  properties: {},
} as const;
const subscribe = {
  type: PacketType.subscribe,
  packetId: 1,
  subscriptions: [{ topicFilter: 'page', qos: 1, ...NO_SUBSCRIPTION_OPTIONS }],
  properties: {},
} as const;
const publish = {
  type: PacketType.publish,
  dup: false,
  qos: 0,
  retain: false,
  topicName: 'page',
  packetId: 0,
  properties: {},
  payload: Buffer.from('from a page'),
} as const;

function bytesOf(...packets: Packet[]): number[] {
  return packets.flatMap((packet) => [...encodePacket(packet, 5)]);
}

function packetsIn(bytes: readonly number[]): Packet[] {
  const splitter = new PacketSplitter(65_536);
  const packets: Packet[] = [];
  splitter.push(Uint8Array.from(bytes));
  while (splitter.next()) {
    const { bytes: all, start, bodyStart, end } = splitter;
    packets.push(decodePacket(all[start] ?? 0, all, bodyStart, end, 5));
  }
  return packets;
}

/** Runs in the page: sends the bytes over its own WebSocket, in frames of seven, and answers what came once it is enough. */
async function exchange({ url, bytes, enough }: { url: string; bytes: number[]; enough: number }) {
  const socket = new WebSocket(url, 'mqtt');
  socket.binaryType = 'arraybuffer';
  const received: number[] = [];
  await new Promise<void>((resolve, reject) => {
    socket.onerror = () => reject(new Error('the WebSocket failed'));
    socket.onopen = () => {
      for (let at = 0; at < bytes.length; at += 7) socket.send(Uint8Array.from(bytes.slice(at, at + 7)));
    };
    socket.onmessage = ({ data }) => {
      received.push(...new Uint8Array(data));
      if (received.length >= enough) resolve();
    };
  });
  socket.close();
  return { received, protocol: socket.protocol };
}

// Debian's Chromium, which npm test installs; without it there is no browser to show this with.
describe.skipIf(!existsSync(CHROMIUM))('the WebSocket of a real browser, Chromium', () => {
  const authority = createTestAuthority();
  let broker: Broker;
  let browser: Browser;

  beforeAll(async () => {
    const address = { host: '127.0.0.1', port: 0 };
    const tls = { certificates: [authority.issue({ altNames: ['127.0.0.1'] })] };
    broker = await createBroker({
      listeners: [
        { transport: 'ws', ...address },
        { transport: 'wss', ...address, tls },
      ],
      // A CONNACK that says nothing: the page counts bytes.
      limits: { topicAliasMaximum: 0, receiveMaximum: 65_535, maximumPacketSize: 268_435_460 },
      capabilities: { announceDurability: false },
    });
    const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
    browser = await chromium.launch({ executablePath: CHROMIUM, args });
  });

  afterAll(async () => {
    await browser.close();
    await broker.stop();
  });

  test.each([
    ['ws', 0],
    ['wss', 1],
  ])('%s: connects, subscribes and gets its own message, packets cut across frames', async (scheme, index) => {
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    const suback = { type: PacketType.suback, packetId: 1, reasonCodes: [1], properties: {} } as const;
    const connack = { type: PacketType.connack, sessionPresent: false, reasonCode: 0, properties: {} } as const;

    const { received, protocol } = await page.evaluate(exchange, {
      url: `${scheme}://127.0.0.1:${broker.listeners[index]?.port}/mqtt`,
      bytes: bytesOf(connect, subscribe, publish),
      enough: bytesOf(connack, suback, publish).length,
    });

    const packets = packetsIn(received);
    assert.equal(protocol, 'mqtt');
    assert.deepEqual(
      packets.map(({ type }) => type),
      [PacketType.connack, PacketType.suback, PacketType.publish],
    );
    const last = packets[2];
    assert.equal(last?.type === PacketType.publish && Buffer.from(last.payload).toString(), 'from a page');
    await page.close();
  });
});
