import assert from 'node:assert/strict';
import type { SessionRecord } from '@busbar/broker';
import { Delivery } from '@busbar/protocol';
import { VirtualClock } from '@busbar/testkit';
import { TABLES } from '../src/disk/disk.ts';
import { META_KEY, readMeta } from '../src/format/meta-format.ts';
import { LmdbStore } from '../src/lmdb-store.ts';
import { MemoryDisk } from './memory-disk.ts';
import { emptySession, type ModelSession, modelOf, plainOf, subscriptionOf } from './model-session.ts';
import { messageOf, type PlainState, plainDelivery, startOf, stateOf, successorOf } from './store-model.ts';
import { CLIENTS, type Operation } from './store-operations.ts';

/** Drives a store and a model side by side; remembers how the model was at the end of every batch. */
export class StoreRun {
  readonly #clock = new VirtualClock();
  #disk = new MemoryDisk();
  #records = new Map<string, SessionRecord>();
  #store = this.#open();
  #model = new Map<string, ModelSession>();
  #retained = new Map<string, string>();
  #snapshots = new Map<number, PlainState>();
  #lastMark = this.#store.mark;
  #nextPacketId = 1;
  #nextText = 1;

  #open(): LmdbStore {
    const schedule = (callback: () => void, delayMs: number) => this.#clock.schedule(callback, delayMs);
    const store = new LmdbStore(this.#disk, { heapBudget: 20_000, schedule });
    const { sessions } = store.load(startOf(this.#clock));
    this.#records = new Map([...sessions].map((record) => [record.clientIdentifier, record]));
    return store;
  }

  /** Before every change that is told. */
  #note(): void {
    const { mark } = this.#store;
    if (mark !== this.#lastMark) this.#snapshots.set(this.#lastMark, this.#plain());
    this.#lastMark = mark;
  }

  async apply(operation: Operation): Promise<void> {
    this.#note();
    switch (operation.kind) {
      case 'publish':
        return this.#publish(operation.to, operation.qos, operation.size, operation.style);
      case 'take':
        for (let i = 0; i < operation.count; i++) this.#take(CLIENTS[operation.client] as string, operation.how);
        return;
      case 'answer':
        return this.#answer(CLIENTS[operation.client] as string, operation.index);
      case 'inbound':
        return this.#inbound(CLIENTS[operation.client] as string, operation.packetId);
      case 'subscribe':
        return this.#subscribe(CLIENTS[operation.client] as string, operation.filter, operation.identifier);
      case 'connect':
        return this.#connect(CLIENTS[operation.client] as string, operation.will);
      case 'disconnect':
        return this.#disconnect(CLIENTS[operation.client] as string);
      case 'clear':
        return this.#clear(CLIENTS[operation.client] as string);
      case 'remove':
        return this.#remove(CLIENTS[operation.client] as string);
      case 'retain':
        return this.#retain(`t/${operation.topic}`.padEnd(operation.topic * 1000, 'x'), operation.isEmpty);
      case 'turn':
        return this.#clock.run();
      case 'written':
        for (let i = 0; i < operation.times; i++) {
          this.#disk.complete();
          this.#clock.run();
        }
        // A batch that has failed is tried again after a while.
        if (this.#store.failure !== undefined) await this.#wait();
        return;
      case 'failed':
        if (this.#disk.fail(operation.isApplied)) {
          assert.ok(this.#store.failure !== undefined);
        }
        return;
      case 'crash':
        return this.#crash(operation.isApplied);
    }
  }

  #publish(to: readonly number[], qos: 0 | 1 | 2, size: number, style: number): void {
    const message = messageOf('topic', String(this.#nextText++).padStart(size, '.'), qos);
    for (const index of new Set(to)) {
      const name = CLIENTS[index] as string;
      const session = this.#model.get(name);
      const record = this.#records.get(name);
      if (session === undefined || record === undefined || !session.isLasting) continue;
      const identifiers = (style & 1) === 0 ? undefined : [1, style + 300];
      const successor = (style & 2) === 0 ? undefined : successorOf('$share/g/topic');
      const delivery = new Delivery(message, qos, (style & 4) !== 0, identifiers, successor);
      const plain = plainDelivery(delivery);
      if (qos !== 0 && record.queue.length === 0 && (style & 1) === 0) {
        const packetId = this.#nextPacketId++;
        session.flights.push({ packetId, stage: qos, delivery: plain });
        record.journal.sent(packetId, delivery);
      } else {
        session.queue.push({ plain, byteLength: message.byteLength });
        record.queue.push(delivery);
      }
    }
  }

  #take(name: string, how: 'peek' | 'drop' | 'send'): void {
    const record = this.#records.get(name);
    const session = this.#model.get(name);
    if (record === undefined || session === undefined) return;
    const expected = session.queue[0];
    const peeked = record.queue.peek();
    assert.deepEqual(peeked === undefined ? undefined : plainDelivery(peeked), expected?.plain);
    if (how === 'peek' || expected === undefined) return;
    session.queue.shift();
    if (how === 'drop' || expected.plain.qos === 0) {
      record.queue.drop();
      return;
    }
    const packetId = this.#nextPacketId++;
    session.flights.push({ packetId, stage: expected.plain.qos, delivery: expected.plain });
    record.queue.send(packetId);
  }

  #answer(name: string, index: number): void {
    const record = this.#records.get(name);
    const flights = this.#model.get(name)?.flights ?? [];
    const flight = flights[index % (flights.length || 1)];
    if (record === undefined || flight === undefined) return;
    if (flight.stage === 2) {
      flight.stage = 3;
      flight.delivery = undefined;
      record.journal.received(flight.packetId);
    } else {
      flights.splice(flights.indexOf(flight), 1);
      record.journal.finished(flight.packetId);
    }
  }

  #inbound(name: string, packetId: number): void {
    const record = this.#records.get(name);
    const session = this.#model.get(name);
    if (record === undefined || session?.isLasting !== true) return;
    if (session.accepted.delete(packetId)) record.journal.released(packetId);
    else {
      session.accepted.add(packetId);
      record.journal.accepted(packetId);
    }
  }

  #subscribe(name: string, filter: number, identifier: number): void {
    const record = this.#records.get(name);
    const session = this.#model.get(name);
    if (record === undefined || session?.isLasting !== true) return;
    const topicFilter = `f/${filter}`.padEnd(filter * 900, 'x');
    if (session.subscriptions.get(topicFilter) === identifier) {
      session.subscriptions.delete(topicFilter);
      record.subscriptions.delete(topicFilter);
      this.#store.removeSubscription(record, topicFilter);
      return;
    }
    session.subscriptions.set(topicFilter, identifier);
    const subscription = subscriptionOf(topicFilter, identifier);
    record.subscriptions.set(topicFilter, subscription);
    this.#store.setSubscription(record, topicFilter, subscription);
  }

  #connect(name: string, hasWill: boolean): void {
    const isLasting = name !== 'plain';
    let record = this.#records.get(name);
    let session = this.#model.get(name);
    if (record === undefined || session === undefined) {
      record = this.#store.createSession(name, isLasting);
      session = emptySession(isLasting);
      this.#records.set(name, record);
      this.#model.set(name, session);
    }
    record.disconnectedAt = undefined;
    record.expiryInterval = 60;
    const content = { topicName: 'w', payload: Buffer.from('gone'), qos: 1, retain: true, properties: {} } as const;
    record.will = hasWill ? { content, delaySeconds: 7 } : undefined;
    session.isDisconnected = false;
    session.expiryInterval = 60;
    session.will = hasWill ? 'gone 7' : undefined;
    this.#store.updateSession(record);
  }

