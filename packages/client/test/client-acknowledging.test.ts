import assert from 'node:assert/strict';
import { type Packet, PacketType, ReasonCode } from '@busbar/codec';
import { describe, test } from 'vitest';
import type { ClientOptions, Message, SubscribeOptions } from '../src/index.ts';
import { ClientHarness, identified, outcomeOf, publish } from './client-harness.ts';

/** Packet Identifiers that were acknowledged, in order; of a refusal with its Reason Code. */
function acknowledged(packets: readonly Packet[]): (number | [number, ReasonCode])[] {
  return packets.flatMap((packet): (number | [number, ReasonCode])[] => {
    if (packet.type !== PacketType.puback && packet.type !== PacketType.pubrec) return [];
    return [packet.reasonCode === 0 ? packet.packetId : [packet.packetId, packet.reasonCode]];
  });
}

async function subscribed(
  options: SubscribeOptions,
  handler?: (message: Message) => unknown,
  clientOptions: ClientOptions = {},
) {
  const harness = new ClientHarness(clientOptions);
  await harness.start();
  const subscription = harness.client.subscribe('a', { qos: 2, ...options }, handler);
  await harness.grant();
  const send = (...packetIds: number[]) =>
    harness.send(
      ...packetIds.map((packetId) =>
        publish('a', { text: `${packetId}`, qos: packetId % 2 === 0 ? 2 : 1, packetId, ...identified(1) }),
      ),
    );
  return { harness, subscription, send };
}

describe("acknowledge: 'manual'", () => {
  test('acknowledgements leave when the program says so, in the order of the messages', async () => {
    const messages: Message[] = [];
    const { harness, send } = await subscribed({ acknowledge: 'manual' }, (message) => void messages.push(message));
    await send(1, 2, 3, 4);
    assert.equal(messages.length, 4, 'a handler that returns is free for the next one');
    messages[2]?.acknowledge();
    messages[1]?.acknowledge();
    assert.deepEqual(acknowledged(await harness.took()), []);
    messages[0]?.acknowledge();
    messages[0]?.acknowledge();
    assert.deepEqual(acknowledged(await harness.took()), [1, 2, 3]);
    assert.equal(harness.client.counters.unacknowledged, 1);
  });

  test('a Reason Code that PUBACK cannot carry is refused, and the message waits on', async () => {
    const messages: Message[] = [];
    const { harness, send } = await subscribed({ acknowledge: 'manual' }, (message) => void messages.push(message));
    await send(1);
    for (const reasonCode of [ReasonCode.grantedQoS1, ReasonCode.sessionTakenOver]) {
      assert.throws(() => messages[0]?.acknowledge(reasonCode), { code: 'reason-code-not-allowed' });
    }
    assert.deepEqual(acknowledged(await harness.took()), []);
    messages[0]?.acknowledge();
    assert.deepEqual(acknowledged(await harness.took()), [1]);
  });

  test('from within the handler, and with a refusal', async () => {
    const { harness, send } = await subscribed({ acknowledge: 'manual' }, (message) =>
      message.acknowledge(message.text() === '2' ? ReasonCode.quotaExceeded : undefined),
    );
    await send(1, 2, 3);
    assert.deepEqual(acknowledged(await harness.took()), [1, [2, ReasonCode.quotaExceeded], 3]);
    await send(2);
    assert.deepEqual(
      acknowledged(await harness.took()),
      [[2, ReasonCode.quotaExceeded]],
      'the identifier is free again',
    );
  });

  test('in a loop; on a later connection a QoS 1 message of the earlier one acknowledges nothing', async () => {
    const { harness, subscription, send } = await subscribed({ acknowledge: 'manual' }, undefined, {
      sessionExpiryInterval: 60,
    });
    const iterator = subscription[Symbol.asyncIterator]();
    const waiting = iterator.next();
    await send(1, 3);
    const first = (await waiting).value;
    const second = (await iterator.next()).value;
    assert.deepEqual(acknowledged(await harness.took()), []);
    first?.acknowledge();
    assert.deepEqual(acknowledged(await harness.took()), [1]);
    await harness.cut();
    await harness.advance(1_000);
    await harness.accept({}, true);
    second?.acknowledge();
    assert.deepEqual(acknowledged(await harness.took()), []);
  });

  test('a message for several subscriptions waits for all of them', async () => {
    const messages: Message[] = [];
    const { harness } = await subscribed({ acknowledge: 'manual' }, (message) => void messages.push(message));
    harness.client.subscribe('+', { qos: 1 }, () => {});
    await harness.grant();
    await harness.send(publish('a', { qos: 1, packetId: 9, ...identified(1, 2) }));
    assert.deepEqual(acknowledged(await harness.took()), []);
    messages[0]?.acknowledge();
    assert.deepEqual(acknowledged(await harness.took()), [9]);
  });

  test('elsewhere and at QoS 0 the call does nothing', async () => {
    const { harness, send } = await subscribed({}, async (message) => {
      message.acknowledge();
      await new Promise(() => {});
    });
    await send(1);
    await harness.send(publish('a', identified(1)));
    assert.deepEqual(acknowledged(await harness.took()), []);
  });
});

