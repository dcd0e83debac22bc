/**
 * The smallest useful program: connect, subscribe with a callback, publish, receive.
 *
 *     node examples/dist/getting-started.js [url]      (default: mqtt://localhost:1883)
 */
import { connect } from '@busbar/client';

const client = await connect(process.argv[2] ?? 'mqtt://localhost:1883');

// There is no loop to start: the client works in the background until `end`.
const received = new Promise<void>((resolve) => {
  client.on('message', (message) => {
    console.log(`Received message: ${message.text()}`);
    resolve();
  });
});

// Subscribe first, and wait for the answer: a message published before that would find nobody.
await client.subscribe('topic');
await client.publish('topic', 'Hello, MQTT!');

await received;
await client.end();
