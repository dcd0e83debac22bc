import assert from 'node:assert/strict';
import { PacketType } from '@busbar/codec';
import { VirtualClock } from '@busbar/testkit';
import { createMemoryPair } from '@busbar/transport';
import fc from 'fast-check';
import { describe, test, vi } from 'vitest';
import { type Client, ClientStore, createClient, MemoryStore, type StoreChange } from '../src/index.ts';
import { acknowledge, ClientHarness, outcomeOf, publish } from './client-harness.ts';
import { EchoServer } from './echo-server.ts';

vi.setConfig({ testTimeout: 60_000 });

const text = ({ payload }: { payload: Uint8Array }) => new TextDecoder().decode(payload);

describe('another run of the program', () => {
  test('sends what waited, with the Client Identifier that the first one had', async () => {
    const store = new MemoryStore();
    const unnamed = (harness: ClientHarness) => {
      const { clientIdentifier: _, ...options } = harness.fullOptions();
      return createClient('mqtt://server', { ...options, store, random: Math.random });
    };
    const offline = new ClientHarness();
    offline.refuseDials();
    const first = unnamed(offline);
    void first.publish('a', '1', { qos: 1, properties: { contentType: 'x' } });
    first.start();
    void first.publish('a', '2', { qos: 2, retain: true });
    void first.publish('a', '0');
    await first.stored();
    const kept = new Map(await store.load()).get('client');

    const harness = new ClientHarness();
    unnamed(harness).start();
    await harness.settle();
    const { clientIdentifier } = await harness.accept({}, true);
    assert.equal(clientIdentifier, new TextDecoder().decode(kept));
    assert.deepEqual(
      (await harness.tookPublishes()).map((packet) => [text(packet), packet.qos, packet.retain, packet.properties]),
      [
        ['1', 1, false, { contentType: 'x' }],
        ['2', 2, true, {}],
      ],
    );
  });

  test('of another client is refused', async () => {
    const store = new MemoryStore();
    await new ClientHarness({ store }).start();
    const harness = new ClientHarness({ store, clientIdentifier: 'other' });
    await assert.rejects(harness.connect(), { code: 'store-mismatch' });
  });

  test('goes on with every flow where the last one stood', async () => {
    const store = new MemoryStore();
    const first = new ClientHarness({ store });
    const connect = await first.start();
    assert.deepEqual([connect.cleanStart, connect.properties.sessionExpiryInterval], [false, 604_800]);
    for (const [payload, qos] of [
      ['1', 1],
      ['2', 2],
      ['3', 2],
      ['4', 1],
    ] as const) {
      void first.client.publish('a', payload, { qos, properties: { contentType: payload } });
    }
    await first.settle();
    await first.send(acknowledge('pubrec', 3), acknowledge('puback', 4));
    await first.client.stored();
    first.cutNow();

    const second = new ClientHarness({ store });
    void second.client.publish('a', '5', { qos: 1 });
    await second.start({}, true);
    const packets = await second.took();
    assert.deepEqual(
      packets.map((packet) =>
        packet.type === PacketType.publish
          ? [text(packet), packet.packetId, packet.dup, packet.properties.contentType]
          : [packet.type, 'packetId' in packet && packet.packetId],
      ),
      [
        ['1', 1, true, '1'],
        ['2', 2, true, '2'],
        [PacketType.pubrel, 3],
        ['5', 4, false, undefined],
      ],
    );
    await second.send(acknowledge('puback', 1), acknowledge('pubrec', 2), acknowledge('pubcomp', 3));
    await second.send(acknowledge('pubcomp', 2), acknowledge('puback', 4));
    assert.equal(second.client.counters.inFlight, 0);
    await second.client.stored();
    assert.deepEqual(
      [...(await store.load())].map(([key]) => key),
      ['layout', 'client'],
    );
  });

  test('knows the QoS 2 messages that the last one has taken', async () => {
    const store = new MemoryStore();
    const first = new ClientHarness({ store });
    await first.start();
    const seen: string[] = [];
    first.client.on('message', (message) => seen.push(message.text()));
    await first.send(
      publish('a', { text: '1', qos: 2, packetId: 7 }),
      publish('a', { text: '2', qos: 2, packetId: 8 }),
    );
    await first.send(acknowledge('pubrel', 8));
    first.cutNow();

    const second = new ClientHarness({ store });
    second.client.on('message', (message) => seen.push(message.text()));
    await second.start({}, true);
    await second.send(publish('a', { text: '1', qos: 2, packetId: 7, dup: true }));
    await second.send(publish('a', { text: '3', qos: 2, packetId: 8 }));
    assert.deepEqual(seen, ['1', '2', '3']);
    assert.deepEqual(
      (await second.took()).map(({ type }) => type),
      [PacketType.pubrec, PacketType.pubrec],
    );
  });

  test('is told of a message that nobody awaits any more and that fails', async () => {
    const store = new MemoryStore();
    const first = new ClientHarness({ store });
    await first.start();
    void first.client.publish('a', 'unknown', { qos: 2 });
    void first.client.publish('b', 'again', { qos: 1 });
    await first.settle();
    first.cutNow();

    const second = new ClientHarness({ store });
    const failed: unknown[] = [];
    second.client.on('publish-failed', ({ topicName, error }) => failed.push([topicName, (error as Error).message]));
    await second.start({}, false);
    assert.deepEqual(failed, [['a', 'the server has lost the session: whether the message arrived is not known']]);
    assert.deepEqual((await second.tookPublishes()).map(text), ['again']);
  });

  test('counts the time that a message has waited', async () => {
    const store = new MemoryStore();
    let wall = 1_000_000;
    const clock = new VirtualClock();
    const withWall = { now: clock.now, schedule: clock.schedule, endOfTurn: clock.endOfTurn, wallNow: () => wall };
    const first = new ClientHarness({ store, clock: withWall });
    for (const messageExpiryInterval of [30, 100]) {
      void first.client.publish('a', `${messageExpiryInterval}`, { qos: 1, properties: { messageExpiryInterval } });
    }
    first.refuseDials();
    first.client.start();
    await first.client.stored();
    wall += 40_000;
    const second = new ClientHarness({ store, clock: withWall });
    const settle = async () => {
      for (let i = 0; i < 20; i++) {
        clock.run();
        second.clock.run();
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    second.client.start();
    await settle();
    second.server.take();
    second.server.send({ type: PacketType.connack, sessionPresent: true, reasonCode: 0, properties: {} });
    await settle();
    const packets = second.server.takeAll();
    assert.deepEqual(
      packets.map((packet) => packet.type === PacketType.publish && packet.properties.messageExpiryInterval),
      [60],
    );
    assert.equal(second.client.counters.queueExpired, 1);
  });
});

/** A store whose writes are done when a test says so. */
class SlowStore extends ClientStore {
  readonly inner = new MemoryStore();
  pending: (() => void)[] = [];

  load() {
    return this.inner.load();
  }

  write(changes: readonly StoreChange[]): Promise<void> {
    return new Promise((resolve) => {
      this.pending.push(() => void this.inner.write(changes).then(resolve));
    });
  }

  finish(): void {
    for (const write of this.pending.splice(0)) write();
  }

  async finishAll(harness: ClientHarness): Promise<void> {
    while (this.pending.length > 0) {
      this.finish();
      await harness.settle();
    }
  }

  async close() {}
}

describe('nothing leaves that is not stored', () => {
  test('neither PUBLISH nor PUBREL nor PUBREC', async () => {
    const store = new SlowStore();
    const harness = new ClientHarness({ store });
    harness.client.start();
    await harness.settle();
    await store.finishAll(harness); // layout and Client Identifier
    await harness.accept();
    void harness.client.publish('a', '1', { qos: 2 });
    assert.deepEqual(await harness.took(), []);
    store.finish();
    assert.equal((await harness.tookPublishes()).length, 1);
    await harness.send(acknowledge('pubrec', 1));
    await harness.send(publish('b', { qos: 2, packetId: 9 }));
    assert.deepEqual(await harness.took(), []);
    await store.finishAll(harness);
    assert.deepEqual(
      (await harness.took()).map(({ type }) => type),
      [PacketType.pubrel, PacketType.pubrec],
    );
  });

  test('a store that fails ends the client', async () => {
    const store = new SlowStore();
    const harness = new ClientHarness({ store });
    harness.client.start();
    await harness.settle();
    await store.finishAll(harness);
    await harness.accept();
    store.write = () => Promise.reject(new Error('no space left on device'));
    const publication = outcomeOf(harness.client.publish('a', '1', { qos: 1 }));
    await harness.settle();
    assert.deepEqual(harness.events, ['connected', 'disconnected', 'closed']);
    assert.match(harness.lastEvent('disconnected').reason.message, /the store failed: no space left on device/);
    assert.deepEqual(await harness.tookPublishes(), []);
    void publication;
    await harness.client.end();
  });

  test('one that cannot be read too', async () => {
    const store = new SlowStore();
    store.load = () => Promise.reject(new Error('permission denied'));
    const harness = new ClientHarness({ store });
    await assert.rejects(harness.connect(), /permission denied/);
  });

  test('whoever is told that it is over finds the store free, and a store that was not opened is not closed', async () => {
    const held = new Set<string>();
    const openStore = () => {
      const store = new MemoryStore();
      const { load } = store;
      return Object.assign(store, {
        async load() {
          if (held.has('store')) throw new Error('in use');
          held.add('store');
          await new Promise((resolve) => setImmediate(resolve));
          return load.call(store);
        },
        async close() {
          await new Promise((resolve) => setImmediate(resolve));
          held.delete('store');
        },
      });
    };
    const harness = new ClientHarness();
    harness.refuseDials();
    for (let i = 0; i < 3; i++) {
      await assert.rejects(harness.connect({ store: openStore() }), { code: 'ECONNREFUSED' });
      const { client } = new ClientHarness({ store: openStore() });
      await client.start().end();
      assert.equal(held.size, 0);
    }
    await openStore().load();
    await assert.rejects(harness.connect({ store: openStore() }), /in use/);
    assert.equal(held.size, 1);
  });

  test('end leaves to the next run what cannot be sent now', async () => {
    const store = new MemoryStore();
    const harness = new ClientHarness({ store });
    harness.refuseDials();
    harness.client.start();
    await harness.settle();
    void harness.client.publish('a', '1', { qos: 1 });
    const ended = harness.client.end();
    await harness.settle();
    await ended;
    assert.equal(harness.clock.timerCount, 0);
    assert.ok([...(await store.load())].some(([key]) => key.startsWith('m/')));
  });
});

test.each([{ cleanStart: true }, { sessionExpiryInterval: 0 }])('a store needs a session that lasts: %j', (options) => {
  assert.throws(() => createClient('mqtt://server', { store: new MemoryStore(), ...options }), {
    code: 'option-invalid',
  });
});

const run = fc.record({
  /** How many messages of which QoS this run publishes. */
  qos: fc.array(fc.constantFrom(1, 2), { maxLength: 6 }),
  /** Bytes from the client until its connections are cut. */
  cuts: fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 3 }),
  /** Turns until the process is killed. */
  turns: fc.integer({ min: 0, max: 40 }),
  /** How many of the writes that are under way the kill lets through. */
  lastWrite: fc.boolean(),
  writeTurns: fc.integer({ min: 0, max: 3 }),
});

