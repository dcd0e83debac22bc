import { type ConnectPacket, ReasonCode } from '@busbar/codec';
import { ApplicationMessage, type Closing } from '@busbar/protocol';
import type { Clock } from '../clock/clock.ts';
import { Alarm, type TimerWheel } from '../clock/timer-wheel.ts';
import type { StoredWill } from '../store/store.ts';

/** The Will of a CONNECT packet as it waits for the end of the connection; undefined without one (section 3.1.2.5). */
export function willOf({ will }: ConnectPacket): StoredWill | undefined {
  if (will === undefined) return undefined;
  const { willDelayInterval, ...properties } = will.properties;
  // The packet's bytes are a view of the chunk that was read; the will outlives it.
  return { content: { ...will, payload: will.payload.slice(), properties }, delaySeconds: willDelayInterval ?? 0 };
}

/** Whether the end of a connection lets its Will go unpublished: only an ordinary DISCONNECT does [MQTT-3.14.4-3]. */
export function endsWithoutWill(closing: Closing): boolean {
  return closing.cause === 'disconnected' && closing.reasonCode === ReasonCode.normalDisconnection;
}

/**
 * Wills whose connection has ended and whose Will Delay Interval has not (section 3.1.3.2.2). A Will is published once, when
 * its delay is over or its session ends, whichever comes first; a client that returns in time takes it back.
 */
export class Wills {
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  readonly #publish: (message: ApplicationMessage) => void;
  #isStopped = false;
  readonly #waiting = new Map<string, { will: StoredWill; alarm: Alarm }>();

  constructor(clock: Clock, wheel: TimerWheel, publish: (message: ApplicationMessage) => void) {
    this.#clock = clock;
    this.#wheel = wheel;
    this.#publish = publish;
  }

  /** Wills that wait for their delay. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * From now on no Will is published: the broker stops, and every client is about to lose its connection through no fault of
   * its own. The standard lets Wills wait for the next start then (section 3.1.2.5).
   */
  stop(): void {
    this.#isStopped = true;
  }

  /** The connection has ended: its Will is published now or when its delay is over [MQTT-3.1.2-8]. */
  handleDisconnected(clientIdentifier: string, will: StoredWill): void {
    if (will.delaySeconds === 0) {
      this.#publishNow(clientIdentifier, will);
      return;
    }
    const alarm = new Alarm(() => this.handleSessionEnd(clientIdentifier));
    this.#waiting.set(clientIdentifier, { will, alarm });
    this.#wheel.set(alarm, this.#clock.now() + will.delaySeconds * 1000);
  }

  /** The client is back in its session: the Will that waited is not published [MQTT-3.1.3-9]. */
  cancel(clientIdentifier: string): void {
    const waiting = this.#waiting.get(clientIdentifier);
    if (waiting === undefined) return;
    this.#wheel.clear(waiting.alarm);
    this.#waiting.delete(clientIdentifier);
  }

  /** The delay is over or the session has ended: a Will that still waits is published. */
  handleSessionEnd(clientIdentifier: string): void {
    const waiting = this.#waiting.get(clientIdentifier);
    if (waiting === undefined) return;
    this.cancel(clientIdentifier);
    this.#publishNow(clientIdentifier, waiting.will);
  }

  #publishNow(clientIdentifier: string, { content }: StoredWill): void {
    if (this.#isStopped) return;
    this.#publish(ApplicationMessage.of(content, clientIdentifier, this.#clock.now()));
  }
}
