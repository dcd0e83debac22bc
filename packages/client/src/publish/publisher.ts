import { type AcknowledgementProperties, FIRST_FAILURE, NO_PROPERTIES, ReasonCode, UsageError } from '@busbar/codec';
import { type LostInFlight, type MessageContent, PacketIdMap, topicNameFault } from '@busbar/protocol';
import type { Clock } from '../clock.ts';
import type { Tally } from '../counters.ts';
import type { Link } from '../dialer/link.ts';
import { clientEnded, PublishError } from '../errors.ts';
import { settleable } from '../settleable.ts';
import { Publication, type PublishOutcome } from './publication.ts';
import { dropped, expired, offline, SENT, sessionLost } from './publish-faults.ts';
import type { PublishJournal } from './publish-journal.ts';
import type { PublishQueue } from './publish-queue.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** What a {@link Publisher} works with. */
export interface PublisherParts {
  readonly queue: PublishQueue;
  readonly tally: Tally;
  readonly clock: Clock;
  /** Where messages of QoS 1 and 2 are written down; undefined: nowhere. */
  readonly journal: PublishJournal | undefined;
  /** Answers the connection, undefined while there is none. */
  readonly link: () => Link | undefined;
  /** Told of the failure of a message that an earlier run of the program has published. */
  readonly handleOrphanFailed: (message: MessageContent, error: unknown) => void;
}

/**
 * Publishes: at once while the connection takes it, otherwise through the queue; and tells each caller how it ended.
 *
 *     publish --> sent (QoS 0: done) --PUBACK, PUBCOMP--> done
 *        \--no connection, window full, server slow--> queue --drain--> sent
 *     session lost: QoS 1 goes back to the head of the queue, QoS 2 fails, because sending it again could double it
 */
