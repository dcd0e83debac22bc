import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { describe, test } from 'vitest';
import { acknowledgementsIn, ClientHarness, identified, publish } from './client-harness.ts';

describe('back-pressure', () => {
  /** A subscription whose handler is busy for ever. */
  async function stuck(bufferSize: number) {
    const harness = new ClientHarness({ receiveMaximum: 10 });
    await harness.start();
    let open: () => void = () => {};
    const seen: string[] = [];
    harness.client.subscribe('a', { qos: 2, bufferSize }, async (message) => {
      seen.push(message.text());
      if (seen.length === 1) await new Promise<void>((resolve) => (open = resolve));
    });
    await harness.grant();
    return { harness, seen, open: () => open() };
  }

  test('QoS 1 and 2 are acknowledged when the handler is done with them, in order, however many wait', async () => {
    const { harness, seen, open } = await stuck(2);
    for (let i = 1; i <= 6; i++) {
      await harness.send(publish('a', { text: `${i}`, qos: i % 2 === 0 ? 2 : 1, packetId: i, ...identified(1) }));
    }
    assert.deepEqual(acknowledgementsIn(await harness.took()), []);
    assert.deepEqual([seen, harness.client.counters.unacknowledged], [['1'], 6]);
    open();
    assert.deepEqual(acknowledgementsIn(await harness.took()), [
      [PacketType.puback, 1],
      [PacketType.pubrec, 2],
      [PacketType.puback, 3],
      [PacketType.pubrec, 4],
      [PacketType.puback, 5],
      [PacketType.pubrec, 6],
    ]);
    assert.deepEqual(seen, ['1', '2', '3', '4', '5', '6']);
    assert.deepEqual([harness.client.counters.bufferDropped, harness.client.counters.unacknowledged], [0, 0]);
  });

  test('QoS 0 beyond the buffer drops the oldest of QoS 0, and is counted', async () => {
    const { harness, seen, open } = await stuck(2);
    await harness.send(...['1', '2', '3', '4', '5'].map((text) => publish('a', { text, ...identified(1) })));
    open();
    await harness.settle();
    assert.deepEqual(seen, ['1', '4', '5']);
    assert.equal(harness.client.counters.bufferDropped, 2);
  });

  test('QoS 0 never drops what is of a higher QoS', async () => {
    const { harness, seen, open } = await stuck(1);
    for (let i = 1; i <= 3; i++)
      await harness.send(publish('a', { text: `${i}`, qos: 1, packetId: i, ...identified(1) }));
    await harness.send(
      publish('a', { text: 'zero', ...identified(1) }),
      publish('a', { text: 'null', ...identified(1) }),
    );
    open();
    await harness.settle();
    assert.deepEqual(seen, ['1', '2', '3', 'null']);
    assert.equal(harness.client.counters.bufferDropped, 1);
  });

  test('the pings go on meanwhile', async () => {
    const harness = new ClientHarness({ keepAlive: 10 });
    await harness.start();
    harness.client.subscribe('a', { bufferSize: 1 }, () => new Promise(() => {}));
    await harness.grant();
    await harness.send(publish('a', { qos: 1, packetId: 1, ...identified(1) }));
    await harness.took();
    await harness.advance(10_000);
    assert.deepEqual(await harness.took(), [{ type: PacketType.pingreq }]);
  });

  test('a message for two subscriptions waits for the slower one', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const fast: string[] = [];
    const slow = harness.client.subscribe('a/#', { qos: 1, bufferSize: 1 })[Symbol.asyncIterator]();
    harness.client.subscribe('a/b', { qos: 1 }, (message) => void fast.push(message.text()));
    await harness.grant();
    for (let i = 1; i <= 3; i++) {
      await harness.send(publish('a/b', { text: `${i}`, qos: 1, packetId: i, ...identified(1, 2) }));
    }
    assert.deepEqual(fast, ['1', '2', '3']);
    assert.deepEqual(acknowledgementsIn(await harness.took()), []);
    assert.equal((await slow.next()).value?.text(), '1');
    assert.deepEqual(acknowledgementsIn(await harness.took()), [], 'the loop is still busy with it');
    assert.equal((await slow.next()).value?.text(), '2');
    assert.deepEqual(acknowledgementsIn(await harness.took()), [[PacketType.puback, 1]]);
    await slow.return?.();
    assert.deepEqual(
      (await harness.took()).map((packet) => packet.type),
      [PacketType.puback, PacketType.puback, PacketType.unsubscribe],
      'what it still held is acknowledged when it ends',
    );
  });

  test('after a reconnection of the session: QoS 1 comes again, QoS 2 is acknowledged when it does', async () => {
    const harness = new ClientHarness({ sessionExpiryInterval: 60 });
    await harness.start();
    const iterator = harness.client.subscribe('a', { qos: 2, bufferSize: 1 })[Symbol.asyncIterator]();
    await harness.grant();
    const text = async () => (await iterator.next()).value?.text();
    await harness.send(publish('a', { text: '1', qos: 2, packetId: 1, ...identified(1) }));
    await harness.send(publish('a', { text: '2', qos: 2, packetId: 2, ...identified(1) }));
    await harness.send(publish('a', { text: '3', qos: 1, packetId: 3, ...identified(1) }));
    await harness.cut();
    await harness.advance(1_000);
    await harness.accept({}, true);
    for (const packetId of [1, 2]) {
      await harness.send(publish('a', { text: `${packetId}`, qos: 2, packetId, dup: true, ...identified(1) }));
    }
    await harness.send(publish('a', { text: '3', qos: 1, packetId: 3, dup: true, ...identified(1) }));
    assert.deepEqual(acknowledgementsIn(await harness.took()), []);
    assert.equal(await text(), '1');
    assert.equal(await text(), '2', 'QoS 2: once');
    assert.deepEqual(acknowledgementsIn(await harness.took()), [[PacketType.pubrec, 1]]);
    assert.equal(await text(), '3');
    assert.equal(await text(), '3', 'QoS 1: at least once');
    void iterator.next();
    assert.deepEqual(acknowledgementsIn(await harness.took()), [
      [PacketType.pubrec, 2],
      [PacketType.puback, 3],
    ]);
  });

  test('what an old session left unaccepted acknowledges nothing in a new one', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const iterator = harness.client.subscribe('a', { qos: 2, bufferSize: 1 })[Symbol.asyncIterator]();
    await harness.grant();
    await harness.send(publish('a', { text: '1', qos: 2, packetId: 1, ...identified(1) }));
    await harness.send(publish('a', { text: '2', qos: 2, packetId: 2, ...identified(1) }));
    await harness.cut();
    await harness.advance(1_000);
    await harness.accept();
    await harness.grant();
    await harness.send(publish('a', { text: 'new', qos: 2, packetId: 2, ...identified(1) }));
    assert.deepEqual(await harness.took(), []);
    await iterator.next();
    assert.deepEqual(await harness.took(), []);
    await iterator.next();
    assert.deepEqual(await harness.took(), []);
    await iterator.next();
    assert.deepEqual(await harness.took(), [], 'the loop is busy with the new one');
    void iterator.next();
    assert.deepEqual(acknowledgementsIn(await harness.took()), [[PacketType.pubrec, 2]]);
  });
});

