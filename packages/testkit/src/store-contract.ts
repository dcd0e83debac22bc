import assert from 'node:assert/strict';
import type { SessionRecord, Store, StoredSubscription, StoreStart } from '@busbar/broker';
import { ApplicationMessage, Delivery, type MessageContent, type Successor } from '@busbar/protocol';

/** A kind of store, for {@link storeContract}. */
export interface StoreKind {
  /** Opens a store on what the one before has kept; at first on nothing. */
  open(): Promise<Store>;
  /** Resolves when the store has done what it does by itself: in real time a turn or two, in virtual time whatever it takes. */
  settle(): Promise<void>;
}

/** One promise of the store port, to be run by any test runner. */
export interface StoreCase {
  readonly name: string;
  run(kind: StoreKind): Promise<void>;
}

const NOW = 5_000;
const WINDOW = 100;
const encoder = new TextEncoder();

/** A store, and the stores after it, as one broker after the other uses them. */
class Run {
  readonly #kind: StoreKind;
  #store: Store | undefined = undefined;
  sessions = new Map<string, SessionRecord>();
  retained = new Map<string, string>();
  failures: (string | undefined)[] = [];

  constructor(kind: StoreKind) {
    this.#kind = kind;
  }

  get store(): Store {
    return this.#store ?? assert.fail('begin first');
  }

  async begin(): Promise<this> {
    const start: StoreStart = {
      now: () => NOW,
      endOfTurn: (callback) => setImmediate(callback),
      successorOf: (sharedFilter) => successor(sharedFilter),
      handleFailure: (failure) => this.failures.push(failure),
      handleCommit: () => {},
    };
    this.#store = await this.#kind.open();
    const { sessions, retained } = this.#store.load(start);
    this.sessions = new Map([...sessions].map((record) => [record.clientIdentifier, record]));
    this.retained = new Map([...retained].map((message) => [message.topicName, textOf(message)]));
    for (const { flows } of this.sessions.values()) flows.outbound.handleConnected(WINDOW);
    return this;
  }

  /** Resolves when everything that was told is kept. */
  async kept(): Promise<void> {
    const { store } = this;
    const { mark } = store;
    if (store.durability === 'memory' || store.keptMark >= mark) return;
    let isKept = false;
    store.whenKept({
      handleKept: () => {
        isKept = true;
      },
    });
    for (let turn = 0; !isKept && turn < 10_000; turn++) await this.#kind.settle();
    assert.ok(store.keptMark >= mark, 'what was told is kept');
  }

  /** Another broker goes on with what this one has kept. */
  async restart(): Promise<void> {
    await this.kept();
    await this.store.close();
    await this.begin();
  }

  create(name: string, isLasting = true): SessionRecord {
    const record = this.store.createSession(name, isLasting);
    record.expiryInterval = 60;
    this.store.updateSession(record);
    record.flows.outbound.handleConnected(WINDOW);
    return record;
  }

  /** The client is away: what waits need not be at hand. */
  leave(record: SessionRecord): void {
    record.disconnectedAt = NOW;
    this.store.updateSession(record);
  }

  session(name: string): SessionRecord {
    return this.sessions.get(name) ?? assert.fail(`no session ${name}`);
  }
}

function successor(sharedFilter: string): Successor {
  return { sharedFilter, takeOver() {} };
}

export function textOf({ payload }: ApplicationMessage): string {
  return new TextDecoder().decode(payload);
}

function message(text: string, content: Partial<MessageContent> = {}): ApplicationMessage {
  const defaults = {
    topicName: 'plant/x',
    payload: encoder.encode(text),
    qos: 1,
    retain: false,
    properties: {},
  } as const;
  return ApplicationMessage.of({ ...defaults, ...content }, 'the publisher', NOW);
}

function delivery(text: string, qos: 0 | 1 | 2 = 1): Delivery {
  return new Delivery(message(text), qos, false, undefined);
}

/** A delivery that leaves at once, as a session sends it. */
function send(record: SessionRecord, text: string, qos: 1 | 2): number {
  const sent = delivery(text, qos);
  const packetId = record.flows.outbound.send(sent, qos);
  record.journal.sent(packetId, sent);
  return packetId;
}

/** The next one that waits leaves. */
function sendNext(record: SessionRecord, qos: 1 | 2): number {
  const next = record.queue.peek() ?? assert.fail('nothing waits');
  const packetId = record.flows.outbound.send(next, qos);
  record.queue.send(packetId);
  return packetId;
}

function drain({ queue }: SessionRecord): string[] {
  const texts: string[] = [];
  for (let next = queue.drop(); next !== undefined; next = queue.drop()) texts.push(textOf(next.message));
  return texts;
}

