import { connect } from '@busbar/client';

const NAMES = 60;
const TOPICS = 400;
/** Payload sizes: mostly small, now and then large. */
const SIZES = [8, 40, 64, 120, 400, 1_500, 20_000, 200_000];

/** What clients of a plant do, at random but the same for the same seed. */
export class Churn {
  /** Everybody who may have a session. */
  static identifiers = Array.from({ length: NAMES }, (_, n) => `soak-${n}`);

  /** Operations done. */
  done = 0;
  #url;
  #state;
  /** @type {Map<string, import('@busbar/client').Client>} */
  #clients = new Map();

  /** @param {string} url @param {number} seed */
  constructor(url, seed) {
    this.#url = url;
    this.#state = seed | 0 || 1;
  }

  /** Goes on until a moment of `performance.now()`, then lets everybody leave. */
  async run(until) {
    const workers = Array.from({ length: 8 }, async () => {
      while (performance.now() < until) {
        await this.#act();
        this.done++;
      }
    });
    await Promise.all(workers);
    await Promise.all([...this.#clients.values()].map((client) => client.end().catch(() => {})));
    this.#clients.clear();
  }

  async #act() {
    const name = /** @type {string} */ (Churn.identifiers[this.#below(NAMES)]);
    const client = this.#clients.get(name);
    try {
      if (client === undefined) await this.#come(name);
      else await this.#do(client, name);
    } catch {
      // Taken over, cut off, or refused: that is part of it.
      this.#clients.delete(name);
    }
  }

  async #come(name) {
    const client = await connect(this.#url, {
      clientIdentifier: name,
      protocolVersion: this.#below(4) === 0 ? 4 : 5,
      cleanStart: this.#below(3) === 0,
      sessionExpiryInterval: [0, 2, 60, 3_600][this.#below(4)] ?? 0,
      reconnect: false,
      ...(this.#below(3) === 0
        ? { will: { topicName: `soak/will/${name}`, payload: 'gone', qos: 1, retain: this.#below(2) === 0 } }
        : {}),
    });
    client.on('message', () => {});
    this.#clients.set(name, client);
  }

  /** @param {import('@busbar/client').Client} client @param {string} name */
  async #do(client, name) {
    const choice = this.#below(20);
    const topicName = `soak/${this.#below(20)}/${this.#below(TOPICS / 20)}`;
    if (choice < 12) {
      const qos = /** @type {0 | 1 | 2} */ (this.#below(3));
      const size = SIZES[Math.min(this.#below(SIZES.length), this.#below(SIZES.length))] ?? 8;
      const isRemoval = this.#below(8) === 0;
      const payload = isRemoval ? '' : new Uint8Array(size);
      await client.publish(topicName, payload, { qos, retain: isRemoval || this.#below(4) === 0 });
    } else if (choice < 15) {
      const filter = [
        topicName,
        `soak/${this.#below(20)}/#`,
        `soak/+/${this.#below(20)}`,
        `$share/g/soak/${this.#below(20)}/#`,
      ];
      client.subscribe(
        filter[this.#below(4)] ?? topicName,
        { qos: /** @type {0 | 1 | 2} */ (this.#below(3)) },
        () => {},
      );
    } else if (choice < 16) await client.unsubscribe([topicName, `soak/${this.#below(20)}/#`]);
    else if (choice < 18) {
      this.#clients.delete(name);
      await client.end();
    } else if (choice < 19) {
      // Another one with its name: it is taken over.
      this.#clients.delete(name);
      await this.#come(name);
    }
  }

  /** A pseudo-random number (xorshift32). @param {number} bound */
  #below(bound) {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % bound;
  }
}
