import type { Metric, MetricRooms } from './metric.ts';

const DURABILITIES = ['memory', 'disk'] as const;

function isDurable({ store }: MetricRooms): boolean {
  return store.durability === 'disk';
}

/** What acknowledgements are worth, and the store's work. */
export const STORE_METRICS: readonly Metric[] = [
  {
    name: 'busbar_store_durability',
    type: 'gauge',
    help: 'What acknowledgements are worth: 1 for memory, in this process, or for disk, after a crash too.',
    label: 'durability',
    labelValues: DURABILITIES,
    read: ({ store }) => DURABILITIES.map((durability) => [durability, store.durability === durability ? 1 : 0]),
  },
  {
    name: 'busbar_store_failing',
    type: 'gauge',
    help: 'Whether the store cannot keep anything at the moment: 1 or 0. As long, what would have to be kept is refused.',
    read: ({ store }) => (store.failure === undefined ? 0 : 1),
  },
  {
    name: 'busbar_store_failures_total',
    type: 'counter',
    help: 'How often the store has begun to fail.',
    read: ({ tallies }) => tallies.storeFailures,
  },
  {
    name: 'busbar_store_commit_seconds',
    type: 'histogram',
    help: 'From the beginning of a commit to the end of its sync. Only with a store on disk.',
    read: (rooms) => (isDurable(rooms) ? rooms.commitTimes.durations : undefined),
  },
  {
    name: 'busbar_store_commit_rows',
    type: 'histogram',
    help: 'Rows that a commit writes or removes. Only with a store on disk.',
    read: (rooms) => (isDurable(rooms) ? rooms.commitTimes.rows : undefined),
  },
  {
    name: 'busbar_store_commit_bytes',
    type: 'histogram',
    help: 'Bytes that a commit writes. Only with a store on disk.',
    read: (rooms) => (isDurable(rooms) ? rooms.commitTimes.bytes : undefined),
  },
];
