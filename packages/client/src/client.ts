import { type DisconnectProperties, NO_PROPERTIES, type ReasonCode, UsageError } from '@busbar/codec';
import type { Agreement } from '@busbar/protocol';
import { expectOptions, isPayload, isQos, mistakeIn } from './call-check.ts';
import type { ClientEventName, ClientEvents } from './client-events.ts';
import { bytesOf, type ClientOptions, type ConnectOptions, type ServerUrls } from './client-options.ts';
import { ClientCore } from './core.ts';
import type { ClientCounters } from './counters.ts';
import type { DialerState } from './dialer/dialer.ts';
import { ClientError } from './errors.ts';
import type { Message } from './message.ts';
import type { PublishOptions, PublishOutcome } from './publish/publication.ts';
import { Requester, type RequestOptions } from './request/requester.ts';
import { type ResponseContent, respondWith } from './request/responder.ts';
import { onAbort, settleable } from './settleable.ts';
import type { SubscribeOptions, Subscription } from './subscribe/subscription.ts';

/** `idle` before the start, `ending` while {@link Client.end} drains, `waiting` between two attempts. */
export type ClientState = DialerState | 'ending';

/** Takes the messages of one subscription, one at a time: the next one comes when a promise it returns is settled. */
export type MessageHandler = (message: Message, client: Client) => unknown;

/** Answers a request with a payload, or with nothing to leave it unanswered. */
export type RequestHandler = (
  message: Message,
  client: Client,
) => ResponseContent | undefined | Promise<ResponseContent | undefined>;

/** How a client is ended. */
export interface EndOptions {
  /** Milliseconds for what is still to be sent and acknowledged; default 5,000. */
  readonly timeoutMs?: number;
  /**
   * Whether to wait for handlers too, so that the messages they are busy with are acknowledged; default false. A handler that
   * awaits the end of its client waits for itself then, until the time is over.
   */
  readonly handlers?: boolean;
  /** Ends it at once, without waiting any longer. */
  readonly signal?: AbortSignal;
  /** Of the DISCONNECT packet; `disconnectWithWillMessage` lets the server publish the will. Default: normal disconnection. */
  readonly reasonCode?: ReasonCode;
  /** 5.0: properties of the DISCONNECT packet. */
  readonly properties?: DisconnectProperties;
}

const END_TIMEOUT_MS = 5_000;
const NO_OPTIONS = {};

/**
 * An MQTT client that keeps its connection: it connects, connects again when the connection is lost, subscribes again when
 * its session is gone, and lets messages wait meanwhile. Made by {@link connect} or {@link createClient}.
 *
 * @example
 * const client = await connect('mqtt://localhost:1883');
 * client.subscribe('plant/#', (message) => console.log(message.topicName, message.text()));
 * await client.publish('plant/1/state', 'running', { qos: 1, retain: true });
 * await client.end();
 */
export class Client {
  readonly #core: ClientCore;
  readonly #responseTopic: string | undefined;
  #requester: Requester | undefined;
  #ending: Promise<void> | undefined;

  /** @throws {UsageError} A URL or an option that cannot be. */
  constructor(urls: ServerUrls, options: ClientOptions = NO_OPTIONS) {
    this.#core = new ClientCore(urls, options);
    this.#responseTopic = options.responseTopic;
    if (options.onMessage !== undefined) this.on('message', options.onMessage);
  }

  /** Connects, and rejects when the first attempt fails. See {@link connect}. */
  static async connect(urls: ServerUrls, options: ConnectOptions): Promise<Client> {
    const { signal } = options;
    signal?.throwIfAborted();
    const client = new Client(urls, options);
    const core = client.#core;
    core.holdEarlyMessages();
    const connected = settleable<Client>();
    const succeed = () => connected.resolve(client);
    // Another server, or the one it names, is tried as part of the same call.
    const fail = ({ error, nextAttemptInMs }: ClientEvents['attempt-failed']) => {
      if (nextAttemptInMs === undefined) connected.reject(error);
    };
    const stopListening = onAbort(signal, () => {
      connected.reject(signal?.reason);
      void core.dialer.stop();
    });
    client.on('connected', succeed).on('attempt-failed', fail);
    core.dialer.start(true);
    return connected.promise.finally(() => {
      stopListening();
      client.off('connected', succeed).off('attempt-failed', fail);
      return core.closed(); // the next attempt may want the same store
    });
  }

  /** Starts to connect, and goes on for ever. A second call does nothing. */
  start(): this {
    this.#core.dialer.start(false);
    return this;
  }

