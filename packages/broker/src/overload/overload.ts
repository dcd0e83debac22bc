import type { BrokerLimits } from '../config/limits.ts';
import type { LimitWatch } from '../observe/limit-watch.ts';
import type { BrokerLog } from '../observe/log.ts';
import type { Memory } from './memory.ts';
import { type OverloadLevel, OverloadState } from './overload-state.ts';
import { type Applicant, WaitingRoom } from './waiting-room.ts';

/** A client that has said who it wants to be, and waits to be let in. */
export interface WaitingClient extends Applicant {
  /** For the log. */
  readonly remote: string;
  /** It is its turn. */
  admit(): void;
  /** It cannot come in now, and should come again after so many seconds. */
  refuse(retryAfterSeconds: number): void;
}

/** What {@link Overload} needs of the rooms around it. */
export interface OverloadRooms {
  readonly limits: BrokerLimits;
  readonly memory: Memory;
  readonly log: BrokerLog;
  readonly limitWatch: LimitWatch;
  /** The level has changed. @param reason In a line; undefined when the broker is not overloaded any more. */
  handleLevel(reason: string | undefined): void;
  /** Memory is used up, or there is enough again. */
  handleMemory(isOut: boolean): void;
}

/** What is seen of it from outside. */
export interface OverloadReading {
  readonly level: OverloadLevel;
  /** Milliseconds that the event loop is late, smoothed. */
  readonly lagMs: number;
  /** Bytes of heap and buffers. */
  readonly memoryBytes: number;
  readonly isOutOfMemory: boolean;
  /** Clients that wait to be let in. */
  readonly waitingClients: number;
}

/** {@link Overload.handleTick} is called so often. */
const TICKS_PER_SECOND = 10;
const TICKS_PER_MEMORY_READING = 5;
/** Of the clients that are let in while the broker is slowed, while it refuses. */
const WHILE_REFUSING = 0.1;
/** When it is not overloaded any more, those who still wait are let in faster and faster, until it is again. */
const FASTER = 1.25;
/** Milliseconds between two collections of garbage at least, and how many times as long as one has taken. */
const COLLECTION_PAUSE_MS = 10_000;
const COLLECTION_SHARE = 30;

/**
 * Keeps a broker that has too much to do in service for those who are in: new clients are slowed first, those with a session having
 * their turn before others; then they are refused and told when to come again. Nobody who is in is disconnected.
 *
 *     CONNECT --> none: at once
 *             \-> slowed: waits --its turn--> in
 *             |                \--too long--> refused
 *             \-> refusing: with a session as slowed, but slower; without one refused
 *
 * When it is over, those who still wait come in faster and faster.
 */
export class Overload {
  readonly #rooms: OverloadRooms;
  readonly #state = new OverloadState();
  readonly #waiting = new WaitingRoom<WaitingClient>();
  #level: OverloadLevel = 'none';
  #memoryBytes = 0;
  #memoryShare = 0;
  #wasOutOfMemory = false;
  #ticks = 0;
  #refused = 0;
  /** How many times the rate clients are let in at. */
  #pace = 1;
  #collectAt = Number.NEGATIVE_INFINITY;

  constructor(rooms: OverloadRooms) {
    this.#rooms = rooms;
  }

  /** What would take more memory is refused or lost. */
  get isOutOfMemory(): boolean {
    return this.#state.isOutOfMemory;
  }

  get isOverloaded(): boolean {
    return this.#level !== 'none';
  }

  read(): OverloadReading {
    const { lagMs, isOutOfMemory } = this.#state;
    const waitingClients = this.#waiting.size;
    return { level: this.#level, lagMs, memoryBytes: this.#memoryBytes, isOutOfMemory, waitingClients };
  }

  /** Lets a client in, now or when it is its turn, or refuses it. */
  handleArrival(client: WaitingClient, now: number): void {
    if (this.#level === 'none' && this.#waiting.size === 0) client.admit();
    else if (this.#level === 'refusing' && !client.isKnown) this.#refuse(client);
    else this.#waiting.enter(client, now);
  }

  /** A client that may wait is gone. */
  handleGone(client: WaitingClient): void {
    this.#waiting.leave(client);
  }

  /** Due every 100 ms. @param lagMs How late the event loop was this time. */
  handleTick(lagMs: number, now: number): void {
    if (this.#ticks++ % TICKS_PER_MEMORY_READING === 0) this.#readMemory(now);
    this.#state.handleSample({ lagMs, memoryShare: this.#memoryShare }, this.#rooms.limits.overloadLagMs, now);
    if (this.#state.isOutOfMemory !== this.#wasOutOfMemory) {
      this.#wasOutOfMemory = this.#state.isOutOfMemory;
      this.#rooms.handleMemory(this.#wasOutOfMemory);
    }
    if (this.#state.level !== this.#level) this.#change();
    this.#letIn(now);
  }

  #readMemory(now: number): void {
    const { memory, limits } = this.#rooms;
    let reading = memory.read(limits.memoryLimit);
    if (reading.share >= 1 && now >= this.#collectAt) {
      this.#collectAt = now + Math.max(COLLECTION_PAUSE_MS, COLLECTION_SHARE * memory.collect());
      reading = memory.read(limits.memoryLimit);
    }
    if (reading.share >= 1 && !this.#state.isOutOfMemory) {
      const bytes = { usedBytes: reading.usedBytes, memoryLimit: limits.memoryLimit };
      this.#rooms.limitWatch.handleReached('memoryLimit', bytes);
    }
    this.#memoryBytes = reading.usedBytes;
    this.#memoryShare = reading.share;
  }

  #change(): void {
    this.#level = this.#state.level;
    const { lagMs, isOutOfMemory } = this.#state;
    const fields = { overload: this.#level, lagMs: Math.round(lagMs), memoryBytes: this.#memoryBytes };
    if (this.#level === 'none') this.#rooms.log.info(fields, 'the broker is not overloaded any more');
    else this.#rooms.log.warn(fields, 'the broker is overloaded');
    const why = isOutOfMemory ? 'the memory is used up' : `the event loop is ${Math.round(lagMs)} ms late`;
    this.#rooms.handleLevel(this.#level === 'none' ? undefined : why);
    if (this.#level === 'refusing') for (const client of this.#waiting.takeUnknown()) this.#refuse(client);
  }

  #letIn(now: number): void {
    if (this.#waiting.size === 0) {
      this.#pace = 1;
      return;
    }
    const { overloadConnectRate, connectTimeoutMs } = this.#rooms.limits;
    this.#pace = this.#level === 'none' ? this.#pace * FASTER : this.#level === 'slowed' ? 1 : WHILE_REFUSING;
    const count = Math.ceil((overloadConnectRate * this.#pace) / TICKS_PER_SECOND);
    for (const client of this.#waiting.takeNext(count)) client.admit();
    for (const client of this.#waiting.takeSince(now - connectTimeoutMs)) this.#refuse(client);
  }

  #refuse(client: WaitingClient): void {
    this.#rooms.limitWatch.handleReached('overload', { remote: client.remote, overload: this.#level });
    client.refuse(this.retryAfterSeconds());
  }

  /** Seconds after which somebody who is refused now should come again: not all at the same time. */
  retryAfterSeconds(): number {
    const { retryAfterSeconds, overloadConnectRate } = this.#rooms.limits;
    const spread = this.#refused++ % (retryAfterSeconds + 1);
    return retryAfterSeconds + spread + Math.floor(this.#waiting.size / overloadConnectRate);
  }
}
