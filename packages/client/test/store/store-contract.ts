import type { ClientStore, StoreChange } from '../../src/index.ts';

/** One rule of the contract. Throws when a store does not keep it. */
export interface StoreCase {
  readonly name: string;
  run(open: () => ClientStore): Promise<void>;
}

const bytes = (...values: number[]) => Uint8Array.from(values);
const put = (key: string, ...values: number[]): StoreChange => ({ key, value: bytes(...values) });
const end = (key: string): StoreChange => ({ key, value: undefined });

/** What is kept, in a form to compare: by key, values as lists. */
async function contentsOf(store: ClientStore): Promise<string> {
  const records = [...(await store.load())].map(([key, value]) => [key, [...value]] as const);
  return JSON.stringify(records.sort(([one], [other]) => (one < other ? -1 : 1)));
}

async function expectContents(
  open: () => ClientStore,
  expected: readonly (readonly [string, number[]])[],
): Promise<void> {
  const store = open();
  const contents = await contentsOf(store);
  await store.close();
  if (contents !== JSON.stringify(expected)) throw new Error(`expected ${JSON.stringify(expected)}, came ${contents}`);
}

/** Loads a store, makes changes group by group, closes it. */
async function write(open: () => ClientStore, ...groups: StoreChange[][]): Promise<void> {
  const store = open();
  await store.load();
  for (const group of groups) await store.write(group);
  await store.close();
}

/**
 * What every {@link ClientStore} must keep. It imports nothing, so that it runs in a page too.
 *
 * `open` gives a new store on the same place each time; the place is empty at the beginning of a case.
 */
export const STORE_CASES: readonly StoreCase[] = [
  {
    name: 'a new store is empty',
    run: (open) => expectContents(open, []),
  },
  {
    name: 'what is written is there when it is opened again',
    async run(open) {
      await write(open, [put('a', 1, 2), put('b')], [put('c', 255, 0)]);
      await expectContents(open, [
        ['a', [1, 2]],
        ['b', []],
        ['c', [255, 0]],
      ]);
    },
  },
  {
    name: 'a later value takes the place of an earlier one, in the same group too',
    async run(open) {
      await write(open, [put('a', 1), put('b', 1), put('b', 2)], [put('a', 3)]);
      await expectContents(open, [
        ['a', [3]],
        ['b', [2]],
      ]);
    },
  },
  {
    name: 'a key ends; one that never was may end; one that ended may begin again',
    async run(open) {
      await write(open, [put('a', 1), put('b', 1)], [end('a'), end('x')], [end('b'), put('b', 2)]);
      await expectContents(open, [['b', [2]]]);
      await write(open, [end('b')], [put('a', 9)]);
      await expectContents(open, [['a', [9]]]);
    },
  },
  {
    name: 'keys are texts of any kind, values of any size',
    async run(open) {
      const large = new Uint8Array(300_000).fill(7);
      await write(open, [{ key: 'µ/☃', value: large }, put('', 1)]);
      const store = open();
      const records = new Map(await store.load());
      await store.close();
      const value = records.get('µ/☃');
      if (value?.length !== large.length || value.some((byte) => byte !== 7))
        throw new Error('the large value differs');
      if (records.get('')?.length !== 1) throw new Error('the empty key is missing');
    },
  },
  {
    name: 'closed while it is being loaded, it is free for the next one',
    async run(open) {
      const store = open();
      const loading = store.load().catch(() => {});
      await store.close();
      await write(open, [put('a', 1)]);
      await loading;
      await expectContents(open, [['a', [1]]]);
    },
  },
  {
    name: 'one object may be opened again, and counts anew what it keeps',
    async run(open) {
      const store = open();
      for (let i = 0; i < 3; i++) {
        await store.load();
        for (let j = 0; j < 100; j++) await store.write([put('a', i, j)]);
        await store.close();
      }
      await expectContents(open, [['a', [2, 99]]]);
    },
  },
  {
    name: 'a thousand groups that write the same keys again and again leave what was last',
    async run(open) {
      const store = open();
      await store.load();
      for (let i = 0; i < 1_000; i++) await store.write([put(`k${i % 10}`, i >> 8, i & 255), end(`k${(i + 5) % 10}`)]);
      await store.close();
      await expectContents(
        open,
        [995, 996, 997, 998, 999].map((i) => [`k${i % 10}`, [i >> 8, i & 255]] as const),
      );
    },
  },
];
