/**
 * A broker inside a program of your own: the program decides who may connect, takes part in the traffic without a socket,
 * and reads the broker's numbers at the end.
 *
 *     node examples/dist/embedded-broker.js [port]      (default: 1883; 0 takes a free one; Ctrl-C ends it)
 */
import { type Broker, type ByteTransport, type Credentials, createBroker, ReasonCode } from '@busbar/broker';
import { connect } from '@busbar/client';
import { createMemoryPair } from '@busbar/transport';

/** Who may connect. A real program asks its own user administration, and keeps hashes instead of passwords. */
const PASSWORDS: ReadonlyMap<string, string> = new Map([
  ['filler', 'bottle'],
  ['capper', 'cork'],
]);

function authenticate({ userName = '', password, address }: Credentials): ReasonCode {
  if (address === 'memory') return ReasonCode.success; // this program itself
  const expected = PASSWORDS.get(userName);
  const isRight = expected !== undefined && password !== undefined && Buffer.from(expected).equals(password);
  return isRight ? ReasonCode.success : ReasonCode.badUserNameOrPassword;
}

/** A connection within this process: no port, no socket. */
function openConnection(broker: Broker): ByteTransport {
  const [clientSide, brokerSide] = createMemoryPair();
  broker.accept(brokerSide);
  return clientSide;
}

const [port = '1883'] = process.argv.slice(2);
const broker = await createBroker({
  listeners: [{ host: 'localhost', port: Number(port) }],
  authenticate,
  limits: { maximumQueuedMessages: 1_000 },
});
const client = await connect('mqtt://memory', {
  clientIdentifier: 'supervisor',
  dial: async () => openConnection(broker),
});
await client.subscribe('plant/#', { qos: 1 }, (message) => console.log(`${message.topicName} ${message.text()}`));
console.log(`listening on mqtt://localhost:${broker.listeners[0]?.port}`);

await new Promise((resolve) => process.once('SIGINT', resolve));
await client.end();
await broker.stop();
const { messagesReceived, messagesDelivered, dropped } = broker.stats();
console.log(`${messagesReceived} messages received, ${messagesDelivered} delivered, lost: ${JSON.stringify(dropped)}`);
