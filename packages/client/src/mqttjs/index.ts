/**
 * `@busbar/client/mqttjs`: the API of MQTT.js over this client, for programs that were written for it.
 *
 * What is different is on the page "Come from MQTT.js"; the main of it: reconnection waits with jitter, and the server's
 * Receive Maximum is respected.
 */
import type { ConnackProperties, ProtocolVersion, ReasonCode } from '@busbar/codec';
import { matchesTopicFilter, parseSharedSubscription } from '@busbar/protocol';
import type { Client } from '../client.ts';
import { createClient } from '../connect.ts';
import { ConnectionEndedError } from '../errors.ts';
import type { Message } from '../message.ts';
import type { Subscription } from '../subscribe/subscription.ts';
import {
  type Callback,
  callbackIn,
  type MqttJsEndOptions,
  type MqttJsPayload,
  type MqttJsPublishOptions,
  type MqttJsSubscribeOptions,
  requestsOf,
  settle,
  type Topics,
  withoutNulls,
} from './calls.ts';
import { clientDisconnecting, mqttJsError } from './errors.ts';
import { Listeners } from './listeners.ts';
import { clientOptionsOf, type MqttJsOptions, type SettledOptions, serversOf, settledOptions } from './options.ts';
import type { MqttJsConnack, MqttJsDisconnect, MqttJsGrant, MqttJsPacket } from './packets.ts';
import { type MqttJsProperties, mqttJsPropertiesOf, propertiesOf, readable } from './properties.ts';

export type { MqttJsEndOptions, MqttJsPayload, MqttJsPublishOptions, MqttJsSubscribeOptions } from './calls.ts';
export type { MqttJsOptions } from './options.ts';
export type { MqttJsConnack, MqttJsDisconnect, MqttJsGrant, MqttJsPacket } from './packets.ts';
export type { MqttJsProperties, MqttJsUserProperties } from './properties.ts';

/** The events of an {@link MqttClient}, with what their listeners get. */
export interface MqttJsEvents {
  connect: [connack: MqttJsConnack];
  message: [topic: string, payload: Uint8Array, packet: MqttJsPacket];
  reconnect: [];
  close: [];
  offline: [];
  disconnect: [packet: MqttJsDisconnect];
  error: [error: Error & { readonly code?: number | string }];
  end: [];
}

const END_TIMEOUT_MS = 60_000;

/**
 * A client with MQTT.js's methods and events: `connect`, `message`, `reconnect`, `close`, `offline`, `disconnect`, `error`, `end`.
 *
 * @example
 * const client = new MqttClient('mqtt://localhost', { clientId: 'pump-7' });
 * client.on('message', (topic, payload) => console.log(topic, payload.length));
 */
export class MqttClient extends Listeners<MqttJsEvents> {
  /** Those that were given, those of the URL, and the defaults. */
  readonly options: SettledOptions;
  readonly #client: Client;
  readonly #protocolVersion: ProtocolVersion;
  readonly #subscriptions = new Map<string, Subscription>();
  /** The program's own Subscription Identifiers by their Topic Filters. */
  readonly #identifiers = new Map<string, number>();
  connected = false;
  reconnecting = false;
  disconnecting = false;
  disconnected = false;

  constructor(url: string | undefined, options: MqttJsOptions) {
    super();
    this.options = settledOptions(url, withoutNulls(options));
    this.#protocolVersion = this.options.protocolVersion;
    this.#client = createClient(serversOf(this.options), clientOptionsOf(this.options));
    this.#listen();
    if (this.options.manualConnect !== true) this.connect();
  }

  /** The client beneath, for what MQTT.js does not have. */
  get busbar(): Client {
    return this.#client;
  }

  /** Seconds: what the server decided for this connection, else what was asked for. */
  get keepalive(): number {
    return this.#client.agreement?.keepAlive ?? this.options.keepalive;
  }

