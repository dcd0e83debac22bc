import { Histogram } from './histogram.ts';

/** When a message was accepted, in milliseconds of the clock. */
export interface Acceptance {
  readonly at: number;
}

/** One message in so many is measured, on average. */
const SAMPLE_INTERVAL = 64;
/** Messages until the next one that is looked at, while nothing is measured. */
const NEVER = 2 ** 30;
/** Seconds, from a turn of the event loop to a queue that waits for minutes. */
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600];

/** What {@link DeliveryTimes} needs of the rooms around it. */
export interface DeliveryTimesRooms {
  now(): number;
  /** Calls {@link DeliveryTimes.flush} after what was written in this turn has been handed to the sockets. */
  awaitFlush(times: DeliveryTimes): void;
  /** From 0 to 1. */
  random(): number;
}

/**
 * Measures how long messages take from being accepted to being handed to their receivers' sockets, waiting in queues on the
 * heap included. A sample is measured, picked at random so that no pattern of the traffic meets a pattern of the sample; for
 * all others there is a countdown at their entrance and a look at a field at their exit, and nothing is made.
 */
export class DeliveryTimes {
  readonly histogram = new Histogram(BOUNDS);
  /** Messages until the next one is measured: whoever takes one in counts it down, and calls {@link accept} at 0. */
  untilNext = NEVER;
  readonly #rooms: DeliveryTimesRooms;
  readonly #isOn: boolean;
  /** What has been written in this turn: each acceptance with how often in a row. */
  #written: { readonly acceptance: Acceptance; times: number }[] = [];

  constructor(isOn: boolean, rooms: DeliveryTimesRooms) {
    this.#isOn = isOn;
    this.#rooms = rooms;
    this.#pickNext();
  }

  /** The acceptance of the message that the countdown has reached. */
  accept(now: number): Acceptance | undefined {
    this.#pickNext();
    return this.#isOn ? { at: now } : undefined;
  }

  /** A message that is measured has been written to a connection, and leaves with the end of the turn. */
  handleWritten(acceptance: Acceptance): void {
    const latest = this.#written.at(-1);
    if (latest === undefined) this.#rooms.awaitFlush(this);
    if (latest?.acceptance === acceptance) latest.times++;
    else this.#written.push({ acceptance, times: 1 });
  }

  flush(): void {
    const now = this.#rooms.now();
    for (const { acceptance, times } of this.#written) this.histogram.observe((now - acceptance.at) / 1000, times);
    this.#written = [];
  }

  #pickNext(): void {
    this.untilNext = this.#isOn ? 1 + Math.floor(this.#rooms.random() * (2 * SAMPLE_INTERVAL - 1)) : NEVER;
  }
}
