import { type AcknowledgementProperties, FIRST_FAILURE, NO_PROPERTIES, ReasonCode, UsageError } from '@busbar/codec';
import { type LostInFlight, type MessageContent, topicNameFault } from '@busbar/protocol';
import type { Tally } from '../counters.ts';
import type { Link } from '../dialer/link.ts';
import { ClientError, PublishError } from '../errors.ts';
import { Publication, type PublishOutcome } from './publication.ts';
import type { PublishQueue } from './publish-queue.ts';

/** What everyone gets who publishes at QoS 0 while the way is free: it costs nothing. */
const SENT: Promise<PublishOutcome> = Promise.resolve(
  Object.freeze({ reasonCode: ReasonCode.success, packetId: undefined, properties: NO_PROPERTIES }),
);

/**
 * Publishes: at once while the connection takes it, otherwise through the queue; and tells each caller how it ended.
 *
 *     publish --> sent (QoS 0: done) --PUBACK, PUBCOMP--> done
 *        \--no connection, window full, server slow--> queue --drain--> sent
 *     session lost: QoS 1 goes back to the head of the queue, QoS 2 fails, because sending it again could double it
 */
export class Publisher {
  readonly #queue: PublishQueue;
  readonly #tally: Tally;
  readonly #link: () => Link | undefined;
  readonly #inFlight = new Map<number, Publication>();
  #isEnded = false;
  #waitingForIdle: (() => void) | undefined;

  /** @param link Answers the connection, undefined while there is none. */
  constructor(queue: PublishQueue, tally: Tally, link: () => Link | undefined) {
    this.#queue = queue;
    this.#tally = tally;
    this.#link = link;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  publish(message: MessageContent, signal: AbortSignal | undefined): Promise<PublishOutcome> {
    if (this.#isEnded) return this.#refuse(ended());
    if (signal?.aborted) return this.#refuse(signal.reason);
    const link = this.#link();
    if (link === undefined || !this.#isFree(link, message.qos)) return this.#enqueue(message, signal, link);
    let packetId: number;
    try {
      packetId = link.machine.publish(message);
    } catch (error) {
      return this.#mistake(error);
    }
    this.#tally.published++;
    link.touch();
    if (packetId === 0) return SENT;
    const publication = new Publication(message);
    this.#inFlight.set(packetId, publication);
    this.#listen(publication, signal);
    return publication.outcome;
  }

  /** Sends what waits, as far as the connection takes it. */
  drain(): void {
    const link = this.#link();
    if (link === undefined) return;
    for (let next = this.#queue.peek(); next !== undefined; next = this.#queue.peek()) {
      if (link.isCongested || (next.message.qos > 0 && !link.machine.hasRoom)) break;
      this.#queue.shift();
      this.#send(next, link);
    }
    this.#checkIdle();
  }

  /** @param lost What was in flight in a session that the server has lost. */
  handleConnected(lost: readonly LostInFlight[]): void {
    const again: Publication[] = [];
    for (const { packetId, message } of lost) {
      const publication = this.#inFlight.get(packetId);
      this.#inFlight.delete(packetId);
      if (message === undefined) publication?.succeed(outcome(packetId, ReasonCode.success, NO_PROPERTIES));
      else if (message.qos === 1) again.push(publication ?? new Publication(message));
      else this.#fail(publication ?? new Publication(message), sessionLost());
    }
    this.#queue.putBack(again);
  }

  /** Waiting messages of QoS 0 are not worth a wait for the next connection, unless their sender says so. */
  handleDisconnected(): void {
    if (this.#queue.keepsQos0) return;
    for (const publication of this.#queue.clear(true)) this.#fail(publication, offline());
    this.#checkIdle();
  }

  handlePublished(packetId: number, reasonCode: ReasonCode, properties: AcknowledgementProperties): void {
    const publication = this.#inFlight.get(packetId);
    this.#inFlight.delete(packetId);
    if (publication === undefined) return;
    if (reasonCode < FIRST_FAILURE) publication.succeed(outcome(packetId, reasonCode, properties));
    else this.#fail(publication, new PublishError(publication.message.topicName, reasonCode, properties.reasonString));
    this.#checkIdle();
  }

  /** From now on nothing new is taken. Resolves when everything taken before is done. */
  end(): Promise<void> {
    this.#isEnded = true;
    return new Promise((resolve) => {
      this.#waitingForIdle = resolve;
      this.#checkIdle();
    });
  }

  /** There will be no further connection: whatever is not done fails. */
  close(): void {
    this.#isEnded = true;
    const inFlight = [...this.#inFlight.values()];
    this.#inFlight.clear();
    for (const publication of [...inFlight, ...this.#queue.clear()]) this.#fail(publication, ended());
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
    const publication = new Publication(message);
    try {
      for (const oldest of this.#queue.push(publication)) {
        this.#tally.queueDropped++;
        this.#fail(oldest, new ClientError('dropped', 'the queue was full, and a newer message took the place'));
      }
    } catch (error) {
      this.#tally.queueDropped++;
      return this.#refuse(error);
    }
    this.#listen(publication, signal);
    return publication.outcome;
  }

  #send(publication: Publication, link: Link): void {
    let packetId: number;
    try {
      packetId = link.machine.publish(publication.message);
    } catch (error) {
      this.#fail(publication, error);
      return;
    }
    this.#tally.published++;
    link.touch();
    if (packetId === 0) publication.succeed(outcome(undefined, ReasonCode.success, NO_PROPERTIES));
    else this.#inFlight.set(packetId, publication);
  }

  #listen(publication: Publication, signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    publication.listenTo(signal, () => {
      this.#queue.remove(publication);
      this.#fail(publication, signal.reason);
      this.#checkIdle();
    });
  }

  #fail(publication: Publication, reason: unknown): void {
    this.#tally.publishesFailed++;
    publication.fail(reason);
  }

  /** The world's fault: nobody has to await it. */
  #refuse(reason: unknown): Promise<PublishOutcome> {
    this.#tally.publishesFailed++;
    const refusal = Promise.reject(reason);
    refusal.catch(() => {});
    return refusal;
  }

  /** The caller's mistake: it is not to go unnoticed. */
  #mistake(error: unknown): Promise<PublishOutcome> {
    this.#tally.publishesFailed++;
    return Promise.reject(error);
  }

  #checkIdle(): void {
    if (this.#queue.length > 0 || this.#inFlight.size > 0) return;
    this.#waitingForIdle?.();
    this.#waitingForIdle = undefined;
  }
}

function outcome(
  packetId: number | undefined,
  reasonCode: ReasonCode,
  properties: AcknowledgementProperties,
): PublishOutcome {
  return { reasonCode, packetId, properties };
}

function ended(): ClientError {
  return new ClientError('client-ended', 'the client has been ended');
}

function offline(): ClientError {
  return new ClientError('offline', 'there is no connection, and messages of QoS 0 do not wait for one');
}

function sessionLost(): ClientError {
  return new ClientError('session-lost', 'the server has lost the session: whether the message arrived is not known');
}
