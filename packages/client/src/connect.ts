import { Client } from './client.ts';
import type { ClientOptions, ConnectOptions, ServerUrls } from './client-options.ts';

/**
 * Connects to a server and gives a client that keeps the connection from then on.
 *
 * @param urls `mqtt://[user[:password]@]host[:port]`, likewise `mqtts:`, `ws:`, `wss:` and `unix:`; several are tried in order.
 * @throws {UsageError} A URL or an option that cannot be.
 * @throws {TransportError} No server can be reached: nobody listens there, no answer in time.
 * @throws {ConnectionRefusedError} The server refused it, with its Reason Code.
 * @example const client = await connect('mqtt://localhost:1883', { clientIdentifier: 'pump-7' });
 */
export function connect(urls: ServerUrls, options: ConnectOptions = {}): Promise<Client> {
  return Client.connect(urls, options);
}

/**
 * Makes a client that connects when it is started, and tries for ever: subscribe and listen first, nothing is missed.
 *
 * @param urls As for {@link connect}.
 * @throws {UsageError} A URL or an option that cannot be.
 * @example
 * const client = createClient(['mqtt://broker-1', 'mqtt://broker-2']);
 * client.subscribe('plant/#', (message) => console.log(message.topicName));
 * client.start();
 */
export function createClient(urls: ServerUrls, options: ClientOptions = {}): Client {
  return new Client(urls, options);
}
