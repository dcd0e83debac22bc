import { randomBytes } from 'node:crypto';
import { exchange } from '../peer/exchange.ts';
import { type Endpoint, RawClient } from '../peer/raw-client.ts';
import { RawWebSocket, type WebSocketEndpoint } from '../peer/raw-web-socket.ts';
import { hex } from '../wire/bytes.ts';
import { type ConnectFields, connect, type SubscriptionFields, type Version } from '../wire/packet-writer.ts';
import { expectEqual, NotTestable, Violation } from './violation.ts';

/** What a client connects with; `version` where it is not the scenario's. */
type Connecting = Partial<Omit<ConnectFields, 'clientId'>> & { readonly clientId?: string };

/** CONNACK that refuses the version, in the form of 3.1.1 and of 5.0. */
export const RETURN_CODE_1 = [0x20, 2, 0, 1];
const REASON_CODE_84 = [0x20, 3, 0, 0x84, 0];

/** Where a scenario is played. */
export interface Stage {
  readonly endpoint: Endpoint;
  readonly webSocket: WebSocketEndpoint | undefined;
  /** Versions that the broker speaks. */
  readonly spoken: ReadonlySet<Version>;
}

let scenes = 0;

/**
 * What a scenario works with: connections to the broker under test, and names that no other scenario uses, so that all
 * may run at a time on one broker.
 */
export class Scene {
  readonly version: Version;
  /** Versions that the broker speaks. */
  readonly spoken: ReadonlySet<Version>;
  readonly #endpoint: Endpoint;
  readonly #webSocket: WebSocketEndpoint | undefined;
  readonly #clients: { destroy(): void }[] = [];
  readonly #name = `${randomBytes(4).toString('hex')}${(scenes++).toString(36)}`;
  #clientIds = 0;

  constructor({ endpoint, webSocket, spoken }: Stage, version: Version) {
    this.#endpoint = endpoint;
    this.#webSocket = webSocket;
    this.spoken = spoken;
    this.version = version;
  }

  /** A topic of this scenario's own. */
  topic(name = 't'): string {
    return `cf/${this.#name}/${name}`;
  }

  /** A Client Identifier of this scenario's own: letters and digits, at most 23. */
  newClientId(): string {
    return `cf${this.#name}${(this.#clientIds++).toString(36)}`;
  }

  /** A Network Connection on which nothing was sent. */
  async open(version: Version = this.version): Promise<RawClient> {
    const client = await RawClient.open(this.#endpoint, version);
    this.#clients.push(client);
    return client;
  }

  /** A WebSocket to the broker. @throws {NotTestable} The broker is not known to speak WebSocket. */
  async openWebSocket(subprotocols = 'mqtt'): Promise<RawWebSocket> {
    if (this.#webSocket === undefined)
      throw new NotTestable('the broker has no WebSocket listener that the suite was told of');
    const webSocket = await RawWebSocket.open(this.#webSocket, subprotocols);
    this.#clients.push(webSocket);
    return webSocket;
  }

  /**
   * Sends a CONNECT of a version or protocol that is not known. The server closes the connection; before that it may refuse
   * it in the form of any version that it knows, or must in the one that is given.
   */
  async expectUnknownProtocol(fields: Omit<ConnectFields, 'version' | 'clientId'>, must?: readonly number[]) {
    const bytes = connect({ version: this.version, clientId: this.newClientId(), ...fields });
    const answer = await exchange(this.#endpoint, bytes);
    const allowed = must === undefined ? [[], RETURN_CODE_1, REASON_CODE_84] : [must];
    if (allowed.some((each) => hex(Uint8Array.from(each)) === hex(answer))) return;
    const came = answer.length === 0 ? 'the end of the connection' : hex(answer);
    throw new Violation(must === undefined ? 'a refusal of the version' : hex(Uint8Array.from(must)), came);
  }

  /** Sends CONNECT and waits for whatever CONNACK. */
  async tryConnect(fields: Connecting = {}): Promise<RawClient> {
    const { version = this.version, ...rest } = fields;
    const client = await this.open(version);
    client.sendConnect({ clientId: this.newClientId(), ...rest });
    client.connack = await client.expect('CONNACK');
    return client;
  }

  /** A connected client. Default: a new Client Identifier, Clean Start, Keep Alive of a minute. */
  async connect(fields: Connecting = {}): Promise<RawClient> {
    const client = await this.tryConnect(fields);
    expectEqual('CONNACK with', client.connack?.reasonCode, 0);
    return client;
  }

  /** A client whose session outlives its connection by minutes; it resumes the session if there is one. */
  persistent(clientId: string, fields: Connecting = {}): Promise<RawClient> {
    const { properties = {}, ...rest } = fields;
    if (properties instanceof Uint8Array) throw new TypeError('a persistent client takes its properties by name');
    const lasting = { sessionExpiryInterval: 600, ...properties };
    return this.connect({
      clientId,
      cleanStart: false,
      ...(this.version === 5 ? { properties: lasting } : {}),
      ...rest,
    });
  }

  /** A connected client with a subscription. */
  async subscriber(filter: string, subscription: Omit<SubscriptionFields, 'filter'> = {}, fields: Connecting = {}) {
    const client = await this.connect(fields);
    await client.mustSubscribe(filter, subscription);
    return client;
  }

  /** What a 5.0 server announced in CONNACK; 3.1.1 and 3.1 announce nothing. */
  announced(client: RawClient) {
    return client.connack?.properties ?? {};
  }

  /** Lets real time pass. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** @throws {NotTestable} Always. */
  notTestable(reason: string): never {
    throw new NotTestable(reason);
  }

  /** @throws {Violation} Always. */
  violation(expected: string, came: string): never {
    throw new Violation(expected, came);
  }

  /** Closes every connection. */
  end(): void {
    for (const client of this.#clients) client.destroy();
  }
}
