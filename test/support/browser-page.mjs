/** Runs in a page: what the tests of a real browser call, made of the packages as a program's own build would have them. */
import { createClient, scramSha256 } from '@busbar/client';
import { IndexedDbStore } from '@busbar/client/indexeddb-store';

const clients = new Map();

/** What a page is asked for by name, with arguments that can cross. */
globalThis.busbar = {
  async connect(name, url, { store, scram, ...options } = {}) {
    const client = createClient(url, {
      reconnect: { initialDelayMs: 20, maximumDelayMs: 200 },
      ...options,
      ...(store && { store: new IndexedDbStore(store) }),
      ...(scram && { authentication: scramSha256(scram) }),
    });
    const seen = { events: [], messages: [] };
    for (const event of ['connected', 'disconnected', 'attempt-failed', 'closed']) {
      client.on(event, () => seen.events.push(event));
    }
    client.subscribe(
      'page/#',
      { qos: 1 },
      (message) => void seen.messages.push(`${message.topicName} ${message.text()}`),
    );
    client.start();
    clients.set(name, { client, seen });
  },
  async publish(name, topic, text, qos) {
    const { reasonCode } = await clients.get(name).client.publish(topic, text, { qos });
    return reasonCode;
  },
  /** Publishes without waiting for more than the store. */
  async leave(name, topic, text, qos) {
    const { client } = clients.get(name);
    client.publish(topic, text, { qos }).catch(() => {});
    await client.stored();
  },
  seen: (name) => clients.get(name).seen,
  counters: (name) => clients.get(name).client.counters,
  end: (name) => clients.get(name).client.end(),
};
