import assert from 'node:assert/strict';
import { Delivery, type MessageContent } from '@busbar/protocol';
import { delivery, drain, message, NOW, numbers, type StoreCase, StoreRun, successor, textOf } from './store-case.ts';

/** What waits for a session. */
export const storeQueueCases: readonly StoreCase[] = [
  {
    name: 'a queue keeps order, length and bytes, whether its client is there or not, over a restart and after it',
    async run(kind) {
      const run = await new StoreRun(kind).begin();
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
      const run = await new StoreRun(kind).begin();
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
      const run = await new StoreRun(kind).begin();
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
      const run = await new StoreRun(kind).begin();
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
      const run = await new StoreRun(kind).begin();
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
