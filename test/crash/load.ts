import { setTimeout as wait } from 'node:timers/promises';
import { type Client, createClient } from '@busbar/client';
import mqtt, { type MqttClient } from 'mqtt';
import { PublisherLedger } from './publisher-ledger.ts';

const SESSION_SECONDS = 86_400;
const RECONNECT_MS = 40;
/** Messages of one publisher that are not acknowledged. */
const WINDOW = 12;

/** A client that stays, whatever becomes of the broker: what both libraries have in common. */
export interface LoadClient {
  readonly name: string;
  /** Connections whose session the broker did not know, though it should have. */
  readonly lostSessions: number;
  /** Resolves when it is acknowledged, over as many connections as that takes: true; false when the library gives it up. */
  publish(topicName: string, payload: string, qos: 1 | 2, retain: boolean): Promise<boolean>;
  subscribe(topicFilter: string, handler: (topicName: string, payload: string) => void): Promise<void>;
  end(): Promise<void>;
}

/** Ours. */
export async function busbarClient(url: string, name: string): Promise<LoadClient> {
  let connections = 0;
  let lostSessions = 0;
  const client: Client = createClient(url, {
    clientIdentifier: name,
    sessionExpiryInterval: SESSION_SECONDS,
    reconnect: { initialDelayMs: RECONNECT_MS, maximumDelayMs: 2 * RECONNECT_MS },
  });
  client.on('connected', ({ sessionPresent }) => {
    if (connections++ > 0 && !sessionPresent) lostSessions++;
  });
  client.start();
  return {
    name,
    get lostSessions() {
      return lostSessions;
    },
    async publish(topicName, payload, qos, retain) {
      await client.publish(topicName, payload, { qos, retain });
      return true;
    },
    async subscribe(topicFilter, handler) {
      await client.subscribe(topicFilter, { qos: 2 }, (message) => handler(message.topicName, message.text()));
    },
    end: () => client.end(),
  };
}

/** MQTT.js. */
export async function mqttJsClient(url: string, clientId: string): Promise<LoadClient> {
  const client: MqttClient = await mqtt.connectAsync(url, {
    clientId,
    clean: false,
    protocolVersion: 5,
    properties: { sessionExpiryInterval: SESSION_SECONDS },
    reconnectPeriod: RECONNECT_MS,
    resubscribe: false,
  });
  let lostSessions = 0;
  client.on('connect', ({ sessionPresent }) => {
    if (!sessionPresent) lostSessions++;
  });
  client.on('error', () => {}); // the broker is away
  return {
    name: clientId,
    get lostSessions() {
      return lostSessions;
    },
    async publish(topicName, payload, qos, retain) {
      // What waits while it sends earlier messages again, it gives up when the connection breaks once more.
      return client.publishAsync(topicName, payload, { qos, retain }).then(
        () => true,
        () => false,
      );
    },
    async subscribe(topicFilter, handler) {
      client.on('message', (topicName, payload) => handler(topicName, payload.toString()));
      await client.subscribeAsync(topicFilter, { qos: 2 });
    },
    end: () => client.endAsync(true),
  };
}

/** Publishes numbered messages, a window of them at a time, until it is stopped. */
export class Publisher {
  readonly ledger: PublisherLedger;
  readonly #client: LoadClient;
  readonly #pauseMs: number;
  #isStopped = false;
  readonly #lanes: Promise<void>[];

  /** @param pauseMs After each acknowledgement. */
  constructor(client: LoadClient, topicRoot: string, qos: 1 | 2, pauseMs = 0) {
    this.#client = client;
    this.#pauseMs = pauseMs;
    this.ledger = new PublisherLedger(client.name, qos, `${topicRoot}/${client.name}/${qos}`);
    this.#lanes = Array.from({ length: pauseMs > 0 ? 1 : WINDOW }, () => this.#publishOn());
  }

  /** Resolves when everything it has sent is acknowledged. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#lanes);
  }

  async #publishOn(): Promise<void> {
    const { topicName, qos, acknowledged } = this.ledger;
    while (!this.#isStopped) {
      const number = ++this.ledger.sent;
      if (await this.#client.publish(topicName, String(number), qos, false)) acknowledged.add(number);
      if (this.#pauseMs > 0) await wait(this.#pauseMs);
    }
  }
}

/** Overwrites retained topics with ever higher numbers. */
export class RetainedWriter {
  /** By topic: the highest number that was acknowledged. */
  readonly acknowledged = new Map<string, number>();
  readonly #client: LoadClient;
  readonly #topics: readonly string[];
  #isStopped = false;
  readonly #running: Promise<void>;

  constructor(client: LoadClient, root: string, count: number) {
    this.#client = client;
    this.#topics = Array.from({ length: count }, (_, index) => `${root}/${index}`);
    this.#running = this.#writeOn();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #writeOn(): Promise<void> {
    for (let number = 1; !this.#isStopped; number++) {
      await Promise.all(
        this.#topics.map(async (topicName, index) => {
          const isKept = await this.#client.publish(topicName, String(number), index % 2 === 0 ? 1 : 2, true);
          if (isKept) this.acknowledged.set(topicName, number);
        }),
      );
    }
  }
}