function inFlight({ flows }: SessionRecord): [number, number, string | undefined][] {
  return [...flows.outbound.inFlight].map(({ packetId, stage, message: flying }) => [
    packetId,
    stage,
    flying === undefined ? undefined : textOf(flying.message),
  ]);
}

function subscriptionTo(topicFilter: string, options: Partial<StoredSubscription> = {}): StoredSubscription {
  const defaults = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  return { topicFilter, ...defaults, subscriptionIdentifier: undefined, ...options };
}

function subscribe(run: Run, record: SessionRecord, subscription: StoredSubscription): void {
  record.subscriptions.set(subscription.topicFilter, subscription);
  run.store.setSubscription(record, subscription.topicFilter, subscription);
}

function numbers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `message ${from + index}`);
}

const sessionCases: readonly StoreCase[] = [
  {
    name: 'a session is there again, with its end, its expiry and its Will',
    async run(kind) {
      const run = await new Run(kind).begin();
      const record = run.create('pump');
      const properties: MessageContent['properties'] = { messageExpiryInterval: 7, userProperties: [['a', 'b']] };
      const content = { topicName: 'gone', payload: encoder.encode('x'), qos: 2, retain: true, properties } as const;
      record.will = { content, delaySeconds: 30 };
      run.leave(record);
      await run.restart();
      const again = run.session('pump');
      assert.deepEqual(
        [again.isLasting, again.expiryInterval, again.disconnectedAt !== undefined, again.will?.delaySeconds],
        [true, 60, true, 30],
      );
      assert.deepEqual({ ...again.will?.content, payload: undefined }, { ...content, payload: undefined });
    },
  },
  {
    name: 'of a session that ends with its connection only the Will is kept, and no longer than that',
    async run(kind) {
      const run = await new Run(kind).begin();
      const content = {
        topicName: 'gone',
        payload: encoder.encode('x'),
        qos: 1,
        retain: false,
        properties: {},
      } as const;
      for (const name of ['with', 'taken back', 'ended']) {
        const record = run.create(name, false);
        record.will = { content, delaySeconds: 0 };
        run.store.updateSession(record);
        await run.kept();
        if (name === 'ended') run.store.removeSession(record);
        if (name === 'taken back') record.will = undefined;
        if (name === 'taken back') run.store.updateSession(record);
      }
      await run.restart();
      const kept = [...run.sessions.values()].filter(({ will }) => will !== undefined);
      assert.deepEqual(
        kept.map(({ clientIdentifier, isLasting }) => [clientIdentifier, isLasting]),
        [['with', false]],
      );
    },
  },
  {
    name: 'subscriptions are there again with all their options, also long ones, and not those that were taken back',
    async run(kind) {
      const run = await new Run(kind).begin();
      const record = run.create('pump');
      const long = `long/${'x'.repeat(60_000)}`;
      const wanted = [
        subscriptionTo('a/+', { qos: 2, noLocal: true, subscriptionIdentifier: 268_435_455 }),
        subscriptionTo('$share/group/a/#', { qos: 0, retainAsPublished: true, retainHandling: 2 }),
        subscriptionTo(long, { subscriptionIdentifier: 1 }),
        subscriptionTo(`${long}y`),
      ];
      for (const subscription of [...wanted, subscriptionTo('not/this')]) subscribe(run, record, subscription);
      subscribe(run, record, subscriptionTo('a/+', { qos: 1 }));
      await run.kept();
      subscribe(run, record, wanted[0] as StoredSubscription);
      record.subscriptions.delete('not/this');
      run.store.removeSubscription(record, 'not/this');
      await run.restart();
      const found = [...run.session('pump').subscriptions.values()];
      const byFilter = (one: StoredSubscription, other: StoredSubscription) =>
        one.topicFilter < other.topicFilter ? -1 : 1;
      assert.deepEqual(found.sort(byFilter), [...wanted].sort(byFilter));
    },
  },
  {
    name: 'a session that has ended leaves nothing, and one after it with the same name is another',
    async run(kind) {
      const run = await new Run(kind).begin();
      const old = run.create('pump');
      for (const text of numbers(50)) old.queue.push(delivery(text));
      sendNext(old, 1);
      subscribe(run, old, subscriptionTo('a'));
      old.journal.accepted(3);
      await run.kept();
      run.store.removeSession(old);
      const young = run.create('pump');
      young.queue.push(delivery('new'));
      await run.restart();
      const found = run.session('pump');
      assert.deepEqual([found.subscriptions.size, inFlight(found).length, found.flows.inbound.accepted], [0, 0, []]);
      assert.deepEqual(drain(found), ['new']);
    },
  },
];

