import type { Properties } from '@busbar/codec';
import { bytesOf } from '../client-options.ts';

/** User Properties as MQTT.js has them: names, each with its value or its values. */
export type MqttJsUserProperties = Readonly<Record<string, string | readonly string[]>>;

/** Properties as MQTT.js has them: those that {@link Properties} has in another shape. */
interface Reshaped {
  readonly payloadFormatIndicator?: boolean;
  readonly subscriptionIdentifier?: number | readonly number[];
  readonly correlationData?: string | Uint8Array;
  readonly userProperties?: MqttJsUserProperties;
}

/** Some properties of the standard as MQTT.js has them. */
export type MqttJsProperties<Given extends object = Properties> = Readonly<
  Omit<Given, 'payloadFormatIndicator' | 'subscriptionIdentifiers' | 'correlationData' | 'userProperties'> &
    ('userProperties' extends keyof Given ? Pick<Reshaped, 'userProperties'> : object) &
    ('payloadFormatIndicator' extends keyof Given ? Pick<Reshaped, 'payloadFormatIndicator'> : object) &
    ('correlationData' extends keyof Given ? Pick<Reshaped, 'correlationData'> : object) &
    ('subscriptionIdentifiers' extends keyof Given ? Pick<Reshaped, 'subscriptionIdentifier'> : object)
>;

/** What MQTT.js keeps under other names or in other shapes is not the same below it. */
export function propertiesOf(given: MqttJsProperties): Properties {
  const { payloadFormatIndicator, subscriptionIdentifier, correlationData, userProperties, ...same } = given;
  return {
    ...(same as Properties),
    ...(payloadFormatIndicator !== undefined && { payloadFormatIndicator: payloadFormatIndicator ? 1 : 0 }),
    ...(correlationData !== undefined && { correlationData: bytesOf(correlationData) }),
    ...(userProperties !== undefined && { userProperties: pairsOf(userProperties) }),
  };
}

/** @param subscriptionIdentifiers The program's own, instead of those with which the client tells its subscriptions apart. */
export function mqttJsPropertiesOf(
  properties: Readonly<Properties>,
  subscriptionIdentifiers: readonly number[] = [],
): MqttJsProperties {
  const { payloadFormatIndicator, subscriptionIdentifiers: _, correlationData, userProperties, ...same } = properties;
  const [identifier] = subscriptionIdentifiers;
  return {
    ...same,
    ...(payloadFormatIndicator !== undefined && { payloadFormatIndicator: payloadFormatIndicator === 1 }),
    ...(correlationData !== undefined && { correlationData: readable(correlationData) }),
    ...(userProperties !== undefined && { userProperties: recordOf(userProperties) }),
    ...(identifier !== undefined && {
      subscriptionIdentifier: subscriptionIdentifiers.length > 1 ? subscriptionIdentifiers : identifier,
    }),
  };
}

/** Bytes whose `toString` gives their text: a Buffer where there are Buffers. */
export function readable(bytes: Uint8Array): Uint8Array {
  if (typeof Buffer === 'function') return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Object.defineProperty(bytes, 'toString', { value: () => new TextDecoder().decode(bytes) });
}

function pairsOf(userProperties: MqttJsUserProperties): [string, string][] {
  return Object.entries(userProperties).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
}

/** A name comes from a peer: it is never a property of the record's prototype. */
function recordOf(pairs: readonly (readonly [string, string])[]): MqttJsUserProperties {
  const record: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of pairs) {
    const before = record[name];
    record[name] = before === undefined ? value : [before, value].flat();
  }
  return record;
}
