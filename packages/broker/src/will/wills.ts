import { type ConnectPacket, ReasonCode } from '@busbar/codec';
import { ApplicationMessage, type Closing, copyOf } from '@busbar/protocol';
import type { Clock } from '../clock/clock.ts';
import { Alarm, type TimerWheel } from '../clock/timer-wheel.ts';
import type { SessionRecord, Store, StoredWill } from '../store/store.ts';

/**
 * The Will of a CONNECT packet as it waits for the end of the connection; undefined without one (section 3.1.2.5).
 *
 * @param prefix Of its client's mount point.
 */
export function willOf({ will }: ConnectPacket, prefix = ''): StoredWill | undefined {
  if (will === undefined) return undefined;
  const { willDelayInterval, ...properties } = will.properties;
  // The packet's bytes are a view of the chunk that was read; the will outlives it.
  return {
    content: {
      ...will,
      topicName: prefix + will.topicName,
      payload: copyOf(will.payload, 0, will.payload.length),
      properties,
    },
    delaySeconds: willDelayInterval ?? 0,
  };
}

/** Whether the end of a connection lets its Will go unpublished: only an ordinary DISCONNECT does [MQTT-3.14.4-3]. */
export function endsWithoutWill(closing: Closing): boolean {
  return closing.cause === 'disconnected' && closing.reasonCode === ReasonCode.normalDisconnection;
}

/**
 * Wills whose connection has ended and whose Will Delay Interval has not (section 3.1.3.2.2). A Will is published once, when
 * its delay is over or its session ends, whichever comes first; a client that returns in time takes it back. Until then it
 * stays in its session's record, so that it outlives the broker as well.
 */
export class Wills {
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  readonly #store: Store;
  readonly #publish: (message: ApplicationMessage, record: SessionRecord) => void;
  #isStopped = false;
  readonly #waiting = new Map<string, { record: SessionRecord; alarm: Alarm }>();

  constructor(
    clock: Clock,
    wheel: TimerWheel,
    store: Store,
    publish: (message: ApplicationMessage, record: SessionRecord) => void,
  ) {
    this.#clock = clock;
    this.#wheel = wheel;
    this.#store = store;
    this.#publish = publish;
  }

  /** Wills that wait for their delay. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Takes up the Wills that a store kept. Those whose connection ended with the broker are due now, or when their delay from
   * now on is over (section 3.1.2.5).
   */
  restore(records: Iterable<SessionRecord>): void {
    for (const record of records) {
      const { will, isLasting, disconnectedAt } = record;
      if (will === undefined) continue;
      // Without a session that could be resumed nobody can take the Will back.
      if (isLasting) this.#await(record, will, disconnectedAt ?? this.#clock.now());
      else {
        this.#publishNow(record, will);
        this.#store.removeSession(record);
      }
    }
  }

  /**
   * From now on no Will is published: the broker stops, and every client is about to lose its connection through no fault of
   * its own. The standard lets Wills wait for the next start then (section 3.1.2.5).
   */
  stop(): void {
    this.#isStopped = true;
  }

  /** The connection has ended: its Will, if there is one, is published now or when its delay is over [MQTT-3.1.2-8]. */
  handleDisconnected(record: SessionRecord): void {
    if (record.will !== undefined) this.#await(record, record.will, this.#clock.now());
  }

  /** The client is back in its session: the Will that waited is not published [MQTT-3.1.3-9]. */
  cancel(clientIdentifier: string): void {
    const waiting = this.#waiting.get(clientIdentifier);
    if (waiting === undefined) return;
    this.#wheel.clear(waiting.alarm);
    this.#waiting.delete(clientIdentifier);
    waiting.record.will = undefined;
  }

  /**
   * The session has ended: a Will that still waits is published.
   *
   * @returns Whether it waits for the next start of the broker instead.
   */
  handleSessionEnd(record: SessionRecord): boolean {
    const { will, clientIdentifier } = record;
    if (will === undefined) return false;
    if (this.#isStopped) return true;
    this.cancel(clientIdentifier);
    this.#publishNow(record, will);
    return false;
  }

  #await(record: SessionRecord, will: StoredWill, since: number): void {
    const dueAt = since + will.delaySeconds * 1000;
    if (this.#isStopped) return;
    if (dueAt <= this.#clock.now()) {
      this.#publishNow(record, will);
      return;
    }
    const alarm = new Alarm(() => {
      this.#waiting.delete(record.clientIdentifier);
      this.#publishNow(record, will);
    });
    this.#waiting.set(record.clientIdentifier, { record, alarm });
    this.#wheel.set(alarm, dueAt);
  }

  /** The Will leaves its record in the same batch of the store in which its message enters it. */
  #publishNow(record: SessionRecord, { content }: StoredWill): void {
    record.will = undefined;
    this.#store.updateSession(record);
    this.#publish(ApplicationMessage.of(content, record.clientIdentifier, this.#clock.now()), record);
  }
}
