import assert from 'node:assert/strict';
import { type Broker, type BrokerOptions, type BrokerStats, createBroker } from '@busbar/broker';

const HOST = '127.0.0.1';
const PATIENCE_MS = 15_000;
const POLL_MS = 2;

/** The real broker on a free port, for clients that others have written. */
export class InteropBroker {
  readonly broker: Broker;
  readonly host = HOST;
  readonly port: number;

  private constructor(broker: Broker) {
    this.broker = broker;
    this.port = broker.listeners[0]?.port ?? assert.fail('the broker listens');
  }

  static async start(options: BrokerOptions = {}): Promise<InteropBroker> {
    const defaults = { listeners: [{ host: HOST, port: 0 }], systemTopicsInterval: 0 };
    return new InteropBroker(await createBroker({ ...defaults, ...options }));
  }

  stop(): Promise<void> {
    return this.broker.stop();
  }

  /** Resolves when the broker's numbers say so: the only thing that tells of a foreign client how far it is. */
  async until(condition: (stats: BrokerStats) => boolean): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!condition(this.broker.stats())) {
      assert.ok(performance.now() < deadline, `the broker does not get there: ${JSON.stringify(this.broker.stats())}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