  /** Makes the next attempt now instead of waiting for its time: the network is back, say. Elsewhere it does nothing. */
  hurry(): this {
    this.#core.dialer.hurry();
    return this;
  }

  get state(): ClientState {
    const { state } = this.#core.dialer;
    return this.#ending !== undefined && state !== 'closed' ? 'ending' : state;
  }

  /** What was agreed on with the server: its limits, the Client Identifier. Undefined unless connected. */
  get agreement(): Agreement | undefined {
    return this.#core.agreement;
  }

  /** What has been done and lost so far. */
  get counters(): ClientCounters {
    return this.#core.counters;
  }

  /**
   * Publishes a message, or lets it wait in the queue while there is no connection or the server takes no more.
   *
   * A rejection that nobody awaits ends the program only when the call itself was a mistake (a UsageError); what the world
   * does is counted in {@link counters}.
   *
   * @param payload A text is sent as UTF-8; bytes must not change until the promise is settled.
   * @returns Resolves at QoS 0 when the message is on its way, at QoS 1 and 2 when its flow ends (section 4.3). Rejects with a
   *   PublishError when the server refuses it, a ClientError when it cannot be sent (`queue-full`, `offline`, `dropped`,
   *   `expired`, `session-lost`, `client-ended`), a UsageError when it may not be sent at all or not to this server.
   * @example await client.publish('plant/1/level', '17.5', { qos: 1 });
   */
  publish(
    topicName: string,
    payload: string | Uint8Array,
    options: PublishOptions = NO_OPTIONS,
  ): Promise<PublishOutcome> {
    const { qos = 0, retain = false, properties = NO_PROPERTIES, signal } = options ?? NO_OPTIONS;
    if (!isPayload(payload) || !isQos(qos)) return Promise.reject(mistakeIn(payload, qos));
    return this.#core.publish({ topicName, payload: bytesOf(payload), qos, retain, properties }, signal);
  }

  /**
   * Resolves when everything published so far at QoS 1 and 2 is in the client's `store` and so survives the program; at once
   * without a store. Before the client has been started, that has to wait for the start.
   *
   * @example
   * client.publish('plant/1/count', '17', { qos: 2 }); // may be delivered much later
   * await client.stored();
   */
  async stored(): Promise<void> {
    await this.#core.journal?.flushed();
  }

  /**
   * Subscribes, now or with the next connection, and again whenever the session is gone.
   *
   * Several subscriptions may overlap, or have the same Topic Filter; each gets its messages. Those with the same Topic Filter
   * are one subscription to the server, with the highest QoS asked for, and get the retained messages again when another joins.
   *
   * @param handler Called with each message; without one, the subscription is to be looped over.
   * @throws {UsageError} The Topic Filter is none, or an option cannot be.
   * @example client.subscribe('plant/+/temperature', { qos: 1 }, (message) => show(message.text()));
   */
  subscribe(topicFilter: string, handler?: MessageHandler): Subscription;
  subscribe(topicFilter: string, options?: SubscribeOptions, handler?: MessageHandler): Subscription;
  subscribe(
    topicFilter: string,
    optionsOrHandler: SubscribeOptions | MessageHandler = NO_OPTIONS,
    lastHandler?: MessageHandler,
  ): Subscription {
    const isHandler = typeof optionsOrHandler === 'function';
    const options: SubscribeOptions = isHandler ? NO_OPTIONS : optionsOrHandler;
    const handler = isHandler ? optionsOrHandler : lastHandler;
    expectOptions({ options, handler }, { options: 'object', handler: 'function' });
    const { qos = 0 } = options;
    if (!isQos(qos)) throw mistakeIn('', qos);
    return this.#core.subscribe(topicFilter, options, handler && ((message) => handler(message, this)));
  }

