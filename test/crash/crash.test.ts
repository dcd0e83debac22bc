import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { checkStore } from '@busbar/store-lmdb';
import { onTestFinished, test, vi } from 'vitest';
import { BrokerProcess } from './broker-process.ts';
import { busbarClient, type LoadClient, mqttJsClient, Publisher, RetainedWriter } from './load.ts';
import type { PublisherLedger } from './publisher-ledger.ts';
import { armWill, readRetained, Toggler, Visitor } from './raw-clients.ts';

/** `npm run test:crash` makes 200; seed and rounds are told, so that a failure can be played again. */
const { CRASH_ROUNDS: rounds = '8', CRASH_SEED: seed = '20261122' } = process.env;
const ROUNDS = Number(rounds);
const SEED = Number(seed);
/** The slow messages between two visits must fit into a queue. */
const ROUNDS_BETWEEN_VISITS = 4;
const CATCH_UP_MS = 60_000;

vi.setConfig({ testTimeout: 120_000 + ROUNDS * 15_000 });

/** Random numbers that can be had again (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Everything that goes on at the broker while it is killed. */
class Plant {
  readonly broker: BrokerProcess;
  readonly #random: () => number;
  readonly faults: string[] = [];
  readonly #clients: LoadClient[] = [];
  readonly #publishers: Publisher[] = [];
  readonly #ledgers = new Map<string, PublisherLedger>();
  readonly #retained: RetainedWriter[] = [];
  readonly #online: string[] = [];
  readonly #togglers = [new Toggler('toggle-a', 6), new Toggler('toggle-b', 3)];
  readonly #visitors: Visitor[] = [];
  /** Wills by text: how often they came. */
  readonly #wills = new Map<string, number>();
  readonly #armed: string[] = [];

  constructor(broker: BrokerProcess, random: () => number) {
    this.broker = broker;
    this.#random = random;
  }

