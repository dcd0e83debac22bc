import { NO_PROPERTIES, ReasonCode, UsageError } from '@busbar/codec';
import type { Agreement } from '@busbar/protocol';
import { expectOptions } from '../call-check.ts';
import { bytesOf, type ClientSettings } from '../client-options.ts';
import { ClientError, clientEnded } from '../errors.ts';
import type { Message } from '../message.ts';
import type { PublishOptions, PublishOutcome } from '../publish/publication.ts';
import { onAbort, type Settleable, settleable } from '../settleable.ts';
import type { SubscribeOptions, Subscription } from '../subscribe/subscription.ts';

/** How a request is sent, and how long its answer may take. */
export interface RequestOptions extends PublishOptions {
  /** Milliseconds until the answer must be there; default 10,000. The request expires with it. */
  readonly timeoutMs?: number;
}

/** What a {@link Requester} needs of its client. */
export interface RequestingClient {
  readonly agreement: Agreement | undefined;
  publish(topicName: string, payload: string | Uint8Array, options: PublishOptions): Promise<PublishOutcome>;
  subscribe(topicFilter: string, options: SubscribeOptions, handler: (message: Message) => void): Subscription;
}

const TIMEOUT_MS = 10_000;

/**
 * Requests of one client and their answers (section 4.10): one subscription to a Response Topic of its own, made with the
 * first request, and in the Correlation Data this run of the program and a number, which say whose answer has come.
 */
export class Requester {
  readonly #client: RequestingClient;
  readonly #settings: ClientSettings;
  readonly #pending = new Map<string, Settleable<Message>>();
  readonly #givenTopic: string | undefined;
  /** Tells this run of the program from an earlier one with the same Response Topic, whose answers may still come. */
  readonly #run: string;
  #responseTopic = '';
  #subscription: Subscription | undefined;
  #count = 0;

  /** @param responseTopic As the program wants it; undefined leaves it to the server or this. */
  constructor(client: RequestingClient, settings: ClientSettings, responseTopic: string | undefined) {
    this.#client = client;
    this.#settings = settings;
    this.#givenTopic = responseTopic;
    this.#run = settings.makeClientIdentifier();
  }

  async request(topicName: string, payload: string | Uint8Array, options: RequestOptions): Promise<Message> {
    const { timeoutMs = TIMEOUT_MS, signal, qos = 1, properties = NO_PROPERTIES, retain = false } = options;
    const { clock, connection } = this.#settings;
    if (connection.protocolVersion !== 5) throw new UsageError('version-too-low', 'requests need MQTT 5.0');
    expectOptions({ timeoutMs }, { timeoutMs: 1 });
    signal?.throwIfAborted();
    const identifier = `${this.#run}/${++this.#count}`;
    const answer = settleable<Message>();
    this.#pending.set(identifier, answer);
    const stop = new AbortController();
    const stopListening = onAbort(signal, () => answer.reject(signal?.reason));
    const late = () =>
      answer.reject(new ClientError('timeout', `no answer to '${topicName}' came within ${timeoutMs} ms`));
    const cancel = clock.schedule(late, timeoutMs);
    const send = async () => {
      await this.#subscribe();
      const messageExpiryInterval = Math.ceil(timeoutMs / 1_000);
      const own = { messageExpiryInterval, responseTopic: this.#responseTopic };
      const { reasonCode } = await this.#client.publish(topicName, payload, {
        qos,
        retain,
        properties: { ...own, ...properties, correlationData: bytesOf(identifier) },
        signal: stop.signal,
      });
      if (reasonCode !== ReasonCode.noMatchingSubscribers) return;
      throw new ClientError('no-responder', `nobody has subscribed to '${topicName}'`);
    };
    try {
      send().catch(answer.reject);
      return await answer.promise;
    } catch (error) {
      stop.abort(); // a request that still waits is taken back
      throw error;
    } finally {
      cancel();
      stopListening();
      this.#pending.delete(identifier);
    }
  }

  /** The client is ended: no answer will come. */
  end(): void {
    const error = clientEnded();
    for (const { reject } of this.#pending.values()) reject(error);
  }

  /** The answer must find a subscription, so requests wait until the server has granted it. */
  async #subscribe(): Promise<void> {
    this.#responseTopic ||= this.#givenTopic ?? this.#makeTopic();
    this.#subscription ??= this.#client.subscribe(this.#responseTopic, { qos: 1, noLocal: false }, (message) =>
      this.#handleResponse(message),
    );
    try {
      await this.#subscription;
    } catch (error) {
      this.#subscription = undefined;
      throw error;
    }
  }

  /** Response Information is what topics for responses are to begin with (section 3.2.2.3.15). */
  #makeTopic(): string {
    const { responseInformation = 'responses' } = this.#client.agreement?.properties ?? {};
    return `${responseInformation.replace(/\/$/, '')}/${this.#run}`;
  }

  #handleResponse(message: Message): void {
    const { correlationData } = message.properties;
    if (correlationData !== undefined) this.#pending.get(new TextDecoder().decode(correlationData))?.resolve(message);
  }
}
