import { type FlowJournal, memoryRecord, type SessionRecord, SessionSubscriptions } from '@busbar/broker';
import { type Delivery, type FlowState, SessionState } from '@busbar/protocol';
import type { BatchedSession } from '../batch/batch.ts';
import type { OutboundSummary } from '../format/outbound-format.ts';
import type { SessionFacts } from '../format/session-format.ts';
import { DurableQueue } from './durable-queue.ts';
import type { QueueSurroundings } from './queue-surroundings.ts';

/** What a disk has of the flows of a session. */
export interface StoredFlows {
  readonly outbound: OutboundSummary | undefined;
  readonly accepted: readonly number[];
}

/** A session as the store knows it: the record that the broker works on, and what the disk has of it. */
export class DurableSession implements FlowJournal, BatchedSession {
  readonly number: number;
  readonly record: SessionRecord;
  /** Undefined for a session that ends with its connection: only its Will is kept. */
  readonly queue: DurableQueue | undefined;
  /** Packet Identifiers of the QoS 2 messages that its client has sent and not released. */
  readonly unreleased: Set<number>;
  readonly #around: QueueSurroundings;
  isRemoved = false;
  /** Whether it has its own row on the disk. */
  hasRecord = false;

  private constructor(number: number, around: QueueSurroundings, facts: SessionFacts, stored?: StoredFlows) {
    this.number = number;
    this.#around = around;
    this.unreleased = new Set(stored?.accepted);
    if (!facts.isLasting) {
      this.record = { ...memoryRecord(facts.clientIdentifier, false), ...facts };
      return;
    }
    const queue = new DurableQueue(number, around);
    this.queue = queue;
    this.record = {
      ...facts,
      subscriptions: new SessionSubscriptions(),
      queue,
      flows: flowsOf(queue, stored),
      journal: this,
    };
  }

  static create(
    number: number,
    around: QueueSurroundings,
    clientIdentifier: string,
    isLasting: boolean,
  ): DurableSession {
    const times = { expiryInterval: 0, disconnectedAt: undefined };
    const facts = { clientIdentifier, isLasting, ...times, will: undefined, identity: undefined };
    return new DurableSession(number, around, facts);
  }

  /** @throws {RecordError} A record of a delivery that is in flight is not one. */
  static restore(number: number, around: QueueSurroundings, facts: SessionFacts, stored: StoredFlows): DurableSession {
    const session = new DurableSession(number, around, facts, stored);
    session.hasRecord = true;
    return session;
  }

  /** Whether the disk must have a row of it. */
  get isKept(): boolean {
    return !this.isRemoved && (this.record.isLasting || this.record.will !== undefined);
  }

  sent(packetId: number, delivery: Delivery): void {
    this.queue?.sent(packetId, delivery);
  }

  received(packetId: number): void {
    this.queue?.received(packetId);
  }

  finished(packetId: number): void {
    this.queue?.finished(packetId);
  }

  accepted(packetId: number): void {
    this.unreleased.add(packetId);
    if (!this.isRemoved) this.#around.collect(true).inbounds.add(this);
  }

  released(packetId: number): void {
    if (!this.unreleased.delete(packetId) || this.isRemoved) return;
    this.#around.collect(true).inbounds.add(this);
  }
}

function flowsOf(queue: DurableQueue, stored: StoredFlows | undefined): SessionState<Delivery> {
  if (stored === undefined) return new SessionState();
  const inFlight = stored.outbound === undefined ? [] : queue.restore(stored.outbound);
  const plain: FlowState<Delivery> = { inFlight, accepted: stored.accepted };
  return SessionState.fromPlain(plain);
}
