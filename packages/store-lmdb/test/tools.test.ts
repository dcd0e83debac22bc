import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Delivery } from '@busbar/protocol';
import { VirtualClock } from '@busbar/testkit';
import { describe, test, vi } from 'vitest';
import { checkStore, compactStore, dumpStore, openLmdbStore, readStoreStats, restoreStore } from '../src/index.ts';
import { LmdbStore } from '../src/lmdb-store.ts';
import { checkDisk } from '../src/tools/check.ts';
import { temporaryDirectory } from './data-directory.ts';
import { MemoryDisk } from './memory-disk.ts';
import { messageOf, plainDelivery, startOf, successorOf } from './store-model.ts';

vi.setConfig({ testTimeout: 60_000 });

/** A store with something in every table. */
async function fill(directory: string, messages = 300): Promise<void> {
  const store = await openLmdbStore({ directory });
  store.load({ ...startOf(new VirtualClock()), endOfTurn: setImmediate });
  const content = { topicName: 'gone', payload: Buffer.from([0, 255]), qos: 2, retain: true, properties: {} } as const;
  for (const name of ['pump', 'valve']) {
    const record = store.createSession(name, true);
    record.will = { content, delaySeconds: 9 };
    record.disconnectedAt = 5;
    record.identity = { clientIdentifier: name, groups: ['plant'] };
    store.updateSession(record);
    const subscription = {
      topicFilter: '$share/g/#',
      qos: 1,
      noLocal: false,
      retainAsPublished: true,
      retainHandling: 2,
    } as const;
    store.setSubscription(record, '$share/g/#', { ...subscription, subscriptionIdentifier: 12 });
    record.journal.sent(3, new Delivery(messageOf('t', 'in flight'), 2, false, [1, 2]));
    record.journal.accepted(77);
    for (let i = 0; i < messages; i++) {
      record.queue.push(new Delivery(messageOf('t', `${name} ${i}`), 1, false, undefined, successorOf('$share/g/#')));
    }
  }
  store.setRetained('r', { message: messageOf('r', 'retained', 1, true) });
  const source = { clientIdentifier: 'pump', userName: 'ann' };
  store.setRetained('s', { message: messageOf('s', 'of somebody', 1, true), source });
  await store.close();
}

/** What a broker would find. */
async function contents(directory: string): Promise<unknown> {
  const store = await openLmdbStore({ directory });
  const { sessions, retained } = store.load({ ...startOf(new VirtualClock()), endOfTurn: setImmediate });
  const found = [...sessions].map(
    ({ clientIdentifier, will, identity, subscriptions, queue, flows, expiryInterval }) => {
      const waiting = [];
      for (let next = queue.drop(); next !== undefined; next = queue.drop()) waiting.push(plainDelivery(next));
      const inFlight = [...flows.outbound.inFlight].map(({ packetId, stage }) => [packetId, stage]);
      return {
        clientIdentifier,
        will,
        identity,
        expiryInterval,
        subscriptions: [...subscriptions],
        waiting,
        inFlight,
        accepted: flows.inbound.accepted,
      };
    },
  );
  const messages = [...retained].map(({ message: { topicName, payload }, source }) => [
    topicName,
    Buffer.from(payload).toString(),
    source,
  ]);
  await store.close();
  return { found, messages };
}

async function dumped(directory: string): Promise<string> {
  const output = new PassThrough();
  const all = text(output);
  const lines = await dumpStore(directory, output);
  output.end();
  const said = await all;
  assert.equal(said.split('\n').length - 1, lines);
  return said;
}

