import assert from 'node:assert/strict';
import { type QoS, ReasonCode } from '@busbar/codec';
import { ByteSlab, type Delivery } from '@busbar/protocol';
import fc from 'fast-check';
import { beforeEach, describe, test } from 'vitest';
import { Authorization } from '../../src/authorization/authorization.ts';
import { resolveCapabilities } from '../../src/config/capabilities.ts';
import { type BrokerLimits, resolveLimits } from '../../src/config/limits.ts';
import { Counters } from '../../src/observe/counters.ts';
import { DeliveryTimes } from '../../src/observe/delivery-times.ts';
import { LimitWatch } from '../../src/observe/limit-watch.ts';
import { silentLog } from '../../src/observe/log.ts';
import { LossLedger } from '../../src/observe/loss-ledger.ts';
import type { Outlet } from '../../src/session/outlet.ts';
import { Session } from '../../src/session/session.ts';
import { QueueAccount } from '../../src/session/waiting-messages.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { SessionRecord } from '../../src/store/store.ts';
import { deliveryOf, type MessageOptions } from '../deliveries.ts';

/** No rules: everybody may do everything. */
const authorization = new Authorization(undefined);
/** Measures nothing. */
const limitWatch = new LimitWatch(
  silentLog,
  () => 0,
  () => {},
);
const deliveryTimes = new DeliveryTimes(false, { now: () => 0, awaitFlush() {}, random: Math.random });

/** A connected client whose socket and window are what the test says. */
class FakeOutlet implements Outlet {
  isWritable = true;
  room = Number.POSITIVE_INFINITY;
  largest = Number.POSITIVE_INFINITY;
  readonly sent: string[] = [];
  pumpsLater = 0;
  takeOvers = 0;

  get hasRoom(): boolean {
    return this.room > 0;
  }

  accepts({ message }: Delivery): boolean {
    return message.payloadLength <= this.largest;
  }

  deliver({ message, qos }: Delivery): number {
    if (qos > 0) {
      assert.ok(this.room > 0, 'never beyond the window');
      this.room--;
    }
    this.sent.push(Buffer.from(message.payload).toString());
    return qos === 0 ? 0 : this.sent.length;
  }

  pumpLater(): void {
    this.pumpsLater++;
  }

  acceptPublish(): boolean {
    assert.fail('no store of this test takes its time');
  }

  describe(): never {
    assert.fail('nobody asks');
  }

  kick(): void {
    assert.fail('nobody kicks');
  }

  cutOff(): void {
    assert.fail('no policy of this test cuts anybody off');
  }

  takeOver(): void {
    this.takeOvers++;
  }
}

let counters: Counters;
let ledger: LossLedger;
let record: SessionRecord;
let outlet: FakeOutlet;
let session: Session;

function setUp(limits: Partial<BrokerLimits> = {}): void {
  counters = new Counters();
  ledger = new LossLedger();
  record = new MemoryStore().createSession('client', true);
  record.expiryInterval = 60;
  const capabilities = resolveCapabilities();
  const around = {
    deliveryTimes,
    limits: resolveLimits(limits),
    capabilities,
    counters,
    ledger,
    slab: new ByteSlab(),
    queued: new QueueAccount(),
    limitWatch,
    authorization,
  };
  session = new Session(record, around);
  outlet = new FakeOutlet();
  session.connect(outlet);
}

beforeEach(() => setUp());

function deliver(payload: string, qos: QoS = 1, options: MessageOptions = {}, now = 0): Delivery {
  const delivery = deliveryOf({ ...options, payload, qos, now });
  session.deliver(delivery, now);
  return delivery;
}

function sent(): string[] {
  return outlet.sent.splice(0);
}

describe('window', () => {
  test('what does not fit waits, and leaves in its order as the window opens', () => {
    outlet.room = 2;
    for (const text of ['1', '2', '3', '4', '5']) deliver(text);
    assert.deepEqual(sent(), ['1', '2']);
    outlet.room = 1;
    session.pump(0);
    assert.deepEqual(sent(), ['3']);
    outlet.room = 5;
    deliver('6');
    assert.deepEqual(sent(), [], 'what waits goes first');
    session.pump(0);
    assert.deepEqual(sent(), ['4', '5', '6']);
  });

  test('QoS 0 does not need it', () => {
    outlet.room = 0;
    deliver('1', 1);
    deliver('2', 0);
    assert.deepEqual(sent(), ['2']);
    assert.equal(session.hasWaiting, true);
  });
});

