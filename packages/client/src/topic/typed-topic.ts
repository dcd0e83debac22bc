import { ReasonCode } from '@busbar/codec';
import type { Message } from '../message.ts';
import type { PublishOptions, PublishOutcome } from '../publish/publication.ts';
import type { Grant, SubscribeOptions, Subscription } from '../subscribe/subscription.ts';
import type { PayloadCodec } from './payload-codec.ts';
import type { TopicParameters } from './topic-parameters.ts';
import { TopicPattern } from './topic-pattern.ts';

/** What a {@link TypedTopic} needs of a client. */
export interface TopicClient {
  publish(topicName: string, payload: string | Uint8Array, options?: PublishOptions): Promise<PublishOutcome>;
  subscribe(topicFilter: string, options?: SubscribeOptions, handler?: (message: Message) => unknown): Subscription;
}

/** How a topic is published and subscribed to, where a call does not say otherwise. */
export interface TopicDefaults extends Pick<PublishOptions, 'qos' | 'retain'> {
  /** Whether each message says what its payload is (Content Type, 5.0); default false, for the bytes that it takes. */
  readonly contentType?: boolean;
}

/** A message of a typed topic. */
export interface TypedMessage<Parameters, Value> {
  readonly value: Value;
  /** What stood in the Topic Name. */
  readonly parameters: Parameters;
  readonly message: Message;
}

/** A message whose payload could not be read, or is not valid. Its bytes are in `message.payload`. */
export interface InvalidMessage {
  readonly error: unknown;
  readonly message: Message;
}

/** How a typed topic is subscribed to. */
export interface TypedSubscribeOptions extends SubscribeOptions {
  /** Takes messages that are not valid; default: they come as `handler-error`. */
  readonly onInvalid?: (invalid: InvalidMessage) => unknown;
}

/** A subscription to a typed topic: to be awaited for what the server grants, and to be looped over. */
export interface TypedSubscription<Parameters, Value>
  extends PromiseLike<Grant>,
    AsyncIterable<TypedMessage<Parameters, Value>, undefined> {
  readonly topicFilter: string;
  /** Ends it; see {@link Subscription}. */
  unsubscribe(): Promise<void>;
}

/**
 * A kind of message: where it is published, and what it carries. Made by {@link topic}.
 *
 * `Parameters` are the names in its pattern; `Value` is what handlers get, `Input` what is published.
 *
 * @example
 * const state = topic('plant/{line}/state', text());
 * await state.publish(client, { line: 'l1' }, 'running');
 */
export class TypedTopic<Pattern extends string, Value, Input> {
  readonly pattern: Pattern;
  readonly #pattern: TopicPattern;
  readonly #codec: PayloadCodec<Value, Input>;
  readonly #defaults: TopicDefaults;

  /** @throws {UsageError} The pattern is none. */
  constructor(pattern: Pattern, codec: PayloadCodec<Value, Input>, defaults: TopicDefaults) {
    this.pattern = pattern;
    this.#pattern = new TopicPattern(pattern);
    this.#codec = codec;
    this.#defaults = defaults;
  }

  /**
   * The Topic Name with these parameters.
   *
   * @throws {UsageError} One is missing or is not one level.
   * @example temperature.name({ line: 'l1', machine: 'oven' }) // 'plant/l1/oven/temperature'
   */
  name(parameters: TopicParameters<Pattern>): string {
    return this.#pattern.name(parameters);
  }

  /**
   * The Topic Filter with these parameters, and wildcards for the others.
   *
   * @throws {UsageError} One is not one level.
   * @example temperature.filter({ line: 'l1' }) // 'plant/l1/+/temperature'
   */
  filter(parameters: Partial<TopicParameters<Pattern>> = {}): string {
    return this.#pattern.filter(parameters as Record<string, string | undefined>);
  }

  /**
   * What stands in a Topic Name; undefined when it is not of this topic.
   *
   * @example temperature.parse('plant/l1/oven/temperature') // { line: 'l1', machine: 'oven' }
   */
  parse(topicName: string): TopicParameters<Pattern> | undefined {
    return this.#pattern.parse(topicName) as TopicParameters<Pattern> | undefined;
  }

  /**
   * Publishes a value.
   *
   * @returns As `Client.publish`; rejects with a UsageError when a parameter is missing or is not one level, and with what
   *   the codec throws when it cannot encode the value.
   * @example await temperature.publish(client, { line: 'l1', machine: 'oven' }, { celsius: 181.5 });
   */
  publish(
    client: TopicClient,
    parameters: TopicParameters<Pattern>,
    value: Input,
    options: PublishOptions = {},
  ): Promise<PublishOutcome> {
    const { contentType, ...defaults } = this.#defaults;
    const type = contentType && this.#codec.contentType;
    const properties = {
      ...(type ? { contentType: type } : {}),
      ...options.properties,
    };
    let name: string;
    let payload: string | Uint8Array;
    try {
      name = this.name(parameters);
      payload = this.#codec.encode(value);
    } catch (error) {
      return Promise.reject(error);
    }
    return client.publish(name, payload, { ...defaults, ...options, properties });
  }