  /**
   * Ends all subscriptions with these Topic Filters, also such as only the server remembers.
   *
   * @param options `signal`: stops waiting for the answer.
   * @returns Resolves when the server has answered. Rejects with an UnsubscribeError when it refuses, with a UsageError when a
   *   Topic Filter is none; only that ends the program when nobody awaits it.
   */
  unsubscribe(
    topicFilters: string | readonly string[],
    { signal }: { readonly signal?: AbortSignal } = NO_OPTIONS,
  ): Promise<void> {
    let answered: Promise<unknown>;
    try {
      const filters = [topicFilters].flat() as string[];
      answered = Promise.all(filters.map((topicFilter) => this.#core.subscriber.unsubscribe(topicFilter)));
    } catch (error) {
      return Promise.reject(error);
    }
    const { promise, resolve, reject } = settleable();
    promise.catch(() => {}); // nobody has to await what the server says
    const abort = () => reject(signal?.reason);
    if (signal?.aborted) abort();
    answered.finally(onAbort(signal, abort)).then(() => resolve(), reject);
    return promise;
  }

  /**
   * Sends a request and waits for its answer (section 4.10): whoever responds publishes it to this client's own Response
   * Topic, with the Correlation Data that came. Many may be under way at once. Needs MQTT 5.0.
   *
   * @returns The answer. Rejects with a ClientError: `timeout`, or `no-responder` when the server says that nobody has
   *   subscribed; with what {@link publish} rejects with; with the signal's reason.
   * @example const answer = await client.request('plant/oven-1/recipe/get', '42', { timeoutMs: 2_000 });
   */
  request(topicName: string, payload: string | Uint8Array, options: RequestOptions = NO_OPTIONS): Promise<Message> {
    this.#requester ??= new Requester(this, this.#core.settings, this.#responseTopic);
    return this.#requester.request(topicName, payload, options);
  }

  /**
   * Answers requests: like {@link subscribe}, but what the handler returns goes to the Response Topic of the request, with
   * its QoS. Sixteen requests are worked on at a time unless `concurrency` says otherwise.
   *
   * @example client.respond('plant/oven-1/recipe/get', async (request) => recipes.get(request.text()));
   */
  respond(topicFilter: string, handler: RequestHandler): Subscription;
  respond(topicFilter: string, options: SubscribeOptions, handler: RequestHandler): Subscription;
  respond(
    topicFilter: string,
    optionsOrHandler: SubscribeOptions | RequestHandler,
    lastHandler?: RequestHandler,
  ): Subscription {
    const isHandler = typeof optionsOrHandler === 'function';
    const options: SubscribeOptions = isHandler ? NO_OPTIONS : optionsOrHandler;
    const handler = isHandler ? optionsOrHandler : lastHandler;
    if (typeof handler !== 'function') throw new UsageError('option-invalid', 'respond needs a handler');
    return this.subscribe(topicFilter, { qos: 1, concurrency: 16, ...options }, (message) =>
      respondWith(this, message, (request) => handler(request, this)),
    );
  }

  /**
   * Authenticates again on the connection that stands (section 4.12.1), with the client's `authentication`.
   *
   * @returns Resolves when the server has accepted it. When it does not, the server ends the connection, and this rejects.
   * @throws {UsageError} The client has no `authentication`.
   */
  async reAuthenticate(): Promise<void> {
    const { authentication, dialer } = this.#core;
    if (authentication === undefined) {
      throw new UsageError('no-authentication-method', "the client's options have no `authentication`");
    }
    if (dialer.link === undefined) throw new ClientError('offline', 'there is no connection to authenticate on');
    await authentication.renew(dialer.link);
  }

  /**
   * Ends the client: waits until what was published is sent and acknowledged, says DISCONNECT, closes. Loops over
   * subscriptions end, what is not done in time fails with `client-ended`. With a `store`, what cannot be sent now is left for
   * the next run.
   *
   * @returns Resolves when the connection is closed.
   */
  end(options: EndOptions = NO_OPTIONS): Promise<void> {
    this.#ending ??= this.#drainAndStop(options);
    return this.#ending;
  }

  /** Calls a listener with each event of this name; see {@link ClientEvents}. */
  on<Name extends ClientEventName>(name: Name, listener: (event: ClientEvents[Name]) => unknown): this {
    this.#core.emitter.on(name, listener);
    return this;
  }

  /** Stops calling a listener. */
  off<Name extends ClientEventName>(name: Name, listener: (event: ClientEvents[Name]) => unknown): this {
    this.#core.emitter.off(name, listener);
    return this;
  }

  async #drainAndStop(options: EndOptions): Promise<void> {
    expectOptions(options, { timeoutMs: 0 });
    const { timeoutMs = END_TIMEOUT_MS, handlers, signal } = options;
    const { dialer, publisher, subscriber, settings, journal } = this.#core;
    const { state } = dialer;
    const isHopeless = state === 'idle' || (journal !== undefined && state !== 'connected');
    if (!isHopeless && !signal?.aborted) {
      const timeUp = settleable();
      const cancel = settings.clock.schedule(timeUp.resolve, timeoutMs);
      const stopListening = onAbort(signal, timeUp.resolve);
      const drained = handlers ? publisher.end().then(() => subscriber.idle()) : publisher.end();
      await Promise.race([drained, timeUp.promise]);
      cancel();
      stopListening();
    }
    await undefined; // whoever calls this may be asked something by the dialer, which has to be done with that first
    this.#requester?.end();
    await dialer.stop(options);
    await this.#core.closed();
  }
}
