import type { Properties, PropertyName } from '@busbar/codec';
import { hex } from '../hex.ts';

/** Where table 2-4 of the standard lets a property stand. */
export type PropertyPlaceName =
  | 'CONNECT'
  | 'CONNACK'
  | 'PUBLISH'
  | 'Will Properties'
  | 'PUBACK'
  | 'PUBREC'
  | 'PUBREL'
  | 'PUBCOMP'
  | 'SUBSCRIBE'
  | 'SUBACK'
  | 'UNSUBSCRIBE'
  | 'UNSUBACK'
  | 'DISCONNECT'
  | 'AUTH';

/** All of them, in the order of the packets. */
export const propertyPlaces: readonly PropertyPlaceName[] = [
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'Will Properties',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'DISCONNECT',
  'AUTH',
];

/** A line of table 2-4, with examples: the bytes of values and what they say. */
export interface PropertyRow {
  readonly identifier: number;
  readonly title: string;
  readonly name: PropertyName;
  readonly places: readonly PropertyPlaceName[];
  /** Values that are allowed: the bytes after the identifier, and what they mean. */
  readonly values: readonly (readonly [bytes: Uint8Array, value: unknown])[];
  /** Values that are not allowed: the bytes after the identifier, and the code of the refusal. */
  readonly refused: readonly (readonly [bytes: Uint8Array, code: 'protocol-error' | 'topic-alias-invalid'])[];
}

const message: readonly PropertyPlaceName[] = ['PUBLISH', 'Will Properties'];
const both: readonly PropertyPlaceName[] = ['CONNECT', 'CONNACK'];

function row(
  identifier: number,
  title: string,
  name: PropertyName,
  places: readonly PropertyPlaceName[],
  values: readonly (readonly [notation: string, value: unknown])[],
  refused: readonly (string | readonly [notation: string, code: 'topic-alias-invalid'])[] = [],
): PropertyRow {
  return {
    identifier,
    title,
    name,
    places,
    values: values.map(([notation, value]) => [hex(notation), value] as const),
    refused: refused.map((entry) =>
      typeof entry === 'string' ? ([hex(entry), 'protocol-error'] as const) : ([hex(entry[0]), entry[1]] as const),
    ),
  };
}

const bit = [
  ['00', 0],
  ['01', 1],
] as const;
const truth = [
  ['00', false],
  ['01', true],
] as const;
const notABit = ['02', 'ff'];
const seconds = [
  ['00 00 00 00', 0],
  ['7f ff ff ff', 2_147_483_647],
  ['80 00 00 00', 2_147_483_648],
  ['ff ff ff ff', 4_294_967_295],
] as const;
const text = [
  ['00 00', ''],
  ['00 02 "ok"', 'ok'],
  ['00 07 ef bb bf f0 9f 94 8c', '\ufeff\u{1f50c}'],
] as const;
const data = [
  ['00 00', hex('')],
  ['00 03 00 ff fe', hex('00 ff fe')],
] as const;

/** Table 2-4 of the standard with the ranges that the sections of the packets give, typed in from there. */
export const propertyRows: readonly PropertyRow[] = [
  row(0x01, 'Payload Format Indicator', 'payloadFormatIndicator', message, bit, notABit),
  row(0x02, 'Message Expiry Interval', 'messageExpiryInterval', message, seconds),
  row(0x03, 'Content Type', 'contentType', message, text),
  row(
    0x08,
    'Response Topic',
    'responseTopic',
    message,
    [['00 03 "a/b"', 'a/b']],
    ['00 01 "#"', '00 03 "a/+"', '00 00'],
  ),
  row(0x09, 'Correlation Data', 'correlationData', message, data),
  row(
    0x0b,
    'Subscription Identifier',
    'subscriptionIdentifiers',
    ['PUBLISH', 'SUBSCRIBE'],
    [
      ['01', [1]],
      ['80 01', [128]],
      ['ff ff ff 7f', [268_435_455]],
    ],
    ['00'],
  ),
  row(0x11, 'Session Expiry Interval', 'sessionExpiryInterval', [...both, 'DISCONNECT'], seconds),
  row(0x12, 'Assigned Client Identifier', 'assignedClientIdentifier', ['CONNACK'], text),
  row(
    0x13,
    'Server Keep Alive',
    'serverKeepAlive',
    ['CONNACK'],
    [
      ['00 00', 0],
      ['ff ff', 65_535],
    ],
  ),
  row(0x15, 'Authentication Method', 'authenticationMethod', [...both, 'AUTH'], text),
  row(0x16, 'Authentication Data', 'authenticationData', [...both, 'AUTH'], data),
  row(0x17, 'Request Problem Information', 'requestProblemInformation', ['CONNECT'], truth, notABit),
  row(0x18, 'Will Delay Interval', 'willDelayInterval', ['Will Properties'], seconds),
  row(0x19, 'Request Response Information', 'requestResponseInformation', ['CONNECT'], truth, notABit),
  row(0x1a, 'Response Information', 'responseInformation', ['CONNACK'], text),
  row(0x1c, 'Server Reference', 'serverReference', ['CONNACK', 'DISCONNECT'], text),
  row(
    0x1f,
    'Reason String',
    'reasonString',
    ['CONNACK', 'PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP', 'SUBACK', 'UNSUBACK', 'DISCONNECT', 'AUTH'],
    text,
  ),
  row(
    0x21,
    'Receive Maximum',
    'receiveMaximum',
    both,
    [
      ['00 01', 1],
      ['ff ff', 65_535],
    ],
    ['00 00'],
  ),
  row(0x22, 'Topic Alias Maximum', 'topicAliasMaximum', both, [
    ['00 00', 0],
    ['ff ff', 65_535],
  ]),
  row(
    0x23,
    'Topic Alias',
    'topicAlias',
    ['PUBLISH'],
    [
      ['00 01', 1],
      ['ff ff', 65_535],
    ],
    [['00 00', 'topic-alias-invalid']],
  ),
  row(0x24, 'Maximum QoS', 'maximumQoS', ['CONNACK'], bit, notABit),
  row(0x25, 'Retain Available', 'retainAvailable', ['CONNACK'], truth, notABit),
  row(0x26, 'User Property', 'userProperties', propertyPlaces, [
    ['00 00 00 00', [['', '']]],
    ['00 04 "name" 00 05 "value"', [['name', 'value']]],
  ]),
  row(
    0x27,
    'Maximum Packet Size',
    'maximumPacketSize',
    both,
    [
      ['00 00 00 01', 1],
      ['ff ff ff ff', 4_294_967_295],
    ],
    ['00 00 00 00'],
  ),
  row(0x28, 'Wildcard Subscription Available', 'wildcardSubscriptionAvailable', ['CONNACK'], truth, notABit),
  row(0x29, 'Subscription Identifier Available', 'subscriptionIdentifiersAvailable', ['CONNACK'], truth, notABit),
  row(0x2a, 'Shared Subscription Available', 'sharedSubscriptionAvailable', ['CONNACK'], truth, notABit),
];

/** Properties that a place cannot do without (AUTH its method) or that others need beside them, as bytes and as meant. */
export function companionsOf(place: PropertyPlaceName, identifier: number): readonly [Uint8Array, Properties] {
  const needsMethod = identifier !== 0x15 && (place === 'AUTH' || (place === 'CONNECT' && identifier === 0x16));
  return needsMethod ? [hex('15 00 01 "M"'), { authenticationMethod: 'M' }] : [hex(''), {}];
}
