import assert from 'node:assert/strict';
import type { StoredSubscription } from '@busbar/broker';
import type { MessageContent } from '@busbar/protocol';
import {
  delivery,
  drain,
  encoder,
  inFlight,
  numbers,
  type StoreCase,
  StoreRun,
  sendNext,
  subscribe,
  subscriptionTo,
} from './store-case.ts';

/** Sessions with what belongs to them. */
export const storeSessionCases: readonly StoreCase[] = [
  {
    name: 'a session is there again, with its end, its expiry and its Will',
    async run(kind) {
      const run = await new StoreRun(kind).begin();
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
      const run = await new StoreRun(kind).begin();
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
      const run = await new StoreRun(kind).begin();
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
      const run = await new StoreRun(kind).begin();
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