describe('socket', () => {
  test('nothing is sent while too much waits in it, and everything in its order afterwards', () => {
    outlet.isWritable = false;
    for (const [text, qos] of [
      ['1', 0],
      ['2', 1],
      ['3', 0],
      ['4', 2],
    ] as const)
      deliver(text, qos);
    session.pump(0);
    assert.deepEqual(sent(), []);
    outlet.isWritable = true;
    deliver('5', 0);
    session.pump(0);
    assert.deepEqual(sent(), ['1', '2', '3', '4', '5']);
    deliver('6', 0);
    assert.deepEqual(sent(), ['6']);
  });

  test('others have their turn after a number of messages', () => {
    outlet.isWritable = false;
    for (let i = 0; i < 1_000; i++) deliver(`${i}`);
    outlet.isWritable = true;
    session.pump(0);
    assert.equal(outlet.pumpsLater, 1);
    const first = sent().length;
    assert.ok(first < 1_000);
    session.pump(0);
    assert.equal(first + sent().length, 1_000);
    assert.equal(outlet.pumpsLater, 1);
  });
});

describe('the client is away', () => {
  beforeEach(() => session.disconnect(5));

  test('QoS 1 and 2 wait for it, QoS 0 is lost', () => {
    deliver('1', 1);
    deliver('2', 0);
    deliver('3', 2);
    assert.deepEqual(ledger.toPlain(), { 'offline-qos0': 1 });
    assert.equal(record.disconnectedAt, 5);
    session.connect(outlet);
    session.pump(0);
    assert.deepEqual(sent(), ['1', '3']);
    assert.equal(record.disconnectedAt, undefined);
  });

  test('everything is lost when the session ends with its connection', () => {
    record.expiryInterval = 0;
    deliver('1', 2);
    assert.deepEqual(ledger.toPlain(), { 'session-ended': 1 });
  });

  test('messages of QoS 0 that had to wait are sent when it is back, also by a broker that has started anew', () => {
    session.connect(outlet);
    outlet.isWritable = false;
    deliver('1', 0);
    deliver('2', 1);
    session.disconnect(0);
    outlet.isWritable = true;
    const capabilities = resolveCapabilities();
    session = new Session(record, {
      deliveryTimes,
      limits: resolveLimits(),
      capabilities,
      counters,
      ledger,
      slab: new ByteSlab(),
      queued: new QueueAccount(),
      limitWatch,
      authorization,
    });
    session.connect(outlet);
    session.pump(0);
    deliver('3', 0);
    deliver('4', 1);
    assert.deepEqual(sent(), ['1', '2', '3', '4']);
  });
});

describe('a full queue', () => {
  function fill(limits: Partial<BrokerLimits>): void {
    setUp({ maximumQueuedMessages: 3, ...limits });
    session.disconnect(0);
    for (const text of ['1', '2', '3', '4', '5']) deliver(text);
    session.connect(outlet);
    session.pump(0);
  }

  test('drop-oldest gives way with the oldest', () => {
    fill({ queuePolicy: 'drop-oldest' });
    assert.deepEqual(sent(), ['3', '4', '5']);
    assert.deepEqual(ledger.toPlain(), { 'queue-full': 2 });
  });

  test('drop-newest keeps what it has', () => {
    fill({ queuePolicy: 'drop-newest' });
    assert.deepEqual(sent(), ['1', '2', '3']);
    assert.deepEqual(ledger.toPlain(), { 'queue-full': 2 });
  });

  test('bytes count as well', () => {
    setUp({ maximumQueuedBytes: 1_024 });
    session.disconnect(0);
    for (let i = 0; i < 10; i++) deliver(`${i}`.repeat(300));
    assert.equal(record.queue.length, 3);
    assert.ok(record.queue.byteLength <= 1_024);
    assert.deepEqual(ledger.toPlain(), { 'queue-full': 7 });
  });

  test('a message that is larger than the whole queue may be is lost alone', () => {
    for (const queuePolicy of ['drop-oldest', 'drop-newest'] as const) {
      setUp({ maximumQueuedBytes: 1_024, queuePolicy });
      session.disconnect(0);
      deliver('small');
      deliver('x'.repeat(2_000));
      assert.equal(record.queue.length, 1);
      assert.deepEqual(ledger.toPlain(), { 'queue-full': 1 });
    }
  });
});

