import type { ServerConnection } from '@busbar/protocol';
import type { BrokerRooms } from './broker-rooms.ts';
import type { Door } from './client-admission.ts';

/**
 * Works through what one packet of a client asks for, turn by turn: a SUBSCRIBE may have thousands of Topic Filters, and others
 * have their turn between them. What the client sends meanwhile waits, so that everything keeps its order.
 */
export class DividedWork {
  readonly #rooms: Pick<BrokerRooms, 'turn' | 'clock'>;
  readonly #connection: Pick<ServerConnection, 'holdInput' | 'isHeld' | 'isConnected'>;
  readonly #door: Pick<Door, 'resumeInput'>;

  constructor(
    rooms: Pick<BrokerRooms, 'turn' | 'clock'>,
    connection: Pick<ServerConnection, 'holdInput' | 'isHeld' | 'isConnected'>,
    door: Pick<Door, 'resumeInput'>,
  ) {
    this.#rooms = rooms;
    this.#connection = connection;
    this.#door = door;
  }

  /**
   * Lets the input go when all is done, whoever holds it. A connection that closes meanwhile ends the work where it is.
   *
   * @param work Called for each item, in order.
   * @param finish Called after the last one.
   */
  through<Item>(items: readonly Item[], work: (item: Item) => void, finish: () => void): void {
    const { turn, clock } = this.#rooms;
    let done = 0;
    const goOn = (): void => {
      if (!this.#connection.isConnected) return;
      while (done < items.length) {
        work(items[done++] as Item);
        // After the last one the answer is worth more than the pause: what was asked for begins to come.
        if (done === items.length || !turn.isOver) continue;
        this.#connection.holdInput();
        clock.endOfTurn(goOnLater);
        return;
      }
      finish();
      if (this.#connection.isHeld) this.#door.resumeInput();
    };
    const goOnLater = (): void => {
      turn.handleReading(clock.now());
      try {
        goOn();
      } catch (mistake) {
        this.#door.resumeInput(mistake);
      }
    };
    goOn();
  }
}
