/**
 * A device that publishes numbered messages of QoS 1 and 2 by turns, and says which of them are stored. As `last` it publishes
 * nothing: it ends when everything that earlier runs have left is delivered.
 *
 *     node durable-device.mjs FILE URL NAME
 */
import { createClient } from '@busbar/client';
import { FileStore } from '@busbar/client/file-store';

const [, , file, url, name] = process.argv;
const client = createClient(url, {
  clientIdentifier: 'device',
  store: new FileStore(file, { compactAfterBytes: 20_000 }),
  reconnect: { initialDelayMs: 50 },
});
client.on('closed', ({ error }) => error && console.error(error));
client.start();

if (name === 'last') {
  await new Promise((resolve) => client.on('connected', resolve));
  await client.end({ timeoutMs: 30_000 });
} else {
  for (let number = 0; ; number++) {
    const qos = 1 + (number % 2);
    const text = `${qos}-${name}-${number}-${'x'.repeat(number % 300)}`;
    client.publish('device/reading', text, { qos }).catch(() => {});
    await client.stored();
    console.log(`stored ${text}`);
  }
}
