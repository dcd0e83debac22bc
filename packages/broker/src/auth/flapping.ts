import { BoundedTable } from './bounded-table.ts';

/** When a client that comes and goes too often is kept out for a while. */
export interface FlappingOptions {
  /** Connections that end without a DISCONNECT within the window before the client is kept out. Default: 0, nobody is. */
  readonly maximumEnds?: number | undefined;
  /** Seconds. Default: 60. */
  readonly windowSeconds?: number | undefined;
  /** Seconds that it is kept out. Default: 300. */
  readonly banSeconds?: number | undefined;
}

interface Ends {
  readonly count: number;
  readonly since: number;
  readonly bannedUntil: number;
}

/** Clients that are remembered at the most. */
const TABLE_SIZE = 20_000;

/**
 * Keeps out clients that flap: two with one Client Identifier, each of which throws the other out, or one that crashes as soon
 * as it is in. They are known by Client Identifier and address, so that nobody can have somebody else banned.
 */
export class Flapping {
  readonly #maximumEnds: number;
  readonly #windowMs: number;
  readonly #banMs: number;
  readonly #table = new BoundedTable<Ends>(TABLE_SIZE);

  constructor({ maximumEnds = 0, windowSeconds = 60, banSeconds = 300 }: FlappingOptions = {}) {
    this.#maximumEnds = maximumEnds;
    this.#windowMs = windowSeconds * 1000;
    this.#banMs = banSeconds * 1000;
  }

  /** Milliseconds that the client is still kept out; 0 when it is not. */
  bannedMs(clientIdentifier: string, address: string, now: number): number {
    if (this.#maximumEnds === 0) return 0;
    return Math.max(0, (this.#table.get(keyOf(clientIdentifier, address))?.bannedUntil ?? now) - now);
  }

  /** A connection has ended without a DISCONNECT. */
  handleEnd(clientIdentifier: string, address: string, now: number): void {
    if (this.#maximumEnds === 0) return;
    const key = keyOf(clientIdentifier, address);
    const before = this.#table.get(key);
    const isOld = before === undefined || now - before.since > this.#windowMs;
    const count = isOld ? 1 : before.count + 1;
    const bannedUntil = count >= this.#maximumEnds ? now + this.#banMs : 0;
    this.#table.set(key, { count: bannedUntil > 0 ? 0 : count, since: isOld ? now : before.since, bannedUntil });
  }
}

/** A Client Identifier cannot hold U+0000, so no two pairs have one key. */
function keyOf(clientIdentifier: string, address: string): string {
  return `${address}\u0000${clientIdentifier}`;
}
