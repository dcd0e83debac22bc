import type { BrokerOptions } from '@busbar/broker';
import { VirtualClock } from '@busbar/testkit';
import { VirtualBroker } from '../../broker/test/virtual-broker.ts';
import { LmdbStore } from '../src/lmdb-store.ts';
import { MemoryDisk } from './memory-disk.ts';

/** Brokers in virtual time, one after the other, on a disk that outlives them; what is written is synced within the turn. */
export class BrokerOnDisk {
  readonly clock = new VirtualClock();
  disk = new MemoryDisk();
  broker!: VirtualBroker;
  /** What the wall clock says, ahead of the broker's. */
  wallAhead = 0;
  readonly #options: BrokerOptions;

  private constructor(options: BrokerOptions) {
    this.#options = options;
  }

  static async start(options: BrokerOptions = {}): Promise<BrokerOnDisk> {
    const self = new BrokerOnDisk(options);
    await self.#start();
    return self;
  }

  /** The process ends without a word; the next one starts after so many milliseconds. */
  async crash(downMs = 0): Promise<void> {
    this.disk = this.disk.crash(false);
    // The clock of the new process has an origin of its own.
    this.clock.leap(downMs);
    await this.#start();
  }

  /** The broker stops in order, and another one starts. */
  async restart(): Promise<void> {
    await this.broker.stop();
    await this.#start();
  }

  async #start(): Promise<void> {
    const { clock, disk } = this;
    disk.onWrite = () => clock.task(() => disk.complete());
    const wallClock = () => 1_700_000_000_000 + clock.now() + this.wallAhead;
    const store = new LmdbStore(disk, { schedule: clock.schedule, wallClock });
    this.broker = await VirtualBroker.start({ ...this.#options, store }, clock);
  }
}
