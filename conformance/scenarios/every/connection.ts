import { shared, sharedChapter } from '../../run/scenario.ts';
import { expectThat, Violation } from '../../run/violation.ts';
import { bytesOf } from '../../wire/bytes.ts';
import { connect, PINGREQ, publish, subscribe } from '../../wire/packet-writer.ts';

/** Waiting longer than one and a half times the Keep Alive of a second: a server may look only now and then. */
const LATEST_MS = 20_000;

/** A server should give up a client that does not begin, but need not (section 3.1). */
const PATIENCE_WITH_CONNECT_S = 15;

/** The stream of bytes, PINGREQ and Keep Alive (sections 3.1.2.10, 3.12, 4.2). */
export const connection = sharedChapter('4.2 Network Connections', [
  shared('PINGREQ is answered by PINGRESP', { v5: '3.12.4-1', v4: '3.12.4-1' }, async (t) => {
    const client = await t.connect();
    for (let i = 0; i < 3; i++) await client.ping();
  }),
  shared(
    'packets may come in pieces of any size: byte by byte, or many in one write',
    { v5: '4.2-1', v4: '3.3.4-1' },
    async (t) => {
      const { version } = t;
      const clientId = t.newClientId();
      const client = await t.open();
      const bytes = bytesOf(
        connect({ version, clientId }),
        subscribe({ version, packetId: 1, subscriptions: [{ filter: t.topic(), qos: 1 }] }),
        publish({ version, topic: t.topic(), payload: 'cut', qos: 1, packetId: 2 }),
      );
      for (const byte of bytes) {
        client.send(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await client.expect('CONNACK');
      await client.take('SUBACK');
      await client.take('PUBACK');
      await client.receive({ payload: 'cut' });
      const packets = Array.from({ length: 50 }, (_, i) => publish({ version, topic: t.topic(), payload: `${i}` }));
      client.send(...packets, PINGREQ);
      for (let i = 0; i < 50; i++)
        await client.take('PUBLISH', ({ payload }) => Buffer.from(payload).toString() === `${i}`);
      await client.take('PINGRESP');
    },
  ),
  shared(
    'what a client sends together with CONNECT is worked on after CONNACK',
    { v5: '3.2.0-1 3.1.4-5', v4: '3.2.0-1 3.1.4-4' },
    async (t) => {
      const { version } = t;
      const client = await t.open();
      client.send(
        connect({ version, clientId: t.newClientId() }),
        subscribe({ version, packetId: 1, subscriptions: [{ filter: t.topic(), qos: 0 }] }),
        publish({ version, topic: t.topic(), payload: 'early' }),
      );
      await client.expect('CONNACK');
      await client.take('SUBACK');
      await client.take('PUBLISH');
    },
  ),
  shared('a payload of any size and content arrives as it was sent', { v5: '3.3.4-1', v4: '3.3.4-1' }, async (t) => {
    const client = await t.subscriber(t.topic(), { qos: 1 });
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    for (const payload of [new Uint8Array(0), all, new Uint8Array(127).fill(7), new Uint8Array(200_000).fill(0xff)]) {
      await client.publish(t.topic(), payload, { qos: 1 });
      await client.receive({ payload });
    }
  }),
  shared(
    'a client that is silent for one and a half times its Keep Alive is disconnected, and not before',
    { v5: '3.1.2-22 3.2.2-22', v4: '3.1.2-24' },
    async (t) => {
      const startedAt = performance.now();
      const client = await t.tryConnect({ keepAlive: 1 });
      await client.expectClose([0x8d], LATEST_MS);
      const seconds = (performance.now() - startedAt) / 1000;
      // The clock of the server began when it read CONNECT: a little after this one.
      expectThat(seconds >= 1.49, 'the end of the connection after 1.5 s or more', `after ${seconds.toFixed(2)} s`);
    },
    { waits: true },
  ),
  shared(
    'bytes that are no whole packet do not count for Keep Alive',
    { v5: '3.1.2-22', v4: '3.1.2-24' },
    async (t) => {
      const client = await t.connect({ keepAlive: 1 });
      const bytes = [...publish({ version: t.version, topic: t.topic(), payload: 'x'.repeat(100) })];
      const dribble = setInterval(() => client.send(Uint8Array.of(bytes.shift() ?? 0)), 300);
      try {
        await client.expectClose([0x8d], LATEST_MS);
      } finally {
        clearInterval(dribble);
      }
    },
    { waits: true },
  ),
  shared(
    'any packet of the client counts for Keep Alive',
    { v5: '3.1.2-22', v4: '3.1.2-24' },
    async (t) => {
      const client = await t.connect({ keepAlive: 2 });
      for (let i = 0; i < 4; i++) {
        await t.sleep(1000);
        if (i % 2 === 0) await client.publish(t.topic(), 'alive', { qos: 1 });
        else await client.ping();
      }
      await client.ping();
    },
    { waits: true },
  ),
  shared(
    'a client that sends no CONNECT, or half of one, is disconnected after a while',
    { v5: '3.1.0-1', v4: '3.1.0-1' },
    async (t) => {
      const [silent, half] = [await t.open(), await t.open()];
      half.send(connect({ version: t.version, clientId: t.newClientId() }).subarray(0, 9));
      for (const client of [silent, half]) {
        await client.expectClose([], PATIENCE_WITH_CONNECT_S * 1000).catch((error: unknown) => {
          if (!(error instanceof Violation) || !error.came.startsWith('nothing')) throw error;
          t.notTestable(`the broker waits for CONNECT for more than ${PATIENCE_WITH_CONNECT_S} s, as it may`);
        });
      }
    },
    { waits: true, setUp: 'limited' },
  ),
  shared(
    'a Keep Alive of 0 is none',
    { v5: '3.2.2-22', v4: '3.1.2-24' },
    async (t) => {
      const client = await t.connect({ keepAlive: 0 });
      await t.sleep(3000);
      await client.ping();
    },
    { waits: true },
  ),
]);
