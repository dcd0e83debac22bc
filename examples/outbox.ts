/**
 * A meter that loses no count: what it publishes is in a file before it counts as published, and is delivered once, whatever
 * happens in between - no network, kill -9, a power cut. Start it without a broker, kill it, start it again with one.
 *
 *     node examples/dist/outbox.js [file [url]]      (default: ./outbox mqtt://localhost:1883; Ctrl-C ends it)
 */
import { createClient, json, topic } from '@busbar/client';
import { FileStore } from '@busbar/client/file-store';

/** What a count is: shared with whoever subscribes. */
interface Count {
  readonly run: string;
  readonly number: number;
}
const counted = topic('plant/{meter}/count', json<Count, Count>(schemaOf(isCount)), { qos: 2 });

const [file = './outbox', url = 'mqtt://localhost:1883'] = process.argv.slice(2);
const client = createClient(url, { clientIdentifier: 'meter-3', store: new FileStore(file) });
client.on('connected', () => console.log(`connected, ${client.counters.queued + client.counters.inFlight} to deliver`));
client.on('disconnected', ({ reason }) => console.log(reason.message));
client.on('publish-failed', ({ topicName, error }) => console.error(`${topicName}: ${error}`));
client.on('closed', ({ error }) => {
  if (error !== undefined) console.error(error.message);
});
client.start();

const run = new Date().toISOString();
let number = 0;
const timer = setInterval(async () => {
  const count = { run, number: ++number };
  // Nobody waits for the delivery, which may be much later; only for the file.
  counted.publish(client, { meter: 'meter-3' }, count).catch((error: Error) => console.error(error.message));
  await client.stored();
  console.log(`stored ${count.number}`);
}, 100);

process.once('SIGINT', async () => {
  clearInterval(timer);
  await client.end();
  console.log(`ended, ${number} counted in this run`);
});

function isCount(value: unknown): value is Count {
  return typeof value === 'object' && value !== null && 'run' in value && 'number' in value;
}

/** Any validator that keeps Standard Schema does; this is the smallest. */
function schemaOf<Value>(isValue: (value: unknown) => value is Value) {
  const validate = (value: unknown) =>
    isValue(value) ? { value } : { issues: [{ message: 'expected a run and a number' }] };
  return { '~standard': { version: 1, vendor: 'example', validate } } as const;
}
