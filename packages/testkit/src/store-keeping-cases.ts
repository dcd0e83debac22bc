import assert from 'node:assert/strict';
import type { Identity } from '@busbar/broker';
import { delivery, message, type StoreCase, StoreRun } from './store-case.ts';

/** Retained messages, and when something is kept. */
export const storeKeepingCases: readonly StoreCase[] = [
  {
    name: 'the last retained message of each topic, and none of a topic that was emptied',
    async run(kind) {
      const run = await new StoreRun(kind).begin();
      const long = `long/${'x'.repeat(60_000)}`;
      const retain = (topicName: string, text: string) =>
        run.store.setRetained(topicName, { message: message(text, { topicName, retain: true }) });
      for (const topicName of ['a', 'b', long, `${long}y`, 'c']) retain(topicName, 'old');
      await run.kept();
      retain('a', 'new');
      retain(long, 'newer');
      run.store.removeRetained('b');
      run.store.removeRetained('c');
      retain('c', 'again');
      retain('d', 'short-lived');
      run.store.removeRetained('d');
      await run.restart();
      const expected = { a: 'new', c: 'again', [long]: 'newer', [`${long}y`]: 'old' };
      assert.deepEqual(Object.fromEntries(run.retained), expected);
    },
  },
  {
    name: 'whose each retained message is, where it was told',
    async run(kind) {
      const run = await new StoreRun(kind).begin();
      const ann = { clientIdentifier: 'pump', userName: 'ann', groups: ['operators'], claims: { site: ['a', 1] } };
      const bob = { clientIdentifier: 'b' };
      const retain = (topicName: string, source?: Identity) =>
        run.store.setRetained(topicName, { message: message('x', { topicName, retain: true }), source });
      retain('a', ann);
      retain('b', bob);
      retain('c', ann);
      retain('d', ann);
      retain('e');
      await run.kept();
      retain('c', bob);
      retain('d');
      await run.restart();
      assert.deepEqual([...run.retained.keys()].sort(), ['a', 'b', 'c', 'd', 'e']);
      assert.deepEqual(Object.fromEntries(run.sources), { a: ann, b: bob, c: bob });
    },
  },
  {
    name: 'whoever waits is called once, later, when the batch of before is kept; without changes, too',
    async run(kind) {
      const run = await new StoreRun(kind).begin();
      const { store } = run;
      assert.ok(store.durability === 'memory' || store.durability === 'disk');
      if (store.durability === 'memory') {
        assert.ok(store.keptMark >= store.mark, 'a store on the heap keeps everything at once');
        return;
      }
      const seen: string[] = [];
      const wait = (name: string) => {
        const { mark } = store;
        store.whenKept({ handleKept: () => seen.push(`${name} ${store.keptMark >= mark}`) });
      };
      const changes = store.changes;
      wait('nothing');
      run.create('pump').queue.push(delivery('x'));
      wait('something');
      assert.ok(store.changes > changes, 'a change is counted');
      assert.deepEqual(seen, []);
      await run.kept();
      assert.deepEqual(seen, ['nothing true', 'something true']);
      await run.kept();
      await kind.settle();
      assert.deepEqual(seen, ['nothing true', 'something true']);
      assert.deepEqual([store.failure, run.failures], [undefined, []]);
    },
  },
];
