import assert from 'node:assert/strict';
import type { Identity, SessionRecord, Store, StoredSubscription, StoreStart } from '@busbar/broker';
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

export const NOW = 5_000;
export const WINDOW = 100;
export const encoder = new TextEncoder();

/** A store, and the stores after it, as one broker after the other uses them. */
export class StoreRun {
  readonly #kind: StoreKind;
  #store: Store | undefined = undefined;
  sessions = new Map<string, SessionRecord>();
  retained = new Map<string, string>();
  /** Whose the retained messages are. */
  sources = new Map<string, Identity>();
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
    this.retained.clear();
    this.sources.clear();
    for (const { message, source } of retained) {
      this.retained.set(message.topicName, textOf(message));
      if (source !== undefined) this.sources.set(message.topicName, source);
    }
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

export function successor(sharedFilter: string): Successor {
  return { sharedFilter, takeOver() {} };
}

export function textOf({ payload }: ApplicationMessage): string {
  return new TextDecoder().decode(payload);
}

export function message(text: string, content: Partial<MessageContent> = {}): ApplicationMessage {
  const defaults = {
    topicName: 'plant/x',
    payload: encoder.encode(text),
    qos: 1,
    retain: false,
    properties: {},
  } as const;
  return ApplicationMessage.of({ ...defaults, ...content }, 'the publisher', NOW);
}

export function delivery(text: string, qos: 0 | 1 | 2 = 1): Delivery {
  return new Delivery(message(text), qos, false, undefined);
}

/** A delivery that leaves at once, as a session sends it. */
export function send(record: SessionRecord, text: string, qos: 1 | 2): number {
  const sent = delivery(text, qos);
  const packetId = record.flows.outbound.send(sent, qos);
  record.journal.sent(packetId, sent);
  return packetId;
}

/** The next one that waits leaves. */
export function sendNext(record: SessionRecord, qos: 1 | 2): number {
  const next = record.queue.peek() ?? assert.fail('nothing waits');
  const packetId = record.flows.outbound.send(next, qos);
  record.queue.send(packetId);
  return packetId;
}

export function drain({ queue }: SessionRecord): string[] {
  const texts: string[] = [];
  for (let next = queue.drop(); next !== undefined; next = queue.drop()) texts.push(textOf(next.message));
  return texts;
}

export function inFlight({ flows }: SessionRecord): [number, number, string | undefined][] {
  return [...flows.outbound.inFlight].map(({ packetId, stage, message: flying }) => [
    packetId,
    stage,
    flying === undefined ? undefined : textOf(flying.message),
  ]);
}

export function subscriptionTo(topicFilter: string, options: Partial<StoredSubscription> = {}): StoredSubscription {
  const defaults = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  return { topicFilter, ...defaults, subscriptionIdentifier: undefined, ...options };
}

export function subscribe(run: StoreRun, record: SessionRecord, subscription: StoredSubscription): void {
  record.subscriptions.set(subscription.topicFilter, subscription);
  run.store.setSubscription(record, subscription.topicFilter, subscription);
}

export function numbers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `message ${from + index}`);
}