describe('messages that cannot be delivered', () => {
  test('expired ones are dropped when their turn comes, whether or not anything can be sent [MQTT-3.3.2-5]', () => {
    outlet.isWritable = false;
    const properties = { messageExpiryInterval: 10 };
    deliver('1', 1, { properties });
    deliver('2', 0, { properties });
    deliver('3', 1);
    session.pump(9_999);
    assert.equal(record.queue.length, 3);
    session.pump(10_000);
    assert.equal(record.queue.length, 1);
    assert.deepEqual(ledger.toPlain(), { expired: 2 });
  });

  test('too large for the client: at once or when its turn comes [MQTT-3.1.2-25]', () => {
    outlet.largest = 3;
    deliver('long');
    outlet.isWritable = false;
    deliver('longer');
    deliver('ok');
    outlet.isWritable = true;
    session.pump(0);
    assert.deepEqual(sent(), ['ok']);
    assert.deepEqual(ledger.toPlain(), { 'too-large': 2 });
  });

  test('refused by the client, or too large when it was due again', () => {
    session.handleDelivered(deliveryOf({ qos: 1 }), ReasonCode.quotaExceeded, 1);
    session.handleUndeliverable(deliveryOf({ qos: 1 }), 2);
    session.handleDelivered(deliveryOf({ qos: 1 }), ReasonCode.noMatchingSubscribers, 3);
    assert.deepEqual(ledger.toPlain(), { refused: 1, 'too-large': 1 });
    assert.equal(counters.messagesDelivered, 1);
  });
});

test('counters: QoS 0 is done when it is sent, the others when the client has taken them over', () => {
  deliver('1', 0);
  deliver('2', 1);
  assert.deepEqual([counters.messagesSent, counters.messagesDelivered], [2, 1]);
  session.handleDelivered(deliveryOf({ qos: 1 }), ReasonCode.success, 2);
  assert.equal(counters.messagesDelivered, 2);
});

test('the end: what waits and what is in flight is lost, and counted', () => {
  const { outbound } = record.flows;
  outbound.handleConnected(10);
  for (const qos of [1, 2, 2] as const) outbound.send(deliveryOf({ qos }), qos);
  outbound.handlePubrec(3);
  session.disconnect(0);
  deliver('waits');
  session.end(0);
  assert.deepEqual(ledger.toPlain(), { 'session-ended': 3 });
  assert.deepEqual([record.queue.length, outbound.size, session.hasWaiting], [0, 0, false]);
});

test('after the end nothing is for its client, though it may still be subscribed: nothing waits, is lost or refused', () => {
  setUp({ queuePolicy: 'refuse', maximumQueuedMessages: 1 });
  session.disconnect(0);
  deliver('waits');
  assert.equal(session.mustRefuse(deliveryOf({ qos: 1 }).message, 1), true);
  session.end(0);
  assert.deepEqual(ledger.toPlain(), { 'session-ended': 1 });
  assert.deepEqual([session.canQueue, session.isReady], [false, false]);
  for (const qos of [0, 1, 2] as const) {
    assert.equal(session.mustRefuse(deliveryOf({ qos }).message, qos), false);
    deliver('late', qos);
  }
  assert.deepEqual(ledger.toPlain(), { 'session-ended': 1 });
  assert.equal(record.queue.length, 0);
});