const queueCases: readonly StoreCase[] = [
  {
    name: 'a queue keeps order, length and bytes, whether its client is there or not, over a restart and after it',
    async run(kind) {
      const run = await new Run(kind).begin();
      const record = run.create('pump');
      const texts = [...numbers(700), 'x'.repeat(100_000), ...numbers(700, 700)];
      const half = texts.length / 2;
      for (const [index, text] of texts.entries()) {
        record.queue.push(delivery(text, index % 2 === 0 ? 1 : 2));
        if (index === Math.floor(half)) run.leave(record);
        if (index % 97 === 0) await run.kept();
      }
      const { length, byteLength } = record.queue;
      assert.equal(length, texts.length);
      await run.restart();
      const again = run.session('pump');
      assert.deepEqual([again.queue.length, again.queue.byteLength], [length, byteLength]);
      assert.equal(textOf(again.queue.peek()?.message ?? assert.fail('nothing waits')), texts[0]);
      again.queue.push(delivery('the last'));
      assert.deepEqual(drain(again), [...texts, 'the last']);
      assert.deepEqual([again.queue.length, again.queue.byteLength, again.queue.peek()], [0, 0, undefined]);
      await run.restart();
      assert.deepEqual(drain(run.session('pump')), []);
    },
  },
  {
    name: 'what is read while it is written comes once and in order',
    async run(kind) {
      const run = await new Run(kind).begin();
      const record = run.create('pump');
      const read: string[] = [];
      let written = 0;
      for (let round = 0; round < 60; round++) {
        if (round % 3 === 0) run.leave(record);
        for (const text of numbers(20, written)) record.queue.push(delivery(text));
        written += 20;
        if (round % 2 === 0) await kind.settle();
        for (let i = 0; i < 15; i++) read.push(textOf(record.queue.drop()?.message ?? assert.fail('nothing waits')));
      }
      await run.restart();
      read.push(...drain(run.session('pump')));
      assert.deepEqual(read, numbers(written));
    },
  },
  {
    name: 'a delivery keeps QoS, RETAIN, Subscription Identifiers and who shares it, its message everything that it is',
    async run(kind) {
      const run = await new Run(kind).begin();
      const record = run.create('pump');
      const properties: MessageContent['properties'] = {
        contentType: 'text/plain',
        messageExpiryInterval: 90,
        userProperties: [['k', 'v']],
      };
      const content = message('x', { topicName: 'a/b', qos: 2, retain: true, properties });
      record.queue.push(new Delivery(content, 2, true, [1, 300], successor('$share/g/a/#')));
      assert.equal(record.queue.hasShared, true);
      await run.restart();
      const { queue } = run.session('pump');
      assert.equal(queue.hasShared, true);
      const found = queue.drop() ?? assert.fail('nothing waits');
      const { qos, retain, subscriptionIdentifiers, successor: heir } = found;
      assert.deepEqual([qos, retain, subscriptionIdentifiers, heir?.sharedFilter], [2, true, [1, 300], '$share/g/a/#']);
      const { topicName, publisher } = found.message;
      assert.deepEqual([topicName, publisher, textOf(found.message)], ['a/b', 'the publisher', 'x']);
      assert.equal(found.message.isExpired(NOW), false);
      assert.equal(found.message.isExpired(NOW + 91_000), true);
      assert.deepEqual(found.message.form(true, true).packetSize, content.form(true, true).packetSize);
    },
  },
  {
    name: 'one message for many sessions is as many deliveries, each of which goes by itself',
    async run(kind) {
      const run = await new Run(kind).begin();
      const names = numbers(20);
      for (const name of names) run.create(name);
      const records = () => names.map((name) => run.sessions.get(name) ?? assert.fail(name));
      const first = [...names.map((name) => run.create(`${name} `))];
      for (const text of ['one', 'two']) {
        const shared = message(text.repeat(500));
        for (const record of first) record.queue.push(new Delivery(shared, 1, false, undefined));
      }
      await run.restart();
      assert.equal(records().length, names.length);
      const found = names.map((name) => run.session(`${name} `));
      for (const record of found.slice(1)) assert.deepEqual(drain(record), ['one'.repeat(500), 'two'.repeat(500)]);
      for (const record of found.slice(1)) run.store.removeSession(record);
      await run.restart();
      assert.deepEqual(drain(run.session(`${names[0]} `)), ['one'.repeat(500), 'two'.repeat(500)]);
    },
  },
  {
    name: 'what a queue is cleared of does not come back',
    async run(kind) {
      const run = await new Run(kind).begin();
      const record = run.create('pump');
      run.leave(record);
      for (const text of numbers(1_500)) record.queue.push(delivery(text));
      await run.kept();
      record.queue.push(delivery('unwritten'));
      record.queue.clear();
      assert.deepEqual([record.queue.length, record.queue.byteLength, record.queue.peek()], [0, 0, undefined]);
      record.queue.push(delivery('after'));
      await run.restart();
      assert.deepEqual(drain(run.session('pump')), ['after']);
    },
  },
];

