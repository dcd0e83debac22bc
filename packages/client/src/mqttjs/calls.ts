import type { DisconnectProperties, PublishProperties, QoS, SubscribeProperties } from '@busbar/codec';
import type { MqttJsProperties } from './properties.ts';

/** What MQTT.js publishes: nothing is an empty payload, which deletes what is retained. */
export type MqttJsPayload = string | Uint8Array | null | undefined;

/** How MQTT.js publishes. */
export interface MqttJsPublishOptions {
  readonly qos?: QoS;
  readonly retain?: boolean;
  /** A Topic Alias is passed over where the topic is named: the client gives them out by itself. */
  readonly properties?: MqttJsProperties<PublishProperties>;
}

/** How MQTT.js subscribes. */
export interface MqttJsSubscribeOptions {
  readonly qos?: QoS;
  readonly nl?: boolean;
  readonly rap?: boolean;
  readonly rh?: 0 | 1 | 2;
  readonly properties?: MqttJsProperties<SubscribeProperties>;
}

/** What MQTT.js says when it ends. */
export interface MqttJsEndOptions {
  readonly reasonCode?: number;
  readonly properties?: MqttJsProperties<DisconnectProperties>;
}

/** One topic, several, or several with options of their own. */
export type Topics = string | readonly string[] | Readonly<Record<string, MqttJsSubscribeOptions>>;
/** Told what has become of a call. */
export type Callback<Result = undefined> = (error?: Error | null, result?: Result) => void;

/** What is to be subscribed to, topic by topic. */
export function requestsOf(topics: Topics, options: MqttJsSubscribeOptions): [string, MqttJsSubscribeOptions][] {
  if (typeof topics === 'string') return [[topics, options]];
  if (Array.isArray(topics)) return topics.map((topic: string) => [topic, options]);
  return Object.entries(topics).map(([topic, own]: [string, MqttJsSubscribeOptions]) => [
    topic,
    { ...options, ...own },
  ]);
}

/** To MQTT.js an option that is null is as one that is not given. */
export function withoutNulls<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null)) as Options;
}

/** Calls back when a promise is settled. */
export function settle<Result>(promise: Promise<Result | undefined>, callback: Callback<Result> | undefined): void {
  promise.then(
    (result) => callback?.(null, result),
    (error: Error) => callback?.(error),
  );
}

/** The function among the arguments of a call. */
export function callbackIn(...values: unknown[]): Callback | undefined {
  return values.find((value) => typeof value === 'function') as Callback | undefined;
}
