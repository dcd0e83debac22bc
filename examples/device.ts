/**
 * A device as a plant wants it. Its state is retained, and its will corrects that state when the device is gone. Readings
 * wait while there is no connection. Set points that are sent meanwhile wait at the broker, in the device's session.
 *
 *     node examples/dist/device.js [url]      (default: mqtt://localhost:1883; Ctrl-C ends it)
 */
import { createClient } from '@busbar/client';

const STATE = 'plant/pump-7/state';
const PRESSURE = 'plant/pump-7/pressure';
const SPEED_SET = 'plant/pump-7/speed/set';

const client = createClient(process.argv[2] ?? 'mqtt://localhost:1883', {
  clientIdentifier: 'pump-7',
  // The broker keeps the session for an hour after a connection, and this client asks for it with every connection.
  cleanStart: false,
  sessionExpiryInterval: 3600,
  keepAlive: 10,
  will: { topicName: STATE, payload: 'lost', qos: 1, retain: true },
  // When a loss of the network lasts too long, the newest readings are the ones to keep.
  queue: { maximumMessages: 10_000, policy: 'drop-oldest' },
});

let speed = 40;
client.subscribe(SPEED_SET, { qos: 1 }, (message) => {
  speed = Number(message.text());
  console.log(`set point: ${speed} %`);
});

client.on('connected', ({ sessionPresent }) => {
  console.log(`connected, ${sessionPresent ? 'the session goes on' : 'with a new session'}`);
  // With every connection: the will may have said otherwise meanwhile.
  client.publish(STATE, 'running', { qos: 1, retain: true });
});
client.on('disconnected', ({ reason }) => console.log(`no connection: ${reason.message}`));
client.on('attempt-failed', ({ error }) => {
  console.log(`${error.message}; ${client.counters.queued} messages wait`);
});
client.start();

let count = 0;
const timer = setInterval(() => {
  const bar = Number((speed / 10 + Math.random() / 5).toFixed(2));
  // Nobody awaits it: the client sends it when it can, and counts what it cannot.
  client.publish(PRESSURE, JSON.stringify({ number: ++count, bar }), { qos: 1 });
}, 250);

process.once('SIGINT', async () => {
  clearInterval(timer);
  client.publish(STATE, 'stopped', { qos: 1, retain: true });
  await client.end();
  const { published, publishesFailed } = client.counters;
  console.log(`${published} messages published, ${publishesFailed} given up`);
});