const flowCases: readonly StoreCase[] = [
  {
    name: 'what is in flight is there again in the order of sending, under its Packet Identifiers, and nothing that is done',
    async run(kind) {
      const run = await new Run(kind).begin();
      const record = run.create('pump');
      const ids = [send(record, 'a', 1), send(record, 'b', 2), send(record, 'c', 1), send(record, 'd', 2)];
      for (const text of ['e', 'f', 'g']) record.queue.push(delivery(text));
      ids.push(sendNext(record, 1), sendNext(record, 1));
      await run.kept();
      const [a, b, c, d, e, f] = ids as [number, number, number, number, number, number];
      for (const packetId of [a, e]) {
        record.flows.outbound.handlePuback(packetId);
        record.journal.finished(packetId);
      }
      record.flows.outbound.handlePubrec(d);
      record.journal.received(d);
      await run.restart();
      const again = run.session('pump');
      assert.deepEqual(inFlight(again), [
        [b, 2, 'b'],
        [c, 1, 'c'],
        [d, 3, undefined],
        [f, 1, 'f'],
      ]);
      assert.deepEqual(drain(again), ['g']);
      again.flows.outbound.handlePubcomp(d);
      again.journal.finished(d);
      again.flows.outbound.handlePuback(c);
      again.journal.finished(c);
      await run.restart();
      assert.deepEqual(inFlight(run.session('pump')), [
        [b, 2, 'b'],
        [f, 1, 'f'],
      ]);
    },
  },
  {
    name: 'Packet Identifiers of accepted QoS 2 messages are there again until they are released',
    async run(kind) {
      const run = await new Run(kind).begin();
      const record = run.create('pump');
      const accept = (packetId: number) => {
        record.flows.inbound.handlePublish(2, packetId, WINDOW);
        record.flows.inbound.accept(packetId);
        record.journal.accepted(packetId);
      };
      for (const packetId of [7, 8, 9, 65_535, 1]) accept(packetId);
      await run.kept();
      record.flows.inbound.handlePubrel(8);
      record.journal.released(8);
      await run.restart();
      const { accepted } = run.session('pump').flows.inbound;
      assert.deepEqual(
        [...accepted].sort((one, other) => one - other),
        [1, 7, 9, 65_535],
      );
    },
  },
];

const otherCases: readonly StoreCase[] = [
  {
    name: 'the last retained message of each topic, and none of a topic that was emptied',
    async run(kind) {
      const run = await new Run(kind).begin();
      const long = `long/${'x'.repeat(60_000)}`;
      const retain = (topicName: string, text: string) =>
        run.store.setRetained(message(text, { topicName, retain: true }));
      for (const topicName of ['a', 'b', long, `${long}y`, 'c']) retain(topicName, 'old');
      await run.kept();
      retain('a', 'new');
      retain(long, 'newer');
      run.store.removeRetained('b');
      run.store.removeRetained('c');
      retain('c', 'again');
      retain('d', 'short-lived');
      run.store.removeRetained('d');
      await run.restart();
      const expected = { a: 'new', c: 'again', [long]: 'newer', [`${long}y`]: 'old' };
      assert.deepEqual(Object.fromEntries(run.retained), expected);
    },
  },
  {
    name: 'whoever waits is called once, later, when the batch of before is kept; without changes, too',
    async run(kind) {
      const run = await new Run(kind).begin();
      const { store } = run;
      assert.ok(store.durability === 'memory' || store.durability === 'disk');
      if (store.durability === 'memory') {
        assert.ok(store.keptMark >= store.mark, 'a store on the heap keeps everything at once');
        return;
      }
      const seen: string[] = [];
      const wait = (name: string) => {
        const { mark } = store;
        store.whenKept({ handleKept: () => seen.push(`${name} ${store.keptMark >= mark}`) });
      };
      const changes = store.changes;
      wait('nothing');
      run.create('pump').queue.push(delivery('x'));
      wait('something');
      assert.ok(store.changes > changes, 'a change is counted');
      assert.deepEqual(seen, []);
      await run.kept();
      assert.deepEqual(seen, ['nothing true', 'something true']);
      await run.kept();
      await kind.settle();
      assert.deepEqual(seen, ['nothing true', 'something true']);
      assert.deepEqual([store.failure, run.failures], [undefined, []]);
    },
  },
];

/**
 * What every store of the broker promises, as cases for any test runner.
 *
 *     for (const { name, run } of storeContract) test(name, () => run(kind()));
 */
export const storeContract: readonly StoreCase[] = [...sessionCases, ...queueCases, ...flowCases, ...otherCases];