  /** What the CONNACK of this connection said; undefined without one, and below 5.0. */
  get serverProperties(): MqttJsProperties<ConnackProperties> | undefined {
    const { agreement } = this.#client;
    return this.#protocolVersion === 5 && agreement !== undefined
      ? mqttJsPropertiesOf(agreement.properties)
      : undefined;
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

  publish(topic: string, message: MqttJsPayload, callback?: Callback<MqttJsPacket>): this;
  publish(
    topic: string,
    message: MqttJsPayload,
    options?: MqttJsPublishOptions | null,
    callback?: Callback<MqttJsPacket>,
  ): this;
  publish(
    topic: string,
    message: MqttJsPayload,
    optionsOrCallback?: MqttJsPublishOptions | Callback<MqttJsPacket> | null,
    last?: Callback<MqttJsPacket>,
  ) {
    const isCallback = typeof optionsOrCallback === 'function';
    const callback = isCallback ? optionsOrCallback : last;
    settle(this.publishAsync(topic, message, isCallback ? {} : optionsOrCallback), callback);
    return this;
  }

  /** @returns At QoS 1 and 2 the packet, with its `messageId`. */
  async publishAsync(
    topic: string,
    message: MqttJsPayload,
    options?: MqttJsPublishOptions | null,
  ): Promise<MqttJsPacket | undefined> {
    this.#expectOpen();
    const { qos = 0, retain = false, properties } = withoutNulls(options ?? {});
    const payload = message ?? '';
    const { topicAlias: _, ...given } = propertiesOf(properties ?? {});
    const { packetId } = await this.#told(this.#client.publish(topic, payload, { qos, retain, properties: given }));
    if (packetId === undefined) return undefined;
    const own = properties === undefined ? {} : { properties };
    return { cmd: 'publish', topic, payload, qos, retain, dup: false, messageId: packetId, ...own };
  }

  subscribe(topics: Topics, callback?: Callback<MqttJsGrant[]>): this;
  subscribe(topics: Topics, options?: MqttJsSubscribeOptions | null, callback?: Callback<MqttJsGrant[]>): this;
  subscribe(
    topics: Topics,
    optionsOrCallback?: MqttJsSubscribeOptions | Callback<MqttJsGrant[]> | null,
    last?: Callback<MqttJsGrant[]>,
  ) {
    const isCallback = typeof optionsOrCallback === 'function';
    const callback = isCallback ? optionsOrCallback : last;
    settle(this.subscribeAsync(topics, isCallback ? {} : optionsOrCallback), callback);
    return this;
  }

  /** Rejects when the server refuses one of them. */
  async subscribeAsync(topics: Topics, options?: MqttJsSubscribeOptions | null): Promise<MqttJsGrant[]> {
    this.#expectOpen();
    const requests = requestsOf(topics, withoutNulls(options ?? {}));
    if (requests.length === 0) throw new Error('Invalid topic empty_topic_list');
    return Promise.all(requests.map(([topic, each]) => this.#subscribe(topic, each)));
  }

  unsubscribe(topics: string | readonly string[], callback?: Callback): this;
  unsubscribe(topics: string | readonly string[], options?: object | null, callback?: Callback): this;
  unsubscribe(topics: string | readonly string[], optionsOrCallback?: object | Callback | null, last?: Callback) {
    settle(this.unsubscribeAsync(topics), callbackIn(optionsOrCallback, last));
    return this;
  }

  async unsubscribeAsync(topics: string | readonly string[]): Promise<undefined> {
    this.#expectOpen();
    for (const topic of [topics].flat() as string[]) {
      this.#subscriptions.delete(topic);
      this.#identifiers.delete(topic);
    }
    await this.#told(this.#client.unsubscribe(topics));
  }

  /**
   * @param force Whether what is not acknowledged is given up.
   * @param options What the DISCONNECT packet says (5.0).
   */
  end(force?: boolean | MqttJsEndOptions | Callback, options?: MqttJsEndOptions | Callback, callback?: Callback): this {
    const given = [force, options].find((each) => typeof each === 'object' && each !== null) as MqttJsEndOptions;
    settle(this.endAsync(force === true, given), callbackIn(force, options, callback));
    return this;
  }

  async endAsync(force = false, { reasonCode, properties }: MqttJsEndOptions = {}): Promise<undefined> {
    this.disconnecting = true;
    await this.#client.end({
      timeoutMs: force || !this.connected ? 0 : END_TIMEOUT_MS,
      ...(reasonCode !== undefined && { reasonCode: reasonCode as ReasonCode }),
      ...(properties !== undefined && { properties: propertiesOf(properties) }),
    });
    if (this.disconnected) return;
    this.disconnected = true;
    this.emit('end');
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
          properties: mqttJsPropertiesOf(agreement.properties),
        });
      })
      .on('disconnected', ({ reason, nextAttemptInMs }) => {
        this.connected = false;
        if (reason.code === 'disconnected') {
          const properties = mqttJsPropertiesOf(reason.properties);
          this.emit('disconnect', { cmd: 'disconnect', reasonCode: reason.reasonCode, properties });
        }
        this.#tellError(reason);
        this.#tellClosed(nextAttemptInMs);
      })
      .on('attempt-failed', ({ error, nextAttemptInMs }) => {
        if (this.disconnecting) return;
        this.#tellError(error);
        this.#tellClosed(nextAttemptInMs);
      })
      .on('message', (message) => this.#tell(message));
  }

  /** A connection that ends without a word is no error to MQTT.js; a fault, silence, and what the system reports are. */
  #tellError(error: Error): void {
    if (this.disconnecting || this.listenerCount('error') === 0) return;
    const isSaid = error instanceof ConnectionEndedError && (error.code === 'disconnected' || error.code === 'ended');
    const isSilent = error instanceof ConnectionEndedError && error.code === 'lost' && error.cause === undefined;
    if (!isSaid && !isSilent) this.emit('error', mqttJsError(error, this.#protocolVersion));
  }

  /** `offline` comes once, before the first wait. */
  #tellClosed(nextAttemptInMs: number | undefined): void {
    if (nextAttemptInMs !== undefined && !this.reconnecting && !this.disconnecting) {
      this.reconnecting = true;
      this.emit('offline');
    }
    this.emit('close');
  }

  #tell(message: Message): void {
    const { topicName: topic, qos, retain, dup } = message;
    const payload = readable(message.payload);
    const own = this.#protocolVersion === 5 ? { properties: this.#propertiesOf(message) } : {};
    this.emit('message', topic, payload, { cmd: 'publish', topic, payload, qos, retain, dup, ...own });
  }

  #propertiesOf({ topicName, properties }: Message): MqttJsProperties {
    if (this.#identifiers.size === 0) return mqttJsPropertiesOf(properties);
    const matching = [...this.#identifiers].filter(([filter]) =>
      matchesTopicFilter(parseSharedSubscription(filter)?.topicFilter ?? filter, topicName),
    );
    return mqttJsPropertiesOf(
      properties,
      matching.map(([, identifier]) => identifier),
    );
  }

  /** MQTT.js subscribes again to the same topic with other options; here that takes the place of the earlier one. */
  async #subscribe(topic: string, options: MqttJsSubscribeOptions): Promise<MqttJsGrant> {
    const { qos = 0, nl = false, rap = false, rh = 0, properties = {} } = options;
    const { subscriptionIdentifier: identifier } = properties;
    const subscription = this.#client.subscribe(
      topic,
      {
        qos,
        noLocal: nl,
        retainAsPublished: rap,
        retainHandling: rh,
        acknowledge: 'received',
        properties: propertiesOf(properties),
      },
      () => {}, // every message comes as an event
    );
    const before = this.#subscriptions.get(topic);
    this.#subscriptions.set(topic, subscription);
    if (typeof identifier === 'number') this.#identifiers.set(topic, identifier);
    void before?.unsubscribe();
    const granted = await this.#told(subscription);
    return { topic, qos: granted.qos, ...(this.#protocolVersion === 5 && { nl, rap, rh }) };
  }

  /** What becomes of something, with errors as MQTT.js gives them. */
  async #told<Result>(outcome: PromiseLike<Result>): Promise<Result> {
    try {
      return await outcome;
    } catch (error) {
      throw mqttJsError(error as Error, this.#protocolVersion);
    }
  }

  #expectOpen(): void {
    if (this.disconnecting || this.disconnected) throw clientDisconnecting();
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
export function connect(url?: string | MqttJsOptions | null, options?: MqttJsOptions | null): MqttClient {
  if (typeof url === 'string') return new MqttClient(url, options ?? {});
  return new MqttClient(undefined, { ...url, ...options });
}

/**
 * The same, resolved when the connection stands; rejects when the first attempt fails.
 *
 * @example
 * const client = await connectAsync('mqtt://localhost');
 * await client.publishAsync('presence', 'here');
 */
export async function connectAsync(
  url?: string | MqttJsOptions | null,
  options?: MqttJsOptions | null,
): Promise<MqttClient> {
  const client = connect(url, options);
  return new Promise((resolve, reject) => {
    let reason = new Error("Couldn't connect to server");
    const settle = (isConnected: boolean): void => {
      client.off('connect', succeed).off('error', note).off('close', fail);
      if (isConnected) resolve(client);
      else {
        client.end(true);
        reject(reason);
      }
    };
    const succeed = () => settle(true);
    const note = (error: Error) => {
      reason = error;
    };
    const fail = () => settle(false);
    client.on('connect', succeed).on('error', note).on('close', fail);
  });
}

export default { connect, connectAsync, MqttClient };
