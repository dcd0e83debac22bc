import type { PacketType } from '@busbar/codec';
import type { BrokerOptions } from '../src/index.ts';
import { SlowStore } from './slow-store.ts';
import { VirtualBroker, type VirtualClient, type VirtualConnect } from './virtual-broker.ts';

/** A broker whose store keeps what it was told when somebody says so, and a client that watches all topics. */
export class SlowBroker {
  readonly store: SlowStore;
  readonly broker: VirtualBroker;
  readonly watcher: VirtualClient;

  private constructor(store: SlowStore, broker: VirtualBroker) {
    this.store = store;
    this.broker = broker;
    this.watcher = broker.connect('watcher');
    this.watcher.subscribe('#', { qos: 0 });
  }

  static async start(options: BrokerOptions = {}): Promise<SlowBroker> {
    const store = new SlowStore();
    return new SlowBroker(store, await VirtualBroker.start({ store, ...options }));
  }

  sync(): void {
    this.store.sync();
    this.broker.run();
  }

  /** Connects a client whose session stays, however long the store takes for it. */
  connectLasting(name: string, connect: VirtualConnect = {}): VirtualClient {
    return this.#atOnce(() => this.broker.connectLasting(name, connect));
  }

  /** A lasting subscriber, away or not, so that a message has to be kept. */
  keeper(topicFilter = '#'): VirtualClient {
    const client = this.connectLasting('keeper');
    this.#atOnce(() => client.subscribe(topicFilter, { qos: 2 }));
    return client;
  }

  #atOnce<T>(action: () => T): T {
    this.store.onWanted = () => this.broker.clock.endOfTurn(() => this.store.sync());
    const result = action();
    this.store.onWanted = () => {};
    return result;
  }
}

/** What a client was sent: types and Packet Identifiers. */
export function seen(client: VirtualClient): [PacketType, number | false | undefined][] {
  return client.takeAll().map((packet) => [packet.type, 'packetId' in packet && packet.packetId]);
}