test('the end: another member of a Shared Subscription takes over what may be sent again [MQTT-4.8.2-5]', () => {
  const taken: Delivery[] = [];
  const successor = { sharedFilter: '$share/g/t', takeOver: (delivery: Delivery) => taken.push(delivery) };
  const shared = (qos: 1 | 2) => Object.assign(deliveryOf({ qos }), { successor });
  const { outbound } = record.flows;
  outbound.handleConnected(10);
  const [first, second, third] = [shared(1), shared(2), shared(2)];
  outbound.send(first, 1);
  outbound.send(second, 2);
  session.disconnect(0);
  session.deliver(third, 0);
  session.end(0);
  assert.deepEqual(taken, [first, third]);
  assert.deepEqual(ledger.toPlain(), { 'session-ended': 1 });
});

describe('memory', () => {
  test('in flight: a large chunk that was read is let go; away for long: memory of its own', () => {
    const chunk = new Uint8Array(65_536);
    const { message } = deliver('payload', 1, { into: chunk });
    chunk.fill(0xee);
    assert.equal(Buffer.from(message.payload).toString(), 'payload');
    record.flows.outbound.handleConnected(1);
    record.flows.outbound.send(deliveryOf({ payload: 'in flight', qos: 1, into: new Uint8Array(500) }), 1);
    session.disconnect(0);
    for (const { message: inFlight } of record.flows.outbound.inFlight) {
      const { message } = inFlight ?? assert.fail('in flight');
      assert.equal(message.payload.buffer.byteLength, message.byteLength);
    }
  });

  test('QoS 0 is sent without a copy', () => {
    const chunk = new Uint8Array(200);
    const { message } = deliver('payload', 0, { into: chunk });
    assert.equal(message.payload.buffer, chunk.buffer);
  });
});

test('what others see: ready, able to queue, taken over', () => {
  assert.deepEqual([session.isReady, session.canQueue, session.isConnected], [true, true, true]);
  outlet.room = 0;
  assert.equal(session.isReady, false);
  outlet.room = 1;
  outlet.isWritable = false;
  assert.equal(session.isReady, false);
  session.takeOver();
  assert.equal(outlet.takeOvers, 1);
  session.disconnect(0);
  assert.deepEqual([session.isReady, session.canQueue, session.isConnected], [false, true, false]);
  record.expiryInterval = 0;
  assert.equal(session.canQueue, false);
  session.takeOver();
  assert.equal(outlet.takeOvers, 1);
});

test('property: whatever socket, window and connection do, every QoS keeps its order and every message is accounted for', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('deliver'), qos: fc.constantFrom<QoS>(0, 1, 2) }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('pump'), room: fc.nat({ max: 5 }), isWritable: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('disconnect') }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('connect') }) },
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 80, size: 'max' }),
      fc.constantFrom('drop-oldest' as const, 'drop-newest' as const),
      (steps, queuePolicy) => {
        setUp({ maximumQueuedMessages: 6, queuePolicy });
        outlet.room = 2;
        let delivered = 0;
        const all: string[] = [];
        for (const each of steps) {
          if (each.do === 'deliver') deliver(`${each.qos}:${delivered++}`, each.qos);
          else if (each.do === 'disconnect' && session.isConnected) session.disconnect(0);
          else if (each.do === 'connect' && !session.isConnected) session.connect(outlet);
          else if (each.do === 'pump') {
            outlet.room = each.room;
            outlet.isWritable = each.isWritable;
            session.pump(0);
          }
          all.push(...sent());
          assert.equal(all.length + record.queue.length + ledger.total, delivered);
          assert.ok(record.queue.length <= 6);
        }
        for (const qos of ['0:', '1:', '2:']) {
          const numbers = all.filter((text) => text.startsWith(qos)).map((text) => Number(text.slice(2)));
          assert.deepEqual(
            numbers,
            numbers.toSorted((a, b) => a - b),
          );
        }
        if (!session.isConnected) session.connect(outlet);
        outlet.room = 100;
        outlet.isWritable = true;
        session.pump(0);
        assert.equal(record.queue.length, 0, 'nothing stays when nothing holds it');
        deliver('0:last', 0);
        assert.equal(sent().at(-1), '0:last', 'and nothing is held back later');
      },
    ),
  );
});
