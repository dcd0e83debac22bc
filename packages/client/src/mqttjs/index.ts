/**
 * `@busbar/client/mqttjs`: the API of MQTT.js over this client, for programs that were written for it.
 *
 * What is different is on the page "Come from MQTT.js"; the main of it: reconnection waits with jitter, and the server's
 * Receive Maximum is respected.
 */
import type { ConnackProperties, PublishProperties, QoS, SubscribeProperties } from '@busbar/codec';
import type { Client } from '../client.ts';
import { createClient } from '../connect.ts';
import { ConnectionRefusedError } from '../errors.ts';
import type { Message } from '../message.ts';
import type { Subscription } from '../subscribe/subscription.ts';
import { Listeners } from './listeners.ts';
import { clientOptionsOf, type MqttJsOptions, type MqttJsPublishOptions, serversOf } from './options.ts';

export type { MqttJsOptions, MqttJsPublishOptions } from './options.ts';

/** What MQTT.js gives as the third argument of `message`. */
export interface MqttJsPacket {
  readonly cmd: 'publish';
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  readonly properties?: Readonly<PublishProperties>;
}

/** How MQTT.js subscribes. */
export interface MqttJsSubscribeOptions {
  readonly qos?: QoS;
  readonly nl?: boolean;
  readonly rap?: boolean;
  readonly rh?: 0 | 1 | 2;
  readonly properties?: SubscribeProperties;
}

/** What was granted: the QoS, or 128 where the server refused. */
export interface MqttJsGrant {
  readonly topic: string;
  readonly qos: QoS | 128;
}

/** The events of an {@link MqttClient}, with what their listeners get. */
export interface MqttJsEvents {
  connect: [connack: MqttJsConnack];
  message: [topic: string, payload: Uint8Array, packet: MqttJsPacket];
  reconnect: [];
  close: [];
  offline: [];
  disconnect: [packet: { readonly cmd: 'disconnect'; readonly reasonCode: number }];
  error: [error: Error & { readonly code?: number | string }];
  end: [];
}

/** What `connect` is told. */
export interface MqttJsConnack {
  readonly cmd: 'connack';
  readonly sessionPresent: boolean;
  readonly returnCode: 0;
  readonly reasonCode: 0;
  readonly properties: Readonly<ConnackProperties>;
}

type Topics = string | readonly string[] | Readonly<Record<string, MqttJsSubscribeOptions>>;
type Callback<Result = undefined> = (error?: Error | null, result?: Result) => void;

const REFUSED = 128;
const END_TIMEOUT_MS = 60_000;
/** Return codes of 3.1.1 by the Reason Codes of 5.0 that mean the same (section 3.2.2.3 of 3.1.1). */
const RETURN_CODES: Readonly<Record<number, readonly [number, string]>> = {
  132: [1, 'Unacceptable protocol version'],
  133: [2, 'Identifier rejected'],
  136: [3, 'Server unavailable'],
  134: [4, 'Bad username or password'],
  135: [5, 'Not authorized'],
};

/**
 * A client with MQTT.js's methods and events: `connect`, `message`, `reconnect`, `close`, `offline`, `disconnect`, `error`, `end`.
 *
 * @example
 * const client = new MqttClient('mqtt://localhost', { clientId: 'pump-7' });
 * client.on('message', (topic, payload) => console.log(topic, payload.length));
 */
export class MqttClient extends Listeners<MqttJsEvents> {
  readonly options: MqttJsOptions;
  readonly #client: Client;
  readonly #subscriptions = new Map<string, Subscription>();
  connected = false;
  reconnecting = false;
  disconnecting = false;
  disconnected = false;

  constructor(url: string | undefined, options: MqttJsOptions) {
    super();
    this.options = options;
    this.#client = createClient(serversOf(url, options), clientOptionsOf(options));
    this.#listen();
    if (options.manualConnect !== true) this.connect();
  }

  /** The client beneath, for what MQTT.js does not have. */
  get busbar(): Client {
    return this.#client;
  }