describe('for await', () => {
  test('gives the messages in order, whether they come before or after they are asked for', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const texts: string[] = [];
    const loop = (async () => {
      for await (const message of harness.client.subscribe('a')) {
        texts.push(message.text());
        if (message.text() === '3') break;
      }
    })();
    await harness.grant();
    await harness.send(publish('a', { text: '1', ...identified(1) }));
    await harness.send(publish('a', { text: '2', ...identified(1) }), publish('a', { text: '3', ...identified(1) }));
    const [request] = await harness.took();
    assert.equal(request?.type, PacketType.unsubscribe, 'leaving the loop unsubscribes');
    await harness.send({
      type: PacketType.unsuback,
      packetId: request && 'packetId' in request ? request.packetId : 0,
      reasonCodes: [ReasonCode.success],
      properties: {},
    });
    await loop;
    assert.deepEqual(texts, ['1', '2', '3']);
  });

  test('what comes between SUBACK and the loop is kept, the newest of it, and holds nothing back', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const subscription = harness.client.subscribe('a', { bufferSize: 2, qos: 1 });
    await harness.grant();
    await subscription;
    for (let i = 1; i <= 3; i++)
      await harness.send(publish('a', { text: `${i}`, qos: 1, packetId: i, ...identified(1) }));
    assert.equal(acknowledgementsIn(await harness.took()).length, 3);
    const iterator = subscription[Symbol.asyncIterator]();
    assert.equal((await iterator.next()).value?.text(), '2');
    assert.equal((await iterator.next()).value?.text(), '3');
  });

  test('several may ask at once, and unsubscribing ends them all', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const subscription = harness.client.subscribe('a');
    const iterator = subscription[Symbol.asyncIterator]();
    const nexts = [iterator.next(), iterator.next(), iterator.next()];
    await harness.grant();
    await harness.send(publish('a', { text: '1', ...identified(1) }));
    void subscription.unsubscribe();
    const [first, second, third] = await Promise.all(nexts);
    assert.equal(first?.value?.text(), '1');
    assert.deepEqual(
      [second, third],
      [
        { done: true, value: undefined },
        { done: true, value: undefined },
      ],
    );
  });
});