  /**
   * Subscribes to all topics of this kind that have these parameters. Without a handler the subscription is to be looped
   * over, and then `onInvalid` must say what becomes of messages that are not valid.
   *
   * @example
   * temperature.subscribe(client, { line: 'l1' }, ({ value, parameters }) => show(parameters.machine, value.celsius));
   */
  subscribe(
    client: TopicClient,
    parameters: Partial<TopicParameters<Pattern>>,
    handler: (message: TypedMessage<TopicParameters<Pattern>, Value>) => unknown,
  ): TypedSubscription<TopicParameters<Pattern>, Value>;
  subscribe(
    client: TopicClient,
    parameters: Partial<TopicParameters<Pattern>>,
    options: TypedSubscribeOptions,
    handler: (message: TypedMessage<TopicParameters<Pattern>, Value>) => unknown,
  ): TypedSubscription<TopicParameters<Pattern>, Value>;
  subscribe(
    client: TopicClient,
    parameters: Partial<TopicParameters<Pattern>>,
    options: TypedSubscribeOptions & Required<Pick<TypedSubscribeOptions, 'onInvalid'>>,
  ): TypedSubscription<TopicParameters<Pattern>, Value>;
  subscribe(
    client: TopicClient,
    parameters: Partial<TopicParameters<Pattern>>,
    optionsOrHandler: TypedSubscribeOptions | ((message: TypedMessage<TopicParameters<Pattern>, Value>) => unknown),
    lastHandler?: (message: TypedMessage<TopicParameters<Pattern>, Value>) => unknown,
  ): TypedSubscription<TopicParameters<Pattern>, Value> {
    const isHandler = typeof optionsOrHandler === 'function';
    const { onInvalid, ...given }: TypedSubscribeOptions = isHandler ? {} : optionsOrHandler;
    const handler = isHandler ? optionsOrHandler : lastHandler;
    const { qos } = this.#defaults;
    const options = { ...(qos !== undefined && { qos }), ...given };
    const open = (message: Message) => this.#open(message, onInvalid);
    const handle = async (message: Message) => {
      const opened = await open(message);
      if (opened !== undefined) await handler?.(opened);
    };
    const subscription = client.subscribe(this.filter(parameters), options, handler && handle);
    return {
      topicFilter: subscription.topicFilter,
      unsubscribe: () => subscription.unsubscribe(),
      // biome-ignore lint/suspicious/noThenProperty: as an untyped subscription, it is to be awaited.
      then: (onFulfilled, onRejected) => subscription.then(onFulfilled, onRejected),
      [Symbol.asyncIterator]: () => opened(subscription, open),
    };
  }

  /** @returns Undefined for a message that is not valid. */
  async #open(
    message: Message,
    onInvalid: TypedSubscribeOptions['onInvalid'],
  ): Promise<TypedMessage<TopicParameters<Pattern>, Value> | undefined> {
    try {
      const parameters = this.parse(message.topicName);
      if (parameters === undefined) throw new Error(`'${message.topicName}' is not of '${this.pattern}'`);
      return {
        value: await this.#codec.decode(message.payload),
        parameters,
        message,
      };
    } catch (error) {
      message.acknowledge(ReasonCode.payloadFormatInvalid);
      if (onInvalid === undefined) throw error;
      await onInvalid({ error, message });
      return undefined;
    }
  }
}

/** Not a generator, which would not let go of a loop that waits for a message. */
function opened<Opened>(
  subscription: AsyncIterable<Message, undefined>,
  open: (message: Message) => Promise<Opened | undefined>,
): AsyncIterator<Opened, undefined> {
  const messages = subscription[Symbol.asyncIterator]();
  const leave = async (): Promise<IteratorResult<Opened, undefined>> => {
    await messages.return?.();
    return { done: true, value: undefined };
  };
  const next = async (): Promise<IteratorResult<Opened, undefined>> => {
    for (;;) {
      const { done, value: message } = await messages.next();
      if (done) return { done, value: undefined };
      try {
        const value = await open(message);
        if (value !== undefined) return { done: false, value };
      } catch (error) {
        await leave();
        throw error;
      }
    }
  };
  return { next, return: leave };
}

/**
 * Describes a kind of message once: its topic with parameters, and its payload. What publishes and subscribes then cannot
 * misspell the one nor mistake the other.
 *
 * @param pattern A Topic Name in which `{name}` stands for one level, and `{name...}` at the end for all that follow.
 * @param codec {@link text}, {@link json}, {@link bytes}, {@link cbor}, or your own.
 * @throws {UsageError} The pattern is none.
 * @example
 * const temperature = topic('plant/{line}/{machine}/temperature', json(schema), { qos: 1 });
 * await temperature.publish(client, { line: 'l1', machine: 'oven' }, { celsius: 181.5 });
 */
export function topic<const Pattern extends string, Value, Input = Value>(
  pattern: Pattern,
  codec: PayloadCodec<Value, Input>,
  defaults: TopicDefaults = {},
): TypedTopic<Pattern, Value, Input> {
  return new TypedTopic(pattern, codec, defaults);
}
