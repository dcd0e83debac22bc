import assert from 'node:assert/strict';
import type { SessionRecord, StoreCommit, StoredSubscription, StoreStart } from '@busbar/broker';
import { ApplicationMessage, type Delivery, type Successor } from '@busbar/protocol';
import { VirtualClock } from '@busbar/testkit';
import { LmdbStore } from '../src/lmdb-store.ts';
import { checkDisk } from '../src/tools/check.ts';
import type { MemoryDisk } from './memory-disk.ts';

/** A delivery as plain data. */
export interface PlainDelivery {
  readonly text: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly identifiers: readonly number[] | undefined;
  readonly sharedFilter: string | undefined;
}

interface PlainFlight {
  readonly packetId: number;
  readonly stage: number;
  readonly delivery: PlainDelivery | undefined;
}

/** A session as plain data. */
export interface PlainSession {
  readonly isLasting: boolean;
  readonly expiryInterval: number;
  readonly isDisconnected: boolean;
  readonly will: string | undefined;
  readonly subscriptions: Readonly<Record<string, StoredSubscription>>;
  readonly queue: readonly PlainDelivery[];
  readonly byteLength: number;
  readonly flights: readonly PlainFlight[];
  readonly accepted: readonly number[];
}

/** Everything that a store keeps, as plain data. */
export interface PlainState {
  readonly sessions: Readonly<Record<string, PlainSession>>;
  readonly retained: Readonly<Record<string, string>>;
}

const textOf = ({ payload }: ApplicationMessage): string => Buffer.from(payload).toString();

export const successorOf = (sharedFilter: string): Successor => ({ sharedFilter, takeOver() {} });

export function messageOf(topicName: string, text: string, qos: 0 | 1 | 2 = 1, retain = false): ApplicationMessage {
  const content = { topicName, payload: Buffer.from(text), qos, retain, properties: {} };
  return ApplicationMessage.of(content, 'publisher', 0);
}

export function plainDelivery(delivery: Delivery): PlainDelivery {
  const { message, qos, retain, subscriptionIdentifiers: identifiers, successor } = delivery;
  return { text: textOf(message), qos, retain, identifiers, sharedFilter: successor?.sharedFilter };
}

export function startOf(
  clock: VirtualClock,
  failures: (string | undefined)[] = [],
  commits: StoreCommit[] = [],
): StoreStart {
  return {
    now: clock.now,
    endOfTurn: clock.endOfTurn,
    successorOf,
    handleFailure: (failure) => failures.push(failure),
    handleCommit: (commit) => commits.push(commit),
  };
}

/** Reads everything out of a disk, with a store of its own, and finds that its rows agree with each other. */
export function stateOf(disk: MemoryDisk): PlainState {
  assert.deepEqual(checkDisk(disk).problems, []);
  const copy = disk.crash(false);
  const { sessions, retained } = new LmdbStore(copy).load(startOf(new VirtualClock()));
  return {
    sessions: Object.fromEntries([...sessions].map((record) => [record.clientIdentifier, plainSession(record)])),
    retained: Object.fromEntries([...retained].map(({ message }) => [message.topicName, textOf(message)]).sort()),
  };
}

function plainSession(record: SessionRecord): PlainSession {
  const { isLasting, expiryInterval, disconnectedAt, will, subscriptions, queue, flows } = record;
  const { byteLength, length } = queue;
  const queued: PlainDelivery[] = [];
  for (let next = queue.drop(); next !== undefined; next = queue.drop()) queued.push(plainDelivery(next));
  assert.equal(queued.length, length);
  return {
    isLasting,
    expiryInterval,
    isDisconnected: disconnectedAt !== undefined,
    will: will === undefined ? undefined : `${Buffer.from(will.content.payload)} ${will.delaySeconds}`,
    subscriptions: Object.fromEntries([...subscriptions].sort(([a], [b]) => (a < b ? -1 : 1))),
    queue: queued,
    byteLength,
    flights: [...flows.outbound.inFlight].map(({ packetId, stage, message }) => ({
      packetId,
      stage,
      delivery: message === undefined ? undefined : plainDelivery(message),
    })),
    accepted: [...flows.inbound.accepted].sort((a, b) => a - b),
  };
}
