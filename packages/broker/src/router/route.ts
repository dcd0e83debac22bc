import type { ReasonCode } from '@busbar/codec';
import type { ApplicationMessage } from '@busbar/protocol';
import { isReservedTopic } from '../authorization/reserved-topic.ts';
import type { Durability } from '../config/durability.ts';
import type { ReachedLimit } from '../observe/limit-watch.ts';
import { NOBODY, type Receiver } from '../subscription/receiver.ts';

/** Why messages of a Topic Name cannot be routed at all. */
export interface TopicFault {
  readonly reasonCode: ReasonCode;
  readonly message: string;
  /** The limit that it is over, where it is one of the broker's. */
  readonly limit?: ReachedLimit | undefined;
}

/** Where a message goes once, whoever takes it there. */
export interface Destination {
  publish(message: ApplicationMessage, now: number): void;
}

const WEIGHT = 256;
const RECEIVER_WEIGHT = 160;

/**
 * Everything that the road of a PUBLISH needs to know of a Topic Name: the name once for all its messages, whether it is
 * one, and who receives. What matched is right as long as the epoch of the subscriptions is the one it was matched in.
 */
export class Route {
  readonly topicName: string;
  readonly topicBytes: Uint8Array;
  readonly hash: number;
  readonly fault: TopicFault | undefined;
  /** Whether only the broker itself publishes there: most of `$SYS` (section 4.7.2). */
  readonly isReserved: boolean;
  /** What an acknowledgement of its messages is worth; undefined where the listener says it. */
  readonly durability: Durability | undefined;
  /** Whether it is remembered for the next message of the topic. */
  isRemembered = false;
  /** Next route of the same hash. */
  next: Route | undefined = undefined;
  epoch = -1;
  receivers: readonly Receiver[] = NOBODY;
  /** The Shared Subscriptions, and those whom the rules keep from receiving. */
  groups: readonly Destination[] = NOBODY;

  constructor(
    topicName: string,
    topicBytes: Uint8Array,
    hash: number,
    fault: TopicFault | undefined,
    durability: Durability | undefined,
  ) {
    this.topicName = topicName;
    this.topicBytes = topicBytes;
    this.hash = hash;
    this.fault = fault;
    this.isReserved = isReservedTopic(topicName);
    this.durability = durability;
  }

  /** About so many bytes of memory: its name is kept as text and as bytes, and so is everybody whom it reaches. */
  get weight(): number {
    return WEIGHT + 2 * this.topicBytes.length + (this.receivers.length + this.groups.length) * RECEIVER_WEIGHT;
  }

  /** Whether this is the route of the Topic Name that these bytes spell. */
  isOf(bytes: Uint8Array, start: number, end: number): boolean {
    const own = this.topicBytes;
    const { length } = own;
    if (length !== end - start) return false;
    // From the end: topics that differ, mostly differ there.
    for (let i = length - 1, at = end - 1; i >= 0; i--, at--) {
      if (own[i] !== bytes[at]) return false;
    }
    return true;
  }
}
