/** Somebody who wants to come in. */
export interface Applicant {
  /** Whether there is a session that waits for it. */
  readonly isKnown: boolean;
}

/**
 * Where clients wait that connect to a broker that has too much to do: those whose session waits for them have their turn before
 * others, and each group in the order they came. Reads no clock.
 */
export class WaitingRoom<Client extends Applicant> {
  /** By client, since when it waits. */
  readonly #known = new Map<Client, number>();
  readonly #unknown = new Map<Client, number>();

  get size(): number {
    return this.#known.size + this.#unknown.size;
  }

  enter(client: Client, now: number): void {
    this.#groupOf(client).set(client, now);
  }

  /** It does not wait any more. */
  leave(client: Client): void {
    this.#groupOf(client).delete(client);
  }

  /** So many clients whose turn it is, at the most; they have left. */
  takeNext(count: number): Client[] {
    const known = takeFirst(this.#known, count);
    return [...known, ...takeFirst(this.#unknown, count - known.length)];
  }

  /** Clients without a session; they have left. */
  takeUnknown(): Client[] {
    return takeFirst(this.#unknown, Number.POSITIVE_INFINITY);
  }

  /** Clients that have waited since then, or for longer; they have left. */
  takeSince(then: number): Client[] {
    return [this.#known, this.#unknown].flatMap((group) => {
      let count = 0;
      for (const since of group.values()) {
        if (since > then) break;
        count++;
      }
      return takeFirst(group, count);
    });
  }

  #groupOf({ isKnown }: Client): Map<Client, number> {
    return isKnown ? this.#known : this.#unknown;
  }
}

function takeFirst<Client>(group: Map<Client, number>, count: number): Client[] {
  const taken: Client[] = [];
  for (const client of group.keys()) {
    if (taken.length >= count) break;
    taken.push(client);
  }
  for (const client of taken) group.delete(client);
  return taken;
}
