import { MarkQueue, type ServerConnection } from '@busbar/protocol';
import type { KeptWaiter } from '../store/store.ts';
import type { BrokerRooms } from './broker-rooms.ts';
import type { ClientOutput } from './client-output.ts';
import type { ClientPublications } from './client-publications.ts';

/** An answer to the client that promises what the store has not kept yet: CONNACK, SUBACK, UNSUBACK. */
interface KeptAnswer {
  readonly mark: number;
  readonly answer: () => void;
  /** Whether what it promises is kept already. */
  readonly isOld: boolean;
}

/**
 * What one client is promised and the store has not kept yet: answers to its requests, acknowledgements of what it published, steps
 * of its QoS 2 flows. All of them leave, in order, when their batch is kept.
 */
export class ClientKeeping implements KeptWaiter {
  readonly #rooms: BrokerRooms;
  readonly #connection: ServerConnection;
  readonly #publications: ClientPublications;
  readonly #output: ClientOutput;
  readonly #answers = new MarkQueue<KeptAnswer>();
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
    this.#answers.push({ mark, answer, isOld });
    this.await();
  }

  /** Something waits for the batch that collects now. */
  await(): void {
    if (this.#isAwaiting) return;
    this.#isAwaiting = true;
    this.#rooms.store.whenKept(this);
  }

  /** The store has begun to fail, and nobody knows for how long: answers are given that need not wait, as far as none does before them. */
  handleFailure(): void {
    if (this.#answers.first?.isOld !== true) return;
    while (this.#answers.first?.isOld === true) this.#answers.take(Number.POSITIVE_INFINITY)?.answer();
    this.#output.settle();
  }

  handleKept(): void {
    this.#isAwaiting = false;
    const { store, clock } = this.#rooms;
    const { keptMark } = store;
    this.#publications.handleKept(keptMark);
    for (let next = this.#answers.take(keptMark); next !== undefined; next = this.#answers.take(keptMark))
      next.answer();
    this.#connection.handleKept(keptMark, clock.now());
    if (this.#publications.isWaiting || !this.#answers.isEmpty || this.#connection.isHolding) this.await();
    this.#output.settle();
  }
}
