import assert from 'node:assert/strict';
import { type Packet, PacketType, type QoS, ReasonCode } from '@busbar/codec';
import { acknowledgementPacket, publishPacket, subscribePacket, unsubscribePacket, willMessage } from '@busbar/testkit';
import fc from 'fast-check';
import { test, vi } from 'vitest';
import { LOSS_REASONS, type LossReason } from '../src/observe/loss-ledger.ts';
import { VirtualBroker, type VirtualClient } from './virtual-broker.ts';

// Hundreds of runs, on machines of any speed.
vi.setConfig({ testTimeout: 60_000 });

const NAMES = ['a', 'b', 'c', 'd'] as const;
const TOPICS = ['t/0', 't/1', 'u'];
const FILTERS = ['t/0', 't/+', '#', '$share/g/t/#', '$share/g/u', 'u'];

const name = fc.constantFrom(...NAMES);
const qos = fc.constantFrom<QoS>(0, 1, 2);
const operation = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('connect'),
      name,
      version: fc.constantFrom<4 | 5>(4, 5),
      cleanStart: fc.boolean(),
      expiry: fc.constantFrom(0, 5, 100),
      receiveMaximum: fc.constantFrom(1, 3, 100),
      maximumPacketSize: fc.constantFrom(60, 1_000_000),
      hasWill: fc.boolean(),
      /** What it answers messages with; nothing while it says nothing. */
      answers: fc.constantFrom<'accept' | 'refuse' | 'nothing'>('accept', 'accept', 'refuse', 'nothing'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('disconnect'), name, isCut: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('subscribe'),
      name,
      filter: fc.constantFrom(...FILTERS),
      qos,
      noLocal: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unsubscribe'), name, filter: fc.constantFrom(...FILTERS) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('publish'),
      name,
      topic: fc.constantFrom(...TOPICS),
      qos,
      retain: fc.boolean(),
      byteLength: fc.constantFrom(0, 10, 100, 20_000),
      expiry: fc.constantFrom(undefined, undefined, 0, 2, 50),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stall'), name, isStalled: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait'), seconds: fc.constantFrom(1, 6, 30) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;
type Connect = Extract<Operation, { version: 4 | 5 }>;

/** A broker with small bounds and clients that do what a run says. */
class Run {
  readonly broker: VirtualBroker;
  readonly #clients = new Map<string, VirtualClient>();
  #packetId = 0;

  constructor(broker: VirtualBroker) {
    this.broker = broker;
  }

  apply(operation: Operation): void {
    if (operation.do === 'wait') return this.broker.advance(operation.seconds * 1000);
    if (operation.do === 'connect') return this.#connect(operation);
    const client = this.#clients.get(operation.name);
    if (client === undefined || client.isClosed) return;
    switch (operation.do) {
      case 'disconnect':
        this.#clients.delete(operation.name);
        return operation.isCut ? client.cut() : client.disconnect();
      case 'subscribe': {
        const { filter, qos } = operation;
        const noLocal = operation.noLocal && client.version === 5 && !filter.startsWith('$share');
        return client.send(subscribePacket(this.#nextPacketId(), filter, { qos, noLocal }));
      }
      case 'unsubscribe':
        return client.send(unsubscribePacket(this.#nextPacketId(), operation.filter));
      case 'stall':
        if (operation.isStalled) client.transport.pause();
        else client.transport.resume();
        return this.broker.run();
      default:
        return this.#publish(client, operation);
    }
  }

  /** Lets every client that is there read and acknowledge whatever comes. */
  finish(): void {
    for (const client of this.#clients.values()) client.transport.resume();
    this.broker.advance(200_000);
  }

  #connect(connect: Connect): void {
    const { name, version, cleanStart, expiry, receiveMaximum, maximumPacketSize } = connect;
    const properties = version === 5 ? { sessionExpiryInterval: expiry, receiveMaximum, maximumPacketSize } : {};
    const will = connect.hasWill ? willMessage('u', { payload: Buffer.from('will'), qos: 1, retain: true }) : undefined;
    const pair = { windowBytes: 5_000 };
    const client = this.broker.connect(name, { protocolVersion: version, cleanStart, properties, will, pair });
    client.onPacket = (packet) => this.#answer(client, packet, connect.answers);
    const held = client.takeAll();
    for (const packet of held) this.#answer(client, packet, connect.answers);
    this.broker.run();
    this.#clients.set(name, client);
  }

  #answer(client: VirtualClient, packet: Packet, answers: Connect['answers']): void {
    if (answers === 'nothing' || client.isClosed) return;
    const refusal = answers === 'refuse' && client.version === 5 ? ReasonCode.quotaExceeded : ReasonCode.success;
    if (packet.type === PacketType.publish && packet.qos === 1)
      client.send(acknowledgementPacket('puback', packet.packetId, refusal));
    if (packet.type === PacketType.publish && packet.qos === 2)
      client.send(acknowledgementPacket('pubrec', packet.packetId, refusal));
    if (packet.type === PacketType.pubrel) client.send(acknowledgementPacket('pubcomp', packet.packetId));
    if (packet.type === PacketType.pubrec) client.send(acknowledgementPacket('pubrel', packet.packetId));
  }

  #publish(
    client: VirtualClient,
    { topic, qos, retain, byteLength, expiry, count }: Extract<Operation, { topic: string }>,
  ): void {
    const properties = expiry === undefined || client.version !== 5 ? {} : { messageExpiryInterval: expiry };
    const packets = Array.from({ length: count }, () => {
      const packetId = qos === 0 ? 0 : this.#nextPacketId();
      return publishPacket(topic, new Uint8Array(byteLength), { qos, packetId, retain, properties });
    });
    client.send(...packets);
  }

  #nextPacketId(): number {
    this.#packetId = (this.#packetId % 65_535) + 1;
    return this.#packetId;
  }
}

const SMALL = {
  maximumQueuedMessages: 5,
  maximumQueuedBytes: 30_000,
  maximumInFlight: 4,
  maximumBufferedBytes: 65_536,
  maximumRetainedMessages: 2,
} as const;

/** Nobody in these runs has rules, hooks or too little memory. */
const UNREACHABLE: readonly LossReason[] = ['not-authorized', 'dropped-by-hook', 'out-of-memory'];

test('property: of all messages that matched each is delivered, waits or is in the loss ledger', async () => {
  const seen = new Set<LossReason>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 20, maxLength: 100, size: 'max' }),
      fc.constantFrom('drop-oldest' as const, 'drop-newest' as const),
      async (operations, queuePolicy) => {
        const run = new Run(await VirtualBroker.start({ limits: { ...SMALL, queuePolicy } }));
        for (const each of operations) {
          run.apply(each);
          run.broker.assertNothingLostInSilence();
        }
        run.finish();
        run.broker.assertNothingLostInSilence();
        for (const reason of Object.keys(run.broker.broker.stats().dropped)) seen.add(reason as LossReason);
        assert.deepEqual(run.broker.takeLog('error'), []);
      },
    ),
    { numRuns: 200 },
  );
  const reachable = LOSS_REASONS.filter((reason) => !UNREACHABLE.includes(reason));
  assert.deepEqual([...seen].sort(), reachable.sort(), 'the runs have lost messages in every way there is');
});