describe('a dump', () => {
  test('is JSON lines that make the same store again', async () => {
    const directory = temporaryDirectory();
    await fill(directory);
    const dump = await dumped(directory);
    const kinds = new Set(
      dump
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { kind: string }).kind),
    );
    assert.deepEqual(
      [...kinds],
      ['busbar-store-dump', 'state', 'session', 'subscription', 'outbound', 'inbound', 'deliveries', 'retained', 'end'],
    );
    const other = path.join(directory, 'other');
    await restoreStore(other, Readable.from([dump]));
    assert.equal(await dumped(other), dump);
    assert.deepEqual((await checkStore(other)).problems, []);
    assert.deepEqual(await contents(other), await contents(directory));
  });

  test('is taken of a store that a broker uses, as it was at the beginning', async () => {
    const directory = temporaryDirectory();
    await fill(directory, 2_000);
    const before = await dumped(directory);
    const store = await openLmdbStore({ directory });
    const { sessions } = store.load({ ...startOf(new VirtualClock()), endOfTurn: setImmediate });
    const output = new PassThrough();
    const dumping = dumpStore(directory, output).then(() => output.end());
    await once(output, 'readable');
    for (const { queue } of sessions) for (let i = 0; i < 1_000; i++) queue.drop();
    await new Promise<void>((resolve) => store.whenKept({ handleKept: resolve }));
    const during = await text(output);
    await dumping;
    await store.close();
    assert.equal(during, before);
    assert.notEqual(await dumped(directory), before);
  });

  test.each([
    ['', /it is empty/],
    ['{}\n', /does not say busbar-store-dump/],
    ['{"kind":"busbar-store-dump","version":3}\n', /its version is 3, this program reads 1 to 2/],
    ['{"kind":"busbar-store-dump","version":1}\n{"kind":"nonsense"}\n', /line 2 of the dump .*no kind nonsense/],
    ['{"kind":"busbar-store-dump","version":1}\n{"kind":', /line 2 of the dump/],
    ['{"kind":"busbar-store-dump","version":2,"hasEnd":true}\n', /cut off after line 1: its end is missing/],
    [
      '{"kind":"busbar-store-dump","version":2,"hasEnd":true}\n{"kind":"end","rows":1}\n',
      /0 rows before its end, expected 1/,
    ],
    ['{"kind":"busbar-store-dump","version":2,"hasEnd":true}\n{"kind":"end"', /line 2 of the dump/],
  ])('that is none is refused: %j', async (dump, message) => {
    const directory = path.join(temporaryDirectory(), 'new');
    await assert.rejects(restoreStore(directory, Readable.from([dump])), { code: 'store-dump', message });
  });

  test('that cannot be restored to its end leaves no store, and its directory takes another one', async () => {
    const directory = temporaryDirectory();
    const from = temporaryDirectory();
    await fill(from);
    const whole = await dumped(from);
    const broken = Readable.from([`${whole}{"kind":`]);
    await assert.rejects(restoreStore(directory, broken), { code: 'store-dump' });
    await assert.rejects(checkStore(directory), { code: 'store-missing' });
    const unreadable = new Readable({
      read() {
        this.push(whole);
        this.destroy(new Error('the disk of the dump is gone'));
      },
    });
    await assert.rejects(restoreStore(directory, unreadable), { message: 'the disk of the dump is gone' });
    await assert.rejects(checkStore(directory), { code: 'store-missing' });
    await restoreStore(directory, Readable.from([whole]));
    assert.equal(await dumped(directory), whole);
    assert.deepEqual(await readdir(directory), ['busbar.mdb', 'busbar.mdb-lock']);
  });

  test('whose restore was ended by force lets no broker begin anew in its directory, until it is restored', async () => {
    const [directory, other] = [temporaryDirectory(), temporaryDirectory()];
    await fill(other, 1);
    const dump = await dumped(other);
    await mkdir(path.join(directory, 'busbar.restore'));
    const message =
      /^a restore into .* was cut off: restore the dump again, or remove .*busbar\.restore to begin anew$/;
    await assert.rejects(openLmdbStore({ directory }), { code: 'store-damaged', message });
    await restoreStore(directory, Readable.from([dump]));
    await (await openLmdbStore({ directory })).close();
  });

  test('is restored into a directory without a store only', async () => {
    const directory = temporaryDirectory();
    await fill(directory, 1);
    await assert.rejects(restoreStore(directory, Readable.from(['x'])), { message: /has a store already/ });
  });
});

test('compact gives the room back of what was deleted, and is refused while a broker runs', async () => {
  const directory = temporaryDirectory();
  await fill(directory, 20_000);
  const full = await contents(directory);
  await contents(directory);
  assert.notEqual(full, undefined);
  const { before, after } = await compactStore(directory);
  assert.ok(after < before / 4, `${after} of ${before}`);
  const { size, mode } = await stat(path.join(directory, 'busbar.mdb'));
  assert.equal(size, after);
  if (process.platform !== 'win32') assert.equal(mode & 0o777, 0o600);
  assert.deepEqual((await checkStore(directory)).problems, []);
  const store = await openLmdbStore({ directory });
  await assert.rejects(compactStore(directory), { code: 'store-in-use' });
  await store.close();
});