  #disconnect(name: string): void {
    const record = this.#records.get(name);
    const session = this.#model.get(name);
    if (record === undefined || session === undefined) return;
    record.disconnectedAt = this.#clock.now();
    session.isDisconnected = true;
    this.#store.updateSession(record);
  }

  #clear(name: string): void {
    const session = this.#model.get(name);
    if (session === undefined) return;
    session.queue = [];
    this.#records.get(name)?.queue.clear();
  }

  #remove(name: string): void {
    const record = this.#records.get(name);
    if (record === undefined) return;
    this.#model.delete(name);
    this.#records.delete(name);
    this.#store.removeSession(record);
  }

  #retain(topicName: string, isEmpty: boolean): void {
    if (isEmpty) {
      this.#retained.delete(topicName);
      this.#store.removeRetained(topicName);
      return;
    }
    const text = String(this.#nextText++);
    this.#retained.set(topicName, text);
    this.#store.setRetained(topicName, { message: messageOf(topicName, text, 1, true) });
  }

  #crash(isApplied: boolean): void {
    this.#snapshots.set(this.#lastMark, this.#plain());
    const kept = this.#store.keptMark;
    const found = this.#disk.crash(isApplied);
    const meta = found.get('meta', META_KEY);
    const reached = meta === undefined ? 0 : readMeta(meta).batch;
    const state = stateOf(found);
    const expected = this.#snapshotAt(Math.max(kept, reached));
    assert.deepEqual(state, expected);
    this.#disk = found;
    this.#takeUp(state);
  }

  async #wait(): Promise<void> {
    this.#clock.advance(5_000);
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }

  /** Everything is kept at the end, and nothing else is on the disk. */
  async finish(): Promise<void> {
    for (let i = 0; i < 200 && (this.#disk.isWriting || i < 3); i++) {
      this.#disk.complete();
      await this.#wait();
    }
    assert.equal(this.#store.failure, undefined);
    assert.deepEqual(stateOf(this.#disk), this.#plain());
    for (const name of CLIENTS) this.#remove(name);
    for (const topicName of [...this.#retained.keys()]) this.#retain(topicName, true);
    this.#clock.run();
    for (let i = 0; i < 1000 && this.#disk.isWriting; i++) {
      this.#disk.complete();
      this.#clock.run();
    }
    for (const table of TABLES.filter((name) => name !== 'meta')) {
      assert.equal(this.#disk.rowCount(table), 0, `${table} is empty`);
    }
  }

  /** The queues have what the model has, in numbers. */
  compare(): void {
    for (const [name, { queue }] of this.#model) {
      const record = this.#records.get(name);
      assert.equal(record?.queue.length, queue.length);
      assert.equal(
        record?.queue.byteLength,
        queue.reduce((sum, { byteLength }) => sum + byteLength, 0),
      );
    }
  }

  #snapshotAt(mark: number): PlainState {
    let best = -1;
    for (const each of this.#snapshots.keys()) if (each <= mark && each > best) best = each;
    return this.#snapshots.get(best) ?? { sessions: {}, retained: {} };
  }

  /** The broker that starts after the crash goes on from what it found. */
  #takeUp(state: PlainState): void {
    this.#store = this.#open();
    this.#snapshots = new Map();
    this.#lastMark = this.#store.mark;
    this.#retained = new Map(Object.entries(state.retained));
    this.#model = new Map();
    for (const [name, plain] of Object.entries(state.sessions)) this.#model.set(name, modelOf(plain));
    this.#snapshots.set(0, this.#plain());
  }

  #plain(): PlainState {
    const sessions = [...this.#model].filter(([, { isLasting, will }]) => isLasting || will !== undefined);
    return {
      sessions: Object.fromEntries(sessions.map(([name, session]) => [name, plainOf(session)])),
      retained: Object.fromEntries([...this.#retained].sort()),
    };
  }
}
