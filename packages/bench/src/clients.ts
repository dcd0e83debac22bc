import { Link } from './link.ts';
import { shareOf, topicFilterOf } from './plan.ts';
import { Publisher, type PublisherOwner } from './publisher.ts';
import { proofsFor, Subscriber, type SubscriberOwner } from './subscriber.ts';
import type { TaskContext } from './task.ts';
import type { Train } from './train.ts';

/** Connections that one thread makes at a time. */
const AT_A_TIME = 100;

/** Connects this thread's publishers. @throws {BenchError} One of them cannot be had. */
export function openPublishers(
  { plan, thread, handleFailure }: TaskContext,
  trainOf: (publisher: number) => Train,
  owner: PublisherOwner,
): Promise<Publisher[]> {
  return inParallel(shareOf(plan.publishers, thread, plan.threads), async (index) => {
    const link = await Link.open(plan, `publisher ${index}`, handleFailure);
    return new Publisher(plan, index, link, trainOf(index), owner);
  });
}

/** Connects this thread's subscribers, which subscribe later. @throws {BenchError} One of them cannot be had. */
export function openSubscribers(context: TaskContext, owner: SubscriberOwner): Promise<Subscriber[]> {
  const { plan, thread, handleFailure } = context;
  const isGroup = plan.workload === 'shared';
  const common = isGroup ? proofsFor(plan.publishers) : undefined;
  // The proof of a shared subscription needs all its members in one place.
  const share = isGroup ? shareOf(thread === 0 ? plan.subscribers : 0, 0, 1) : undefined;
  return inParallel(share ?? shareOf(plan.subscribers, thread, plan.threads), async (index) => {
    const link = await Link.open(plan, `subscriber ${index}`, handleFailure);
    return new Subscriber(plan, index, link, owner, common);
  });
}

/** Subscribes. @throws {BenchError} The broker refuses. */
export async function subscribeAll({ plan }: TaskContext, subscribers: readonly Subscriber[]): Promise<void> {
  await inParallel(subscribers, ({ link, index }) => link.subscribe(topicFilterOf(plan, index)));
}

/** Does something with all, some of them at a time; the results have the order of the items. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
  atATime = AT_A_TIME,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const at = next++;
      results[at] = await act(items[at] as Item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atATime, items.length) }, work));
  return results;
}