test("acknowledge: 'received' holds nothing back", async () => {
  const { harness, send } = await subscribed({ acknowledge: 'received' }, () => new Promise(() => {}));
  await send(1, 2, 3);
  assert.deepEqual(acknowledged(await harness.took()), [1, 2, 3]);
});

test('a handler that fails is reported, and its message acknowledged: it would come for ever', async () => {
  const { harness, send } = await subscribed({}, async () => {
    await Promise.resolve();
    throw new Error('no');
  });
  await send(1);
  assert.deepEqual(acknowledged(await harness.took()), [1]);
  assert.equal(harness.client.counters.handlerErrors, 1);
});

test('with concurrency several messages are worked on, and acknowledged in their order', async () => {
  const gates = new Map<string, () => void>();
  const { harness, send } = await subscribed({ concurrency: 2 }, (message) => {
    return new Promise<void>((resolve) => gates.set(message.text(), resolve));
  });
  await send(1, 2, 3);
  assert.deepEqual([...gates.keys()], ['1', '2']);
  gates.get('2')?.();
  assert.deepEqual(acknowledged(await harness.took()), []);
  assert.deepEqual([...gates.keys()], ['1', '2', '3']);
  gates.get('1')?.();
  assert.deepEqual(acknowledged(await harness.took()), [1, 2]);
});

describe('a signal ends a subscription', () => {
  test('its loop throws the reason, and the server is told', async () => {
    const controller = new AbortController();
    const { harness, subscription } = await subscribed({ signal: controller.signal });
    const next = subscription[Symbol.asyncIterator]().next();
    controller.abort(new Error('enough'));
    assert.match(String(await outcomeOf(next)), /enough/);
    assert.deepEqual(
      (await harness.took()).map(({ type }) => type),
      [PacketType.unsubscribe],
    );
  });

  test('one that is aborted before subscribes to nothing', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const subscription = harness.client.subscribe('a', { signal: AbortSignal.abort(new Error('no')) }, () => {});
    assert.match(String(await outcomeOf(subscription)), /no/);
    assert.deepEqual(await harness.took(), []);
  });

  test('unsubscribe stops waiting', async () => {
    const { harness } = await subscribed({}, () => {});
    const controller = new AbortController();
    const ended = harness.client.unsubscribe('a', { signal: controller.signal });
    controller.abort(new Error('long enough'));
    assert.match(String(await outcomeOf(ended)), /long enough/);
  });
});

describe('the end of the client', () => {
  test('with handlers: their messages are acknowledged before DISCONNECT', async () => {
    let finish = () => {};
    const { harness, send } = await subscribed({}, () => new Promise<void>((resolve) => (finish = resolve)));
    await send(1);
    const ended = harness.client.end({ handlers: true });
    await harness.settle();
    assert.equal(await outcomeOf(ended), 'pending');
    finish();
    await harness.settle();
    await ended;
    assert.deepEqual(
      (await harness.took()).map(({ type }) => type),
      [PacketType.puback, PacketType.disconnect],
    );
  });

  test('without: what a handler is busy with is not acknowledged, and comes again to a session that lasts', async () => {
    const { harness, subscription, send } = await subscribed({}, undefined, { sessionExpiryInterval: 60 });
    const iterator = subscription[Symbol.asyncIterator]();
    await send(1, 3);
    assert.equal((await iterator.next()).value?.text(), '1');
    const ended = harness.client.end();
    await harness.settle();
    await ended;
    assert.deepEqual(
      (await harness.took()).map(({ type }) => type),
      [PacketType.disconnect],
    );
    assert.deepEqual(await iterator.next(), { done: true, value: undefined });
  });

  test('a signal ends it at once', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const publication = harness.client.publish('a', 'x', { qos: 1 });
    const controller = new AbortController();
    const ended = harness.client.end({ signal: controller.signal });
    await harness.settle();
    assert.equal(await outcomeOf(ended), 'pending');
    controller.abort();
    await harness.settle();
    await ended;
    assert.match(String(await outcomeOf(publication)), /client has been ended/);
  });
});