  async begin(): Promise<void> {
    const { url } = this.broker;
    for (const toggler of this.#togglers) await toggler.begin(this.broker);
    for (const name of ['visitor-a', 'visitor-b']) {
      const visitor = new Visitor(name, 'slow/#', (topicName, text) => this.#receive(name, topicName, text));
      await visitor.subscribe(this.broker);
      this.#visitors.push(visitor);
    }
    const libraries = [
      { kind: 'busbar', make: busbarClient },
      { kind: 'mqttjs', make: mqttJsClient },
    ];
    for (const { kind, make } of libraries) {
      const subscriber = await this.#add(make(url, `${kind}-subscriber`));
      this.#online.push(subscriber.name);
      await subscriber.subscribe('fast/#', (topicName, text) => this.#receive(subscriber.name, topicName, text));
      const watcher = await this.#add(make(url, `${kind}-watcher`));
      await watcher.subscribe('will/#', (_, text) => {
        const key = `${watcher.name} ${text}`;
        this.#wills.set(key, (this.#wills.get(key) ?? 0) + 1);
      });
    }
    for (const { kind, make } of libraries) {
      for (const qos of [1, 2] as const) {
        this.#publish(await this.#add(make(url, `${kind}-fast-${qos}`)), 'fast', qos);
        this.#publish(await this.#add(make(url, `${kind}-slow-${qos}`)), 'slow', qos, 3);
      }
      this.#retained.push(new RetainedWriter(await this.#add(make(url, `${kind}-retained`)), `retained/${kind}`, 5));
    }
  }

  /** Load, kill -9 at a random instant, start, look. */
  async round(number: number): Promise<void> {
    const text = `${number}`;
    const toggling = this.#togglers.map((toggler) => toggler.toggle(this.broker, this.#random).catch(() => {}));
    const arming = armWill(this.broker, `will/${number}`, text).then(
      () => this.#armed.push(text),
      () => {},
    );
    await wait(20 + this.#random() * 400);
    await this.broker.kill();
    await Promise.all([...toggling, arming]);
    const kept = new Map(this.#retained.flatMap(({ acknowledged }) => [...acknowledged]));
    await this.broker.start();
    await this.#lookAtRetained(kept);
    for (const toggler of this.#togglers) this.#fault(number, await toggler.probe(this.broker));
    if (number % ROUNDS_BETWEEN_VISITS === 0) await this.#visit();
  }

  /** Lets everything come to rest and holds the ledgers against each other. */
  async finish(): Promise<void> {
    await Promise.all([...this.#publishers, ...this.#retained].map((publisher) => publisher.stop()));
    const until = performance.now() + CATCH_UP_MS;
    const fast = this.#publishers.map(({ ledger }) => ledger).filter(({ topicName }) => topicName.startsWith('fast/'));
    const isDone = () => fast.every((ledger) => this.#online.every((name) => ledger.isComplete(name)));
    while (!isDone() && performance.now() < until) await wait(50);
    await this.#visit();
    for (const ledger of fast) for (const name of this.#online) this.faults.push(...ledger.faultsAt(name));
    for (const { ledger } of this.#publishers) {
      if (fast.includes(ledger)) continue;
      for (const { name } of this.#visitors) this.faults.push(...ledger.faultsAt(name));
    }
    for (const text of this.#armed) {
      for (const watcher of ['busbar-watcher', 'mqttjs-watcher']) {
        const times = this.#wills.get(`${watcher} ${text}`) ?? 0;
        if (times !== 1) this.faults.push(`the Will of round ${text} came ${times} times to ${watcher}`);
      }
    }
    for (const { name, lostSessions } of this.#clients) {
      if (lostSessions > 0) this.faults.push(`${name}: the session was lost ${lostSessions} times`);
    }
    for (const client of this.#clients) await client.end();
    await this.broker.stop();
    this.faults.push(...(await checkStore(this.broker.directory)).problems);
  }

  /** Figures of the run: a load that did nothing proves nothing. */
  get acknowledged(): number {
    return this.#publishers.reduce((sum, { ledger }) => sum + ledger.acknowledged.size, 0);
  }

  get armedWills(): number {
    return this.#armed.length;
  }

  get retainedUpdates(): number {
    return this.#retained.reduce((sum, { acknowledged }) => sum + Math.max(0, ...acknowledged.values()), 0);
  }

  async #add(making: Promise<LoadClient>): Promise<LoadClient> {
    const client = await making;
    this.#clients.push(client);
    return client;
  }

  #publish(client: LoadClient, root: string, qos: 1 | 2, pauseMs?: number): void {
    const publisher = new Publisher(client, root, qos, pauseMs);
    this.#publishers.push(publisher);
    this.#ledgers.set(publisher.ledger.topicName, publisher.ledger);
  }

  #receive(subscriber: string, topicName: string, text: string): void {
    this.#ledgers.get(topicName)?.receive(subscriber, Number(text));
  }

  async #lookAtRetained(kept: ReadonlyMap<string, number>): Promise<void> {
    const found = await readRetained(this.broker, 'retained/#');
    for (const [topicName, number] of kept) {
      const value = Number(found.get(topicName) ?? 0);
      if (value < number) this.faults.push(`${topicName}: ${number} was acknowledged, ${value} is retained`);
    }
  }

  async #visit(): Promise<void> {
    for (const visitor of this.#visitors) {
      if (!(await visitor.visit(this.broker))) this.faults.push(`${visitor.name}: the session is lost`);
    }
  }

  #fault(round: number, faults: readonly string[]): void {
    this.faults.push(...faults.map((fault) => `round ${round}: ${fault}`));
  }
}

test(`after ${ROUNDS} times kill -9 nothing acknowledged is lost, nothing of QoS 2 comes twice (seed ${SEED})`, async () => {
  const broker = await BrokerProcess.create();
  onTestFinished(() => broker.remove());
  const plant = new Plant(broker, randomFrom(SEED));
  await plant.begin();
  for (let round = 1; round <= ROUNDS; round++) {
    await plant.round(round);
    assert.deepEqual(plant.faults, [], `round ${round}`);
  }
  await plant.finish();
  const figures = `${plant.acknowledged} messages acknowledged, ${plant.retainedUpdates} retained, ${plant.armedWills} Wills`;
  process.stdout.write(`crash test: ${ROUNDS} rounds, ${figures}\n`);
  assert.deepEqual(plant.faults, []);
  assert.ok(plant.acknowledged > ROUNDS * 20, figures);
  assert.ok(plant.armedWills > ROUNDS / 2, figures);
});
