import { binary, bytesOf, text, u16, u32, variableByteInteger } from './bytes.ts';

/** How a property's value is written. */
export type PropertyForm = 'byte' | 'u16' | 'u32' | 'integer' | 'text' | 'binary' | 'pair';

/** Who sends a packet. */
export type Sender = 'server' | 'client';

export interface PropertyDefinition {
  readonly identifier: number;
  readonly form: PropertyForm;
  /** Packets in which each side may send it; `WILL` is the Will of CONNECT. */
  readonly from: Readonly<Record<Sender, readonly string[]>>;
}

const ACKNOWLEDGEMENTS = 'PUBACK PUBREC PUBREL PUBCOMP';

function define<Form extends PropertyForm>(identifier: number, form: Form, server: string, client: string) {
  return { identifier, form, from: { server: server.split(' '), client: client.split(' ') } };
}

/** The properties of MQTT 5.0 (table 2-4): where a server and where a client may send them. */
export const PROPERTY = {
  payloadFormatIndicator: define(0x01, 'byte', 'PUBLISH', 'PUBLISH WILL'),
  messageExpiryInterval: define(0x02, 'u32', 'PUBLISH', 'PUBLISH WILL'),
  contentType: define(0x03, 'text', 'PUBLISH', 'PUBLISH WILL'),
  responseTopic: define(0x08, 'text', 'PUBLISH', 'PUBLISH WILL'),
  correlationData: define(0x09, 'binary', 'PUBLISH', 'PUBLISH WILL'),
  subscriptionIdentifier: define(0x0b, 'integer', 'PUBLISH', 'SUBSCRIBE'),
  sessionExpiryInterval: define(0x11, 'u32', 'CONNACK', 'CONNECT DISCONNECT'),
  assignedClientIdentifier: define(0x12, 'text', 'CONNACK', ''),
  serverKeepAlive: define(0x13, 'u16', 'CONNACK', ''),
  authenticationMethod: define(0x15, 'text', 'CONNACK AUTH', 'CONNECT AUTH'),
  authenticationData: define(0x16, 'binary', 'CONNACK AUTH', 'CONNECT AUTH'),
  requestProblemInformation: define(0x17, 'byte', '', 'CONNECT'),
  willDelayInterval: define(0x18, 'u32', '', 'WILL'),
  requestResponseInformation: define(0x19, 'byte', '', 'CONNECT'),
  responseInformation: define(0x1a, 'text', 'CONNACK', ''),
  serverReference: define(0x1c, 'text', 'CONNACK DISCONNECT', ''),
  reasonString: define(
    0x1f,
    'text',
    `CONNACK DISCONNECT AUTH SUBACK UNSUBACK ${ACKNOWLEDGEMENTS}`,
    `DISCONNECT AUTH ${ACKNOWLEDGEMENTS}`,
  ),
  receiveMaximum: define(0x21, 'u16', 'CONNACK', 'CONNECT'),
  topicAliasMaximum: define(0x22, 'u16', 'CONNACK', 'CONNECT'),
  topicAlias: define(0x23, 'u16', 'PUBLISH', 'PUBLISH'),
  maximumQos: define(0x24, 'byte', 'CONNACK', ''),
  retainAvailable: define(0x25, 'byte', 'CONNACK', ''),
  userProperty: define(
    0x26,
    'pair',
    `CONNACK PUBLISH DISCONNECT AUTH SUBACK UNSUBACK ${ACKNOWLEDGEMENTS}`,
    `CONNECT WILL PUBLISH SUBSCRIBE UNSUBSCRIBE DISCONNECT AUTH ${ACKNOWLEDGEMENTS}`,
  ),
  maximumPacketSize: define(0x27, 'u32', 'CONNACK', 'CONNECT'),
  wildcardSubscriptionAvailable: define(0x28, 'byte', 'CONNACK', ''),
  subscriptionIdentifiersAvailable: define(0x29, 'byte', 'CONNACK', ''),
  sharedSubscriptionAvailable: define(0x2a, 'byte', 'CONNACK', ''),
} satisfies Record<string, PropertyDefinition>;

export type PropertyName = keyof typeof PROPERTY;
type FormOf<Name extends PropertyName> = (typeof PROPERTY)[Name]['form'];
/** Numbers, texts, bytes, or a name and its value. */
export type ValueOf<Name extends PropertyName> =
  FormOf<Name> extends 'text'
    ? string
    : FormOf<Name> extends 'binary'
      ? Uint8Array
      : FormOf<Name> extends 'pair'
        ? readonly [string, string]
        : number;

/** Properties by name; those that may be given more than once as lists. */
export type Properties = {
  [Name in Exclude<PropertyName, 'userProperty' | 'subscriptionIdentifier'>]?: ValueOf<Name>;
} & {
  userProperties?: readonly (readonly [string, string])[];
  subscriptionIdentifiers?: readonly number[];
};

/** The bytes of one property, with its identifier: what lists with repetitions and wrong values are made from. */
export function property<Name extends PropertyName>(name: Name, value: ValueOf<Name>): Uint8Array {
  const { identifier, form } = PROPERTY[name];
  return bytesOf(identifier, valueBytes(form, value));
}

function valueBytes(form: PropertyForm, value: number | string | Uint8Array | readonly [string, string]): Uint8Array {
  if (typeof value === 'string') return text(value);
  if (value instanceof Uint8Array) return binary(value);
  if (typeof value !== 'number') return bytesOf(text(value[0]), text(value[1]));
  if (form === 'byte') return bytesOf(value);
  if (form === 'u16') return u16(value);
  return form === 'u32' ? u32(value) : variableByteInteger(value);
}

/**
 * Property Length and properties.
 *
 * @param properties By name, or the bytes that are to stand behind the Property Length, right or wrong.
 */
export function propertyBytes(properties: Properties | Uint8Array = {}): Uint8Array {
  const content = properties instanceof Uint8Array ? properties : namedBytes(properties);
  return bytesOf(variableByteInteger(content.length), content);
}

function namedBytes({ userProperties = [], subscriptionIdentifiers = [], ...single }: Properties): Uint8Array {
  const parts = Object.entries(single).flatMap(([name, value]) =>
    value === undefined ? [] : [property(name as PropertyName, value as never)],
  );
  for (const pair of userProperties) parts.push(property('userProperty', pair));
  for (const identifier of subscriptionIdentifiers) parts.push(property('subscriptionIdentifier', identifier));
  return bytesOf(...parts);
}
