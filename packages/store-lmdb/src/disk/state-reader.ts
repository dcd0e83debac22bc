import type { Identity, StoredRetained } from '@busbar/broker';
import type { Grave } from '../batch/grave.ts';
import { readGrave } from '../format/grave-format.ts';
import { firstNumberOf, keyOf } from '../format/keys.ts';
import { readInbound, readOutbound } from '../format/outbound-format.ts';
import { readRetained } from '../format/retained-format.ts';
import { readSession, readSubscription } from '../format/session-format.ts';
import type { StoreTime } from '../format/store-time.ts';
import { DurableSession } from '../session/durable-session.ts';
import type { QueueSurroundings } from '../session/queue-surroundings.ts';
import type { Disk, RangeOptions } from './disk.ts';

const EVERYTHING: RangeOptions = { start: Uint8Array.of(0) };

/** All sessions, with their subscriptions and flows, and their queues in numbers. @throws {RecordError} A record is not one. */
export function readSessions(disk: Disk, around: QueueSurroundings): DurableSession[] {
  const byNumber = new Map<number, DurableSession>();
  for (const { key, value } of disk.range('sessions', EVERYTHING)) {
    const number = firstNumberOf(key);
    const outbound = disk.get('outbound', keyOf(number));
    const inbound = disk.get('inbound', keyOf(number));
    const flows = {
      outbound: outbound === undefined ? undefined : readOutbound(outbound),
      accepted: inbound === undefined ? [] : readInbound(inbound),
    };
    byNumber.set(number, DurableSession.restore(number, around, readSession(value, around.time), flows));
  }
  for (const { key, value } of disk.range('subscriptions', EVERYTHING)) {
    const subscription = readSubscription(value);
    // A session that has ended may have some that are still to be deleted.
    byNumber.get(firstNumberOf(key))?.record.subscriptions.set(subscription.topicFilter, subscription);
  }
  return [...byNumber.values()];
}

/** All retained messages, one after the other. @throws {RecordError} A record is not one. */
export function* readAllRetained(disk: Disk, time: StoreTime): Iterable<StoredRetained> {
  const sourceOf = rememberLast<Identity>(JSON.parse);
  for (const { value } of disk.range('retained', EVERYTHING)) yield readRetained(value, time, sourceOf);
}

/** Many messages have the same source: it is one object for all that follow each other. */
function rememberLast<Value>(read: (text: string) => Value): (text: string) => Value {
  let last: { readonly text: string; readonly value: Value } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, value: read(text) };
    return last.value;
  };
}

export function readGraves(disk: Disk): Grave[] {
  return [...disk.range('graves', EVERYTHING)].map(({ key, value }) => readGrave(key, value));
}