export class Publisher {
  readonly #parts: PublisherParts;
  readonly #queue: PublishQueue;
  readonly #link: () => Link | undefined;
  readonly #inFlight = new PacketIdMap<Publication>();
  /** Publications of an earlier run: nobody awaits them. */
  readonly #orphans = new WeakSet<Publication>();
  #isEnded = false;
  #waitingForIdle: (() => void) | undefined;
  #expiryDueAt = NEVER;
  #cancelExpiry: (() => void) | undefined;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#queue = parts.queue;
    this.#link = parts.link;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  publish(message: MessageContent, signal: AbortSignal | undefined): Promise<PublishOutcome> {
    if (this.#isEnded) return this.#refuse(clientEnded());
    if (signal?.aborted) return this.#refuse(signal.reason);
    const link = this.#link();
    if (link === undefined || !this.#isFree(link, message.qos)) return this.#enqueue(message, signal, link);
    let packetId: number;
    try {
      packetId = link.machine.publish(message);
    } catch (error) {
      return this.#mistake(error);
    }
    this.#parts.tally.published++;
    link.touch();
    if (packetId === 0) return SENT;
    const { journal } = this.#parts;
    const publication = new Publication(message, journal?.nextKey());
    journal?.handleSent(publication, packetId, true);
    this.#inFlight.set(packetId, publication);
    this.#listen(publication, signal);
    return publication.outcome;
  }

  /** Sends what waits, as far as the connection takes it. */
  drain(): void {
    const link = this.#link();
    if (link === undefined) return;
    const now = this.#parts.clock.now();
    for (let next = this.#queue.peek(); next !== undefined; next = this.#queue.peek()) {
      if (next.expiresAt > now && (link.isCongested || (next.message.qos > 0 && !link.machine.hasRoom))) break;
      this.#queue.shift();
      if (next.expiresAt <= now) this.#expire(next);
      else this.#send(next, link, now);
    }
    this.#checkIdle();
  }

  /** Takes up what an earlier run of the program has left: in flight by Packet Identifier, and waiting, in order. */
  restore(inFlight: ReadonlyMap<number, Publication>, waiting: readonly Publication[]): void {
    for (const [packetId, publication] of inFlight) {
      this.#inFlight.set(packetId, publication);
      this.#orphans.add(publication);
    }
    for (const publication of waiting) {
      this.#orphans.add(publication);
      this.#watch(publication);
    }
    this.#queue.putBack(waiting);
  }

  /** @param lost What was in flight in a session that the server has lost. */
  handleConnected(lost: readonly LostInFlight[]): void {
    const again: Publication[] = [];
    for (const { packetId, message } of lost) {
      const publication = this.#inFlight.get(packetId);
      this.#inFlight.delete(packetId);
      if (message === undefined) this.#succeed(publication, packetId, ReasonCode.success, NO_PROPERTIES);
      else if (message.qos === 1) again.push(publication ?? new Publication(message));
      else this.#fail(publication ?? new Publication(message), sessionLost());
    }
    for (const publication of again) if (publication.key !== 0) this.#parts.journal?.handleRequeued(publication);
    this.#queue.putBack(again);
  }

  /** Waiting messages of QoS 0 are not worth a wait for the next connection, unless their sender says so. */
  handleDisconnected(): void {
    if (this.#queue.keepsQos0) return;
    for (const publication of this.#queue.clear(({ message }) => message.qos === 0)) this.#fail(publication, offline());
    this.#checkIdle();
  }

  handlePublished(packetId: number, reasonCode: ReasonCode, properties: AcknowledgementProperties): void {
    const publication = this.#inFlight.get(packetId);
    this.#inFlight.delete(packetId);
    if (publication === undefined) return;
    if (reasonCode < FIRST_FAILURE) this.#succeed(publication, packetId, reasonCode, properties);
    else this.#fail(publication, new PublishError(publication.message.topicName, reasonCode, properties.reasonString));
    this.#checkIdle();
  }

  /** The publication in flight with this Packet Identifier. */
  sent(packetId: number): Publication | undefined {
    return this.#inFlight.get(packetId);
  }

  /** From now on nothing new is taken. Resolves when everything taken before is done. */
  end(): Promise<void> {
    this.#isEnded = true;
    const idle = settleable();
    this.#waitingForIdle = idle.resolve;
    this.#checkIdle();
    return idle.promise;
  }

  /** There will be no further connection: whatever is not done fails. What is written down stays so, for the next run. */
  close(): void {
    this.#isEnded = true;
    this.#cancelExpiry?.();
    const inFlight = [...this.#inFlight.values()];
    this.#inFlight.clear();
    for (const publication of [...inFlight, ...this.#queue.clear()]) this.#letGo(publication, clientEnded());
    this.#checkIdle();
  }

  /** Nothing overtakes what waits at the same QoS: at QoS 0 that is what the server was too slow for. */
  #isFree(link: Link, qos: number): boolean {
    if (link.isCongested) return false;
    return qos === 0 ? !this.#queue.hasQos0 : this.#queue.length === 0 && link.machine.hasRoom;
  }

  #enqueue(message: MessageContent, signal: AbortSignal | undefined, link: Link | undefined): Promise<PublishOutcome> {
    const fault = topicNameFault(message.topicName);
    if (fault !== undefined) return this.#mistake(new UsageError('topic-name-invalid', fault));
    if (message.qos === 0 && link === undefined && !this.#queue.keepsQos0) return this.#refuse(offline());
    const { journal, clock, tally } = this.#parts;
    const publication = new Publication(message, message.qos === 0 ? 0 : journal?.nextKey());
    publication.wait(clock.now(), this.#queue.maximumAgeMs);
    try {
      for (const oldest of this.#queue.push(publication)) {
        tally.queueDropped++;
        this.#fail(oldest, dropped());
      }
    } catch (error) {
      tally.queueDropped++;
      return this.#refuse(error);
    }
    if (publication.key !== 0) journal?.handleQueued(publication);
    this.#watch(publication);
    this.#listen(publication, signal);
    return publication.outcome;
  }

  #send(publication: Publication, link: Link, now: number): void {
    let packetId: number;
    try {
      packetId = link.machine.publish(publication.messageAt(now));
    } catch (error) {
      this.#fail(publication, error);
      return;
    }
    this.#parts.tally.published++;
    if (publication.key !== 0) this.#parts.journal?.handleSent(publication, packetId, false);
    link.touch();
    if (packetId === 0) publication.succeed(outcome(undefined, ReasonCode.success, NO_PROPERTIES));
    else this.#inFlight.set(packetId, publication);
  }

  #listen(publication: Publication, signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    publication.listenTo(signal, () => {
      const isTakenBack = this.#queue.remove(publication);
      if (isTakenBack) this.#fail(publication, signal.reason);
      else this.#letGo(publication, signal.reason);
      this.#checkIdle();
    });
  }

  /** One timer for all: it rings for the first that expires. */
  #watch({ expiresAt }: { readonly expiresAt: number }): void {
    if (expiresAt >= this.#expiryDueAt) return;
    const { clock } = this.#parts;
    this.#cancelExpiry?.();
    this.#expiryDueAt = expiresAt;
    this.#cancelExpiry = clock.schedule(() => this.#expireDue(), Math.max(0, expiresAt - clock.now()));
  }

  #expireDue(): void {
    const now = this.#parts.clock.now();
    this.#expiryDueAt = NEVER;
    this.#cancelExpiry = undefined;
    for (const publication of this.#queue.clear(({ expiresAt }) => expiresAt <= now)) this.#expire(publication);
    const expiresAt = this.#queue.nextExpiry;
    if (expiresAt < NEVER) this.#watch({ expiresAt });
    this.#checkIdle();
  }

  #expire(publication: Publication): void {
    this.#parts.tally.queueExpired++;
    this.#fail(publication, expired());
  }

  #succeed(
    publication: Publication | undefined,
    packetId: number,
    reasonCode: ReasonCode,
    properties: AcknowledgementProperties,
  ): void {
    if (publication === undefined) return;
    if (publication.key !== 0) this.#parts.journal?.handleDone(publication);
    publication.succeed(outcome(packetId, reasonCode, properties));
  }

  #fail(publication: Publication, reason: unknown): void {
    if (publication.key !== 0) this.#parts.journal?.handleDone(publication);
    this.#letGo(publication, reason);
    if (this.#orphans.has(publication)) this.#parts.handleOrphanFailed(publication.message, reason);
  }

  /** What is written down of it stays. */
  #letGo(publication: Publication, reason: unknown): void {
    this.#parts.tally.publishesFailed++;
    publication.fail(reason);
  }

  /** The world's fault: nobody has to await it. */
  #refuse(reason: unknown): Promise<PublishOutcome> {
    const refusal = this.#mistake(reason);
    refusal.catch(() => {});
    return refusal;
  }

  /** The caller's mistake: it is not to go unnoticed. */
  #mistake(error: unknown): Promise<PublishOutcome> {
    this.#parts.tally.publishesFailed++;
    return Promise.reject(error);
  }

  #checkIdle(): void {
    if (this.#queue.length > 0 || this.#inFlight.size > 0) return;
    this.#waitingForIdle?.();
  }
}

function outcome(
  packetId: number | undefined,
  reasonCode: ReasonCode,
  properties: AcknowledgementProperties,
): PublishOutcome {
  return { reasonCode, packetId, properties };
}
