/** A receiving client writes a dot for every so many messages. */
export const DOT = 1_000;

/**
 * The two libraries behind one face, each used in its own quickest documented way: callbacks in MQTT.js, promises in ours.
 *
 * @typedef {{
 *   publish(topicName: string, payload: Uint8Array, qos: 0 | 1, done: (error?: Error) => void): void,
 *   subscribe(topicFilter: string, qos: 0 | 1, handle: (payload: Uint8Array) => void): Promise<void>,
 *   end(): Promise<void>,
 * }} Library
 *
 * @param {string} library @param {string} url @returns {Promise<Library>}
 */
export async function clientOf(library, url) {
  return library === 'busbar' ? ours(url) : mqttJs(url);
}

/** @returns {Promise<Library>} */
async function ours(url) {
  const { connect } = await import('@busbar/client');
  const client = await connect(url, { protocolVersion: 4, maximumInFlight: 100 });
  return {
    publish(topicName, payload, qos, done) {
      client.publish(topicName, payload, { qos }).then(() => done(), done);
    },
    async subscribe(topicFilter, qos, handle) {
      await client.subscribe(topicFilter, { qos }, (message) => handle(message.payload));
    },
    end: () => client.end(),
  };
}

/** @returns {Promise<Library>} */
async function mqttJs(url) {
  const { connectAsync } = await import('mqtt');
  const client = await connectAsync(url, { protocolVersion: 4 });
  return {
    publish(topicName, payload, qos, done) {
      client.publish(topicName, payload, { qos }, done);
    },
    async subscribe(topicFilter, qos, handle) {
      client.on('message', (_topicName, payload) => handle(payload));
      await client.subscribeAsync(topicFilter, { qos });
    },
    end: () => client.endAsync(),
  };
}
