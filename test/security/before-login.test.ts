import assert from 'node:assert/strict';
import { createTestAuthority, hex } from '@busbar/testkit';
import { describe, test, vi } from 'vitest';
import { HOST, heldBytes, MIB, untilClosed, Victim } from './victim.ts';

// Thousands of connections, on machines of any speed.
vi.setConfig({ testTimeout: 120_000 });

const OPEN = 2_000;

describe('a peer that nobody knows', () => {
  test(`${OPEN} slow-loris CONNECTs end when their time is over, cost little, and keep nobody out`, async () => {
    const victim = await Victim.start({ limits: { connectTimeoutMs: 3_000 } });
    await victim.assertServed();
    const before = heldBytes();
    const sockets = await victim.sockets(OPEN);
    const since = performance.now();
    const packet = hex('10 16 00 04 "MQTT" 04 02 00 3c 00 0a "slow-loris"');
    let sent = 0;
    const drip = setInterval(() => {
      if (sent < packet.length - 1) for (const socket of sockets) socket.write(packet.subarray(sent, sent + 1));
      sent++;
    }, 200);
    try {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const perConnection = (heldBytes() - before) / OPEN;
      const served = await victim.assertServed();
      assert.ok(perConnection < 32 * 1024, `${perConnection} bytes each, both ends`);
      assert.ok(served < 2_000, `${served} ms`);
      await untilClosed(sockets);
    } finally {
      clearInterval(drip);
    }
    assert.ok(performance.now() - since < 30_000);
    await victim.until(({ connections }) => connections === 1, 'one connection');
    assert.equal(victim.broker.stats().sessions, 1);
    await victim.assertServed();
  });

  test('a thousand that say nothing leave no more than may be unknown, the latest; who speaks comes in among them', async () => {
    const victim = await Victim.start({ limits: { maximumUnauthenticatedConnections: 100 } });
    await victim.assertServed();
    const sockets = await victim.sockets(1_000);
    await victim.until(({ connections }) => connections <= 101, 'a hundred and one connections');
    await untilClosed(sockets.slice(0, 900));
    for (let at = 0; at < 20; at++) await victim.connect(`among${at}`);
    assert.equal(victim.broker.stats().clients, 21);
    await victim.assertServed();
  });

  test('an announced CONNECT costs nothing, a long one is refused from its header', async () => {
    const victim = await Victim.start();
    await victim.assertServed();
    const before = heldBytes();
    const announced = await victim.sockets(500);
    // 1,000,000 bytes to come: a liar's announcement.
    for (const socket of announced) socket.write(hex('10 c0 84 3d 00 04'));
    await victim.assertServed();
    await victim.until(({ bytesReceived }) => bytesReceived >= 500 * 6, 'all headers');
    assert.ok(heldBytes() - before < 30 * MIB, `${(heldBytes() - before) / MIB} MiB`);
    const [long] = await victim.sockets(1);
    if (long === undefined) return;
    long.write(hex('10 81 80 80 01 00 04')); // 2 MiB and a byte
    await untilClosed([long]);
    const lines = victim.log.take('warn');
    assert.match(lines.at(-1)?.message ?? '', /the packet is 2097158 bytes, the Maximum Packet Size is 1048576/);
  });

  test('500 TLS handshakes held open end after their time and are counted; TLS clients come in meanwhile', async () => {
    const authority = createTestAuthority();
    const certificate = authority.issue({ altNames: [HOST] });
    const tls = { certificates: [{ cert: certificate.cert, key: certificate.key }] };
    const victim = await Victim.start({
      listeners: [
        { host: HOST, port: 0 },
        { transport: 'tls', host: HOST, port: 0, tls, handshakeTimeoutMs: 2_000 },
      ],
    });
    const port = victim.broker.listeners[1]?.port;
    const sockets = await victim.sockets(500, port);
    // Nothing, half a record, half a ClientHello.
    for (const [at, socket] of sockets.entries()) {
      if (at % 3 === 1) socket.write(hex('16 03 01'));
      if (at % 3 === 2) socket.write(hex('16 03 01 02 00 01 00 01 fc 03 03'));
    }
    const served = await victim.assertServed();
    assert.ok(served < 3_000, `${served} ms`);
    await untilClosed(sockets);
    await victim.until(({ handshakesFailed }) => handshakesFailed === 500, '500 failed handshakes');
    assert.equal(victim.broker.stats().connections, 1);
    assert.ok(victim.log.take('warn').length <= 10, 'a line now and then, not one each');
  });

  test('PROXY headers without end are cut off, and their memory with them', async () => {
    const victim = await Victim.start({
      listeners: [
        { host: HOST, port: 0 },
        { host: HOST, port: 0, proxyProtocol: true, handshakeTimeoutMs: 1_500 },
      ],
    });
    await victim.assertServed();
    const port = victim.broker.listeners[1]?.port;
    const before = heldBytes();
    const bombs = [
      Buffer.from(`PROXY TCP4 ${'1'.repeat(200_000)}`),
      Buffer.from('PROXY TCP4 1.1.1.1 2.2.2.2 1'),
      // Version 2, 65,535 bytes of addresses announced.
      Buffer.concat([hex('0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a 21 11 ff ff'), Buffer.alloc(60_000)]),
      hex('0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a 21 11 ff ff'),
    ];
    const sockets = await victim.sockets(200, port);
    for (const [at, socket] of sockets.entries()) socket.write(bombs[at % bombs.length] ?? '');
    await victim.assertServed();
    await untilClosed(sockets);
    await victim.until(({ handshakesFailed }) => handshakesFailed === 200, '200 failed headers');
    assert.ok(heldBytes() - before < 20 * MIB, `${(heldBytes() - before) / MIB} MiB`);
    await victim.assertServed();
  });

  describe('over WebSocket', () => {
    const UPGRADE = `GET /mqtt HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`;

    async function start(): Promise<{ victim: Victim; port: number | undefined }> {
      const victim = await Victim.start({
        listeners: [
          { host: HOST, port: 0 },
          { transport: 'ws', host: HOST, port: 0, handshakeTimeoutMs: 2_000 },
        ],
        limits: { connectTimeoutMs: 4_000 },
      });
      await victim.assertServed();
      return { victim, port: victim.broker.listeners[1]?.port };
    }

    /** A frame of a client, its mask all zeros. */
    function wsFrame(firstByte: number, payload: Uint8Array): Buffer {
      assert.ok(payload.length < 126);
      return Buffer.concat([Buffer.from([firstByte, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
    }

    test('requests that never end, or are too long, are answered and closed', async () => {
      const { victim, port } = await start();
      const sockets = await victim.sockets(300, port);
      const before = heldBytes();
      for (const [at, socket] of sockets.entries()) {
        if (at % 3 === 0) socket.write('GET /mqtt HTTP/1.1\r\nX: ');
        else if (at % 3 === 1) socket.write(`GET /mqtt HTTP/1.1\r\nX: ${'a'.repeat(100_000)}`);
        else socket.write(`GET /mqtt HTTP/1.1\r\n${'X: y\r\n'.repeat(20_000)}`);
      }
      await victim.assertServed();
      await untilClosed(sockets);
      assert.ok(heldBytes() - before < 20 * MIB);
      assert.equal(victim.broker.stats().connections, 1);
    });

    test('a message in endless fragments of one byte ends, and holds little while it lasts', async () => {
      const { victim, port } = await start();
      const sockets = await victim.sockets(4, port);
      for (const socket of sockets) socket.write(UPGRADE);
      await victim.until(({ connections }) => connections === 5, 'four WebSockets');
      const before = heldBytes();
      const first = wsFrame(0x02, Uint8Array.of(0x10));
      const more = Buffer.alloc(10_000 * 7, wsFrame(0x00, Uint8Array.of(0)));
      for (const socket of sockets) socket.write(Buffer.concat([first, more]));
      await victim.assertServed();
      const held = heldBytes() - before;
      assert.ok(held < 40 * MIB, `${held / MIB} MiB`);
      for (const socket of sockets) socket.write(more);
      await untilClosed(sockets);
      await victim.assertServed();
    });

    test('a flood of pings whose answers are not read is bounded, and ends with the time for CONNECT', async () => {
      const { victim, port } = await start();
      const [socket] = await victim.sockets(1, port);
      if (socket === undefined) return;
      socket.write(UPGRADE);
      await victim.until(({ connections }) => connections === 2, 'a WebSocket');
      socket.pause();
      const before = heldBytes();
      const pings = Buffer.alloc(1_000 * 131, Buffer.concat([hex('89 fd'), Buffer.alloc(4 + 125)]));
      let written = 0;
      // Until the broker stops reading, or has thrown it out.
      while (written < 60 * MIB && !socket.closed && socket.writableLength < 4 * MIB) {
        socket.write(pings);
        written += pings.length;
        await new Promise((resolve) => setImmediate(resolve));
      }
      const held = heldBytes() - before - socket.writableLength;
      assert.ok(held < 20 * MIB, `${held / MIB} MiB held after ${written / MIB} MiB`);
      await victim.assertServed();
      socket.resume();
      await untilClosed([socket]);
      await victim.until(({ connections }) => connections === 1, 'one connection');
    });
  });
});
