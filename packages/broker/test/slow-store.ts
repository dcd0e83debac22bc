import type { Delivery } from '@busbar/protocol';
import {
  type FlowJournal,
  type KeptWaiter,
  MemoryQueue,
  MemoryStore,
  type SessionRecord,
  type StoredState,
  type StoreStart,
} from '../src/index.ts';

/** A queue whose store is told of what enters and leaves. */
class ToldQueue extends MemoryQueue {
  readonly #tell: () => void;

  constructor(tell: () => void) {
    super();
    this.#tell = tell;
  }

  override push(delivery: Delivery): void {
    super.push(delivery);
    this.#tell();
  }

  override drop(): Delivery | undefined {
    this.#tell();
    return super.drop();
  }

  override send(): Delivery | undefined {
    return this.drop();
  }
}

/** A store on the heap that keeps what it was told when somebody says so: batches as a durable store has them. */
export class SlowStore extends MemoryStore {
  override changes = 0;
  override mark = 1;
  override keptMark = 0;
  override failure: string | undefined = undefined;
  /** What the journals were told, in order. */
  readonly told: [keyof FlowJournal, number][] = [];
  /** Somebody waits for the batch that collects. */
  onWanted: () => void = () => {};
  #waiters: KeptWaiter[] = [];
  #start: StoreStart | undefined = undefined;

  override load(start?: StoreStart): StoredState {
    this.#start = start;
    return super.load();
  }

  /** Tells the broker what has become of {@link failure}. */
  tellFailure(): void {
    this.#start?.handleFailure(this.failure);
  }

  /** Keeps the batch that collects. */
  sync(): void {
    this.keptMark = this.mark++;
    for (const waiter of this.#waiters.splice(0)) waiter.handleKept();
  }

  override whenKept(waiter?: KeptWaiter): void {
    if (waiter === undefined) return;
    this.#waiters.push(waiter);
    this.onWanted();
  }

  override createSession(clientIdentifier: string, isLasting: boolean): SessionRecord {
    const record = super.createSession(clientIdentifier, isLasting);
    if (!isLasting) return record;
    this.#tell();
    return Object.assign(record, { queue: new ToldQueue(() => this.#tell()), journal: this.#journal() });
  }

  override updateSession(): void {
    this.#tell();
  }

  override removeSession(record: SessionRecord): void {
    super.removeSession(record);
    if (record.isLasting) this.#tell();
  }

  override setSubscription(): void {
    this.#tell();
  }

  override removeSubscription(): void {
    this.#tell();
  }

  override setRetained(...told: Parameters<MemoryStore['setRetained']>): void {
    super.setRetained(...told);
    this.#tell();
  }

  #tell(): void {
    this.changes++;
  }

  #journal(): FlowJournal {
    const tell = (what: keyof FlowJournal) => (packetId: number) => {
      this.told.push([what, packetId]);
      this.#tell();
    };
    const [sent, received, finished] = [tell('sent'), tell('received'), tell('finished')];
    return { sent, received, finished, accepted: tell('accepted'), released: tell('released') };
  }
}
