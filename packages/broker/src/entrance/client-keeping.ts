import type { ServerConnection } from '@busbar/protocol';
import type { KeptWaiter } from '../store/store.ts';
import type { BrokerRooms } from './broker-rooms.ts';
import type { ClientOutput } from './client-output.ts';
import type { ClientPublications } from './client-publications.ts';
import { KeptAnswers } from './kept-answers.ts';

/**
 * What one client is promised and the store has not kept yet: answers to its requests, acknowledgements of what it published, steps
 * of its QoS 2 flows. All of them leave, in order, when their batch is kept.
 */
export class ClientKeeping implements KeptWaiter {
  readonly #rooms: BrokerRooms;
  readonly #connection: ServerConnection;
  readonly #publications: ClientPublications;
  readonly #output: ClientOutput;
  readonly #answers = new KeptAnswers();
  #isAwaiting = false;

  constructor(
    rooms: BrokerRooms,
    connection: ServerConnection,
    publications: ClientPublications,
    output: ClientOutput,
  ) {
    this.#rooms = rooms;
    this.#connection = connection;
    this.#publications = publications;
    this.#output = output;
  }

  /**
   * Gives an answer when everything up to a mark is kept.
   *
   * @param isOld Whether it promises nothing that is not kept already: it does not wait for a store that fails.
   */
  push(mark: number, answer: () => void, isOld: boolean): void {
    this.#answers.push(mark, answer, isOld);
    this.await();
  }

  /** Something waits for the batch that collects now. */
  await(): void {
    if (this.#isAwaiting) return;
    this.#isAwaiting = true;
    this.#rooms.store.whenKept(this);
  }

  /** The store has begun to fail, and nobody knows for how long. */
  handleFailure(): void {
    if (this.#answers.giveOld()) this.#output.settle();
  }

  handleKept(): void {
    this.#isAwaiting = false;
    const { store, clock } = this.#rooms;
    const { keptMark } = store;
    this.#publications.handleKept(keptMark);
    this.#answers.give(keptMark);
    this.#connection.handleKept(keptMark, clock.now());
    if (this.#publications.isWaiting || !this.#answers.isEmpty || this.#connection.isHolding) this.await();
    this.#output.settle();
  }
}
