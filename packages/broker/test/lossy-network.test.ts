import assert from 'node:assert/strict';
import { NO_PROPERTIES, type ProtocolVersion, type PublishPacket, type QoS, ReasonCode } from '@busbar/codec';
import {
  type Agreement,
  type ClientClosing,
  ClientConnection,
  type ClientConnectionOwner,
  type MessageContent,
  SessionState,
} from '@busbar/protocol';
import { subscriptionTo, VirtualClock } from '@busbar/testkit';
import type { MemoryTransport, TransportReceiver } from '@busbar/transport';
import fc from 'fast-check';
import { test, vi } from 'vitest';
import { MemoryStore } from '../src/index.ts';
import { SlowStore } from './slow-store.ts';
import { VirtualBroker } from './virtual-broker.ts';

// Hundreds of runs, on machines of any speed.
vi.setConfig({ testTimeout: 60_000 });

/** A small generator of pseudo-random numbers (xorshift32), so that a run can be repeated from its seed. */
class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  below(bound: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % bound;
  }
}

/** A store that is done after a while, which is different each time. */
function slowStore(clock: VirtualClock, chance: Chance): SlowStore {
  const store = new SlowStore();
  store.onWanted = () => {
    clock.schedule(() => store.sync(), chance.below(3) === 0 ? 0 : chance.below(40));
  };
  return store;
}

interface Scenario {
  readonly version: ProtocolVersion;
  readonly messages: readonly QoS[];
  /** Bytes that each connection carries, both directions together, before it is cut; later ones are not. */
  readonly publisherCuts: readonly number[];
  readonly subscriberCuts: readonly number[];
  readonly receiveMaximum: number;
  readonly maximumInFlight: number;
  readonly topicAliases: number;
  readonly hasSlowStore: boolean;
  readonly seed: number;
}

/** A client's machine that connects again whenever its connection was cut, and goes on with its session. */
abstract class Device implements ClientConnectionOwner, TransportReceiver {
  readonly session = new SessionState<MessageContent>();
  machine: ClientConnection | undefined;
  protected readonly broker: VirtualBroker;
  readonly #name: string;
  readonly #scenario: Scenario;
  readonly #chance: Chance;
  #cuts: number[] = [];
  #transport: MemoryTransport | undefined;
  #bytesLeft = Number.POSITIVE_INFINITY;

  constructor(broker: VirtualBroker, name: string, scenario: Scenario, chance: Chance) {
    this.broker = broker;
    this.#name = name;
    this.#scenario = scenario;
    this.#chance = chance;
  }