  /** Starts, where `manualConnect` was asked for. */
  connect(): this {
    this.#client.start();
    return this;
  }

  /** Makes the next attempt now. */
  reconnect(): this {
    this.#client.hurry();
    return this;
  }

  publish(topic: string, message: string | Uint8Array, callback?: Callback): this;
  publish(topic: string, message: string | Uint8Array, options?: MqttJsPublishOptions, callback?: Callback): this;
  publish(
    topic: string,
    message: string | Uint8Array,
    optionsOrCallback?: MqttJsPublishOptions | Callback,
    last?: Callback,
  ) {
    const isCallback = typeof optionsOrCallback === 'function';
    const callback = isCallback ? optionsOrCallback : last;
    settle(this.publishAsync(topic, message, isCallback ? {} : optionsOrCallback), callback);
    return this;
  }

  async publishAsync(
    topic: string,
    message: string | Uint8Array,
    options: MqttJsPublishOptions = {},
  ): Promise<undefined> {
    await this.#client.publish(topic, message, options);
  }

  subscribe(topics: Topics, callback?: Callback<MqttJsGrant[]>): this;
  subscribe(topics: Topics, options?: MqttJsSubscribeOptions, callback?: Callback<MqttJsGrant[]>): this;
  subscribe(
    topics: Topics,
    optionsOrCallback?: MqttJsSubscribeOptions | Callback<MqttJsGrant[]>,
    last?: Callback<MqttJsGrant[]>,
  ) {
    const isCallback = typeof optionsOrCallback === 'function';
    const callback = isCallback ? optionsOrCallback : last;
    settle(this.subscribeAsync(topics, isCallback ? {} : optionsOrCallback), callback);
    return this;
  }

  async subscribeAsync(topics: Topics, options: MqttJsSubscribeOptions = {}): Promise<MqttJsGrant[]> {
    const requests = requestsOf(topics, options);
    const grants = await Promise.all(requests.map(([topic, each]) => this.#subscribe(topic, each)));
    if (grants.every(({ qos }) => qos === REFUSED)) throw new Error('Subscribe error: Unspecified error');
    return grants;
  }

  unsubscribe(topics: string | readonly string[], callback?: Callback): this;
  unsubscribe(topics: string | readonly string[], options?: object, callback?: Callback): this;
  unsubscribe(topics: string | readonly string[], optionsOrCallback?: object | Callback, last?: Callback) {
    settle(this.unsubscribeAsync(topics), callbackIn(optionsOrCallback, last));
    return this;
  }

  async unsubscribeAsync(topics: string | readonly string[]): Promise<undefined> {
    for (const topic of [topics].flat()) this.#subscriptions.delete(topic as string);
    await this.#client.unsubscribe(topics);
  }

  /** @param force Whether what is not acknowledged is given up. */
  end(force?: boolean | Callback, options?: object | Callback, callback?: Callback): this {
    const last = [force, options, callback].find((each) => typeof each === 'function') as Callback | undefined;
    settle(this.endAsync(force === true), last);
    return this;
  }

  async endAsync(force = false): Promise<undefined> {
    this.disconnecting = true;
    await this.#client.end({ timeoutMs: force || !this.connected ? 0 : END_TIMEOUT_MS });
    this.disconnecting = false;
    this.disconnected = true;
  }

  #listen(): void {
    this.#client
      .on('connecting', ({ attempt }) => {
        this.reconnecting = attempt > 1 || this.#client.counters.connections > 0;
        if (this.reconnecting) this.emit('reconnect');
      })
      .on('connected', ({ sessionPresent, agreement }) => {
        this.connected = true;
        this.reconnecting = false;
        this.emit('connect', {
          cmd: 'connack',
          sessionPresent,
          returnCode: 0,
          reasonCode: 0,
          properties: agreement.properties,
        });
      })
      .on('disconnected', ({ reason }) => {
        this.connected = false;
        if (reason.code === 'disconnected')
          this.emit('disconnect', { cmd: 'disconnect', reasonCode: reason.reasonCode });
        this.emit('close');
        if (!this.disconnecting) this.emit('offline');
      })
      .on('attempt-failed', ({ error }) => {
        if (this.disconnecting) return;
        if (this.listenerCount('error') > 0) this.emit('error', mqttJsError(error));
        this.emit('close');
      })
      .on('closed', () => this.emit('end'))
      .on('message', (message) => this.#tell(message));
  }

  #tell(message: Message): void {
    const { topicName: topic, qos, retain, dup, properties } = message;
    const payload = readable(message.payload);
    const packet: MqttJsPacket = { cmd: 'publish', topic, payload, qos, retain, dup, properties };
    this.emit('message', topic, payload, packet);
  }

  /** MQTT.js subscribes again to the same topic with other options; here that takes the place of the earlier one. */
  async #subscribe(topic: string, options: MqttJsSubscribeOptions): Promise<MqttJsGrant> {
    const { qos = 0, nl = false, rap = false, rh = 0, properties } = options;
    const given = properties === undefined ? {} : { properties };
    const subscription = this.#client.subscribe(
      topic,
      { qos, noLocal: nl, retainAsPublished: rap, retainHandling: rh, acknowledge: 'received', ...given },
      () => {}, // every message comes as an event
    );
    const before = this.#subscriptions.get(topic);
    this.#subscriptions.set(topic, subscription);
    void before?.unsubscribe();
    try {
      return { topic, qos: (await subscription).qos };
    } catch (error) {
      if (error instanceof Error && error.name === 'SubscribeError') return { topic, qos: REFUSED };
      throw error;
    }
  }
}