test('stats count without reading messages, and name the largest queues', async () => {
  const directory = temporaryDirectory();
  await fill(directory);
  const stats = await readStoreStats(directory);
  assert.deepEqual(
    [stats.queued, stats.inFlight, stats.rows.sessions, stats.rows.retained, stats.holder],
    [600, 2, 2, 2, undefined],
  );
  assert.deepEqual(
    stats.largest.map(({ clientIdentifier, queued }) => [clientIdentifier, queued]),
    [
      ['valve', 300],
      ['pump', 300],
    ],
  );
  const store = await openLmdbStore({ directory });
  assert.equal((await readStoreStats(directory)).holder, String(process.pid));
  await store.close();
});

describe('check finds', () => {
  /** A sound store in memory, with shared messages. */
  function soundDisk(): MemoryDisk {
    const clock = new VirtualClock();
    const disk = new MemoryDisk();
    const store = new LmdbStore(disk);
    store.load(startOf(clock));
    const records = ['a', 'b'].map((name) => store.createSession(name, true));
    for (const name of ['one', 'two']) {
      const shared = messageOf('t', name);
      for (const { queue } of records) queue.push(new Delivery(shared, 1, false, undefined));
    }
    records[0]?.journal.accepted(4);
    store.setRetained('r', { message: messageOf('r', 'x', 1, true) });
    clock.run();
    disk.complete();
    assert.deepEqual(checkDisk(disk).problems, []);
    return disk;
  }

  test.each(['sessions', 'outbound', 'chunks', 'messages', 'references'] as const)(
    'a row of %s that is gone',
    (table) => {
      const disk = soundDisk();
      disk.spoil(table, () => undefined);
      assert.notDeepEqual(checkDisk(disk).problems, []);
    },
  );

  test.each(['sessions', 'outbound', 'chunks', 'messages', 'retained'] as const)('a row of %s that is cut', (table) => {
    const disk = soundDisk();
    disk.spoil(table, (value) => value.subarray(0, value.length - 1));
    assert.notDeepEqual(checkDisk(disk).problems, []);
  });

  test('more than a broker does, which refuses to begin on what it would misread', () => {
    for (const table of ['sessions', 'outbound'] as const) {
      const disk = soundDisk();
      disk.spoil(table, (value) => value.subarray(0, value.length - 1));
      assert.throws(() => new LmdbStore(disk).load(startOf(new VirtualClock())), { code: 'store-damaged' });
    }
  });

  test('a count that is wrong', () => {
    const disk = soundDisk();
    disk.spoil('references', () => Uint8Array.of(3));
    assert.match(checkDisk(disk).problems[0] ?? '', /3 entries should refer to it, 2 do/);
  });
});

describe('a power cut in the middle of a commit', () => {
  const PAGE = 4_096;

  test('leaves the store as it was before, whichever of its pages were written', async () => {
    const directory = temporaryDirectory();
    await fill(directory);
    const file = path.join(directory, 'busbar.mdb');
    const before = readFileSync(file);
    const expected = await dumped(directory);
    await change(directory);
    const after = readFileSync(file);
    assert.notEqual(await dumped(directory), expected);
    for (let seed = 1; seed <= 20; seed++) {
      const torn = path.join(directory, `torn-${seed}`);
      await mkdir(torn);
      // Synced pages come before the one of the first two that makes them valid.
      writeTorn(
        path.join(torn, 'busbar.mdb'),
        before,
        after,
        (page) => page >= 2 && (page * 2_654_435_761 * seed) % 7 < 3,
      );
      assert.equal(await dumped(torn), expected, `seed ${seed}`);
      assert.deepEqual((await checkStore(torn)).problems, []);
    }
  });

  /** One batch. */
  async function change(directory: string): Promise<void> {
    const store = await openLmdbStore({ directory });
    const { sessions } = store.load({ ...startOf(new VirtualClock()), endOfTurn: setImmediate });
    for (const { queue } of sessions) {
      for (let i = 0; i < 200; i++) queue.drop();
      for (let i = 0; i < 400; i++) queue.push(new Delivery(messageOf('t', `new ${i}`), 1, false, undefined));
    }
    await store.close();
  }

  function writeTorn(file: string, before: Buffer, after: Buffer, isWritten: (page: number) => boolean): void {
    const torn = Buffer.alloc(Math.max(before.length, after.length));
    before.copy(torn);
    for (let page = 0; page * PAGE < after.length; page++) {
      if (isWritten(page)) after.copy(torn, page * PAGE, page * PAGE, (page + 1) * PAGE);
    }
    writeFileSync(file, torn);
  }
});