  open(): void {
    const { version: protocolVersion, receiveMaximum, topicAliases } = this.#scenario;
    const properties = { sessionExpiryInterval: 3600, receiveMaximum, topicAliasMaximum: topicAliases };
    const common = { protocolVersion, cleanStart: false, keepAlive: 0, properties, topicAliases };
    this.machine = new ClientConnection({ ...common, clientIdentifier: this.#name }, this, this.session);
    this.#transport = this.broker.open({ chunk: (byteLength) => 1 + this.#chance.below(byteLength), windowBytes: 300 });
    this.#transport.attach(this);
    this.#bytesLeft = this.#cuts.shift() ?? Number.POSITIVE_INFINITY;
    this.machine.handleConnectionMade(this.broker.clock.now());
    this.flush();
  }

  /** From now on connections are cut, this one first. */
  startCutting(cuts: readonly number[]): void {
    this.#cuts = [...cuts];
    this.#bytesLeft = this.#cuts.shift() ?? Number.POSITIVE_INFINITY;
  }

  flush(): void {
    const bytes = this.machine?.takeBytes();
    if (bytes === undefined) return;
    this.#transport?.write(bytes);
    this.#carry(bytes.length);
  }

  handleBytes(bytes: Uint8Array): void {
    this.machine?.handleBytes(bytes, this.broker.clock.now());
    this.#carry(bytes.length);
    this.flush();
    this.proceed();
  }

  handleClosed(): void {
    this.machine?.handleConnectionLost(this.broker.clock.now());
    this.broker.clock.schedule(() => this.open(), this.#chance.below(100));
  }

  /** The device does what it can do now. */
  abstract proceed(): void;

  handleClosing(closing: ClientClosing): void {
    assert.equal(closing.cause, 'lost', closing.message);
  }

  handleConnected(agreement: Agreement): void {
    this.handleAgreement(agreement);
  }

  protected handleAgreement(_agreement: Agreement): void {}

  handlePublish(_packet: PublishPacket): ReasonCode {
    return ReasonCode.success;
  }

  handlePublished(_packetId: number, reasonCode: ReasonCode): void {
    assert.ok(reasonCode < 0x80);
  }

  handleAuth(): void {}
  handleSuback(): void {}
  handleUnsuback(): void {}
  handleWindow(): void {}
  handleWritable(): void {}

  #carry(byteLength: number): void {
    this.#bytesLeft -= byteLength;
    if (this.#bytesLeft <= 0) this.#transport?.cut();
  }
}

class Publisher extends Device {
  queue: { readonly number: number; readonly qos: QoS }[] = [];

  proceed(): void {
    for (let next = this.queue[0]; next !== undefined; next = this.queue[0]) {
      if (!this.machine?.isConnected || (next.qos > 0 && !this.machine.hasRoom)) return;
      this.queue.shift();
      const topicName = `plant/line/${next.number % 3}`;
      const payload = Buffer.from(`${next.qos}:${next.number}`);
      this.machine.publish({ topicName, payload, qos: next.qos, retain: false, properties: NO_PROPERTIES });
      this.flush();
    }
  }
}

class Subscriber extends Device {
  readonly received: string[] = [];
  isSubscribed = false;

  proceed(): void {}

  protected override handleAgreement({ sessionPresent }: Agreement): void {
    assert.ok(sessionPresent || !this.isSubscribed, 'the broker keeps the session');
    if (!this.isSubscribed) this.machine?.subscribe([subscriptionTo('plant/#', { qos: 2 })]);
  }

  override handleSuback(): void {
    this.isSubscribed = true;
  }

  override handlePublish({ payload }: PublishPacket): ReasonCode {
    this.received.push(Buffer.from(payload).toString());
    return ReasonCode.success;
  }
}

const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 8 });
const scenarios: fc.Arbitrary<Scenario> = fc.record({
  version: fc.constantFrom(4, 5),
  messages: fc.array(fc.constantFrom<QoS>(0, 1, 2, 1, 2), { maxLength: 25, size: 'max' }),
  publisherCuts: cuts,
  subscriberCuts: cuts,
  receiveMaximum: fc.constantFrom(1, 2, 50),
  maximumInFlight: fc.constantFrom(1, 3, 50),
  topicAliases: fc.constantFrom(0, 2),
  hasSlowStore: fc.boolean(),
  seed: fc.integer({ min: 1 }),
});

async function run(
  scenario: Scenario,
): Promise<{ broker: VirtualBroker; publisher: Publisher; subscriber: Subscriber }> {
  const { messages, publisherCuts, subscriberCuts, receiveMaximum, maximumInFlight } = scenario;
  const chance = new Chance(scenario.seed);
  const clock = new VirtualClock();
  const store = scenario.hasSlowStore ? slowStore(clock, chance) : new MemoryStore();
  const broker = await VirtualBroker.start({ store, limits: { receiveMaximum, maximumInFlight } }, clock);
  const subscriber = new Subscriber(broker, 'subscriber', scenario, chance);
  const publisher = new Publisher(broker, 'publisher', scenario, chance);
  subscriber.open();
  publisher.open();
  broker.advance(100);
  assert.ok(subscriber.isSubscribed);
  publisher.startCutting(publisherCuts);
  subscriber.startCutting(subscriberCuts);
  publisher.queue = messages.map((qos, number) => ({ number, qos }));
  publisher.proceed();
  broker.advance(20_000);
  return { broker, publisher, subscriber };
}

test('property: over connections that are cut at any byte, QoS 1 arrives at least once, QoS 2 exactly once, in order, and all become quiet', async () => {
  await fc.assert(
    fc.asyncProperty(scenarios, async (scenario) => {
      const { broker, publisher, subscriber } = await run(scenario);
      const sent = (qos: QoS) =>
        scenario.messages.flatMap((each, number) => (each === qos ? [`${qos}:${number}`] : []));
      const came = (qos: QoS) => subscriber.received.filter((text) => text.startsWith(`${qos}:`));
      assert.deepEqual([...new Set(came(1))].sort(), sent(1).sort(), 'QoS 1: at least once');
      assert.deepEqual(came(2).sort(), sent(2).sort(), 'QoS 2: exactly once');
      assert.equal(new Set(came(0)).size, came(0).length, 'QoS 0: at most once');
      for (const { session } of [publisher, subscriber]) {
        assert.deepEqual(session.toPlain(), { inFlight: [], accepted: [] }, 'the devices are quiet');
      }
      for (const { queue, flows } of (broker.store as MemoryStore).load().sessions) {
        assert.equal(queue.length, 0);
        assert.deepEqual(flows.toPlain(), { inFlight: [], accepted: [] }, 'the broker is quiet');
      }
      broker.assertNothingLostInSilence();
      assertOrder(subscriber.received);
    }),
    { numRuns: 300 },
  );
});

/** Of each QoS and topic the first copies come in the order of the messages [MQTT-4.6.0-5] [MQTT-4.6.0-6]. */
function assertOrder(received: readonly string[]): void {
  for (const qos of [0, 1, 2]) {
    for (const topic of [0, 1, 2]) {
      const numbers = received.filter((text) => text.startsWith(`${qos}:`)).map((text) => Number(text.slice(2)));
      const first = [...new Set(numbers.filter((number) => number % 3 === topic))];
      assert.deepEqual(
        first,
        first.toSorted((a, b) => a - b),
      );
    }
  }
}