/**
 * Connects as MQTT.js does: gives the client at once, which connects and tells of it with `connect`.
 *
 * @example
 * import mqtt from '@busbar/client/mqttjs';
 * const client = mqtt.connect('mqtt://localhost');
 * client.on('connect', () => client.subscribe('presence'));
 */
export function connect(url: string | MqttJsOptions, options: MqttJsOptions = {}): MqttClient {
  return typeof url === 'string' ? new MqttClient(url, options) : new MqttClient(undefined, url);
}

/**
 * The same, resolved when the connection stands; rejects when the first attempt fails.
 *
 * @example
 * const client = await connectAsync('mqtt://localhost');
 * await client.publishAsync('presence', 'here');
 */
export async function connectAsync(url: string | MqttJsOptions, options: MqttJsOptions = {}): Promise<MqttClient> {
  const client = connect(url, options);
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve(client));
    client.once('error', (error) => {
      client.end(true);
      reject(error);
    });
  });
}

export default { connect, connectAsync, MqttClient };

function requestsOf(topics: Topics, options: MqttJsSubscribeOptions): [string, MqttJsSubscribeOptions][] {
  if (typeof topics === 'string') return [[topics, options]];
  if (Array.isArray(topics)) return topics.map((topic: string) => [topic, options]);
  return Object.entries(topics).map(([topic, own]: [string, MqttJsSubscribeOptions]) => [
    topic,
    { ...options, ...own },
  ]);
}

function settle<Result>(promise: Promise<Result>, callback: Callback<Result> | undefined): void {
  promise.then(
    (result) => callback?.(null, result),
    (error: Error) => callback?.(error),
  );
}

function callbackIn(...values: unknown[]): Callback | undefined {
  return values.find((value) => typeof value === 'function') as Callback | undefined;
}

/** A refusal of 3.1.1 has its return code as MQTT.js gives it. */
function mqttJsError(error: Error): Error {
  if (!(error instanceof ConnectionRefusedError)) return error;
  const [code, text] = RETURN_CODES[error.reasonCode] ?? [error.reasonCode, error.message];
  return Object.assign(new Error(`Connection refused: ${text}`, { cause: error }), { code });
}

/** A payload whose `toString` gives its text: a Buffer where there are Buffers. */
function readable(payload: Uint8Array): Uint8Array {
  if (typeof Buffer === 'function') return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return Object.defineProperty(payload, 'toString', { value: () => new TextDecoder().decode(payload) });
}