/** A store on a disk that survives its process: writes take some turns, and the last one may be lost. */
class CrashingStore extends ClientStore {
  readonly #disk: MemoryStore;
  readonly #writeTurns: number;
  #isDead = false;
  #last: readonly StoreChange[] | undefined;

  constructor(disk: MemoryStore, writeTurns: number) {
    super();
    this.#disk = disk;
    this.#writeTurns = writeTurns;
  }

  load() {
    return this.#disk.load();
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    this.#last = changes;
    for (let i = 0; i < this.#writeTurns; i++) await nextTurn();
    if (this.#isDead) return new Promise(() => {});
    this.#last = undefined;
    await this.#disk.write(changes);
  }

  async kill(letsLastThrough: boolean): Promise<void> {
    this.#isDead = true;
    if (letsLastThrough && this.#last !== undefined) await this.#disk.write(this.#last);
  }

  async close() {}
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('property: programs that are killed at any instant lose nothing that was stored, and double nothing at QoS 2', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(run, { minLength: 1, maxLength: 4 }), async (runs) => {
      const server = new EchoServer();
      const disk = new MemoryStore();
      const promised: { text: string; qos: number }[] = [];
      let number = 0;
      for (const [at, { qos, cuts, turns, lastWrite, writeTurns }] of [...runs, LAST_RUN].entries()) {
        const isLast = at === runs.length;
        const clock = new VirtualClock();
        const store = new CrashingStore(disk, writeTurns);
        const bytesUntilCut = [...cuts];
        let cutNow = () => {};
        const client: Client = createClient('mqtt://server', {
          clientIdentifier: 'c',
          keepAlive: 0,
          clock,
          store,
          dial: async () => {
            const [near, far] = createMemoryPair({ schedule: clock.task });
            server.accept(far, bytesUntilCut.shift() ?? Number.POSITIVE_INFINITY, () => far.cut());
            cutNow = () => far.cut();
            return near;
          },
        });
        client.start();
        const toPublish = [...qos];
        for (
          let turn = 0;
          isLast ? turn < 20 || client.counters.inFlight + client.counters.queued > 0 : turn < turns;
          turn++
        ) {
          assert.ok(turn < 3_000, 'the last run comes to rest');
          const next = toPublish.shift();
          if (next !== undefined) {
            const message = { text: `${number++}`, qos: next };
            client.publish('t', message.text, { qos: next as 1 | 2 }).catch(() => {});
            void client.stored().then(() => promised.push(message));
          }
          clock.advance(turn % 5 === 0 ? 40_000 : 0);
          await nextTurn();
        }
        await store.kill(lastWrite);
        cutNow();
        clock.run();
      }
      for (const message of promised) {
        const times = server.arrivals.filter((each) => each.text === message.text).length;
        assert.ok(
          message.qos === 2 ? times === 1 : times >= 1,
          `${message.text} at QoS ${message.qos}: ${times} times`,
        );
      }
      const once = server.arrivals.filter(({ qos }) => qos === 2).map((each) => each.text);
      assert.deepEqual(once, [...new Set(once)]);
    }),
    { numRuns: 200 },
  );
});

const LAST_RUN = { qos: [], cuts: [], turns: 0, lastWrite: true, writeTurns: 0 };
