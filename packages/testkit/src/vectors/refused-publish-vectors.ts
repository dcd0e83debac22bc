import { malformed, protocolError, type RefusedVector, refused } from './refused-vector.ts';
import { EVERY_VERSION, MQTT_5, MQTT_31, MQTT_311 } from './vector.ts';

/** PUBLISH packets that are none. */
export const refusedPublishes: readonly RefusedVector[] = [
  ...EVERY_VERSION.flatMap((version) => [
    malformed('MQTT-3.3.1-4', 'both QoS bits', version, '36 09 | 00 03 "a/b" 00 0a 00 | "h"'),
    malformed('MQTT-3.3.1-4', 'every flag', version, '3f 09 | 00 03 "a/b" 00 0a 00 | "h"'),
    malformed('MQTT-3.3.1-2', 'DUP at QoS 0', version, '38 07 | 00 03 "a/b" 00 | "h"'),
    protocolError('MQTT-2.2.1-3', 'Packet Identifier 0 at QoS 1', version, '32 09 | 00 03 "a/b" 00 00 00 | "h"'),
    protocolError('MQTT-2.2.1-3', 'Packet Identifier 0 at QoS 2', version, '34 09 | 00 03 "a/b" 00 00 00 | "h"'),
    malformed('MQTT-3.3.2-1', 'a Topic Name longer than the packet', version, '30 05 | 00 04 "a/b"'),
    malformed('MQTT-3.3.2-1', 'half a length', version, '30 01 | 00'),
    malformed('MQTT-3.3.2-1', 'nothing in it', version, '30 00'),
    malformed('MQTT-2.2.1-3', 'half a Packet Identifier', version, '32 06 | 00 03 "a/b" 00'),
    malformed('MQTT-2.2.1-3', 'no Packet Identifier', version, '32 05 | 00 03 "a/b"'),
    refused('MQTT-3.3.2-2', 'a Topic Name with #', version, '30 06 | 00 03 "a/#" 00', 'topic-name-invalid'),
    refused('MQTT-3.3.2-2', 'a Topic Name with +', version, '30 06 | 00 03 "+/b" 00', 'topic-name-invalid'),
    refused(
      'MQTT-3.3.2-2',
      'a Topic Name with + within a level',
      version,
      '30 06 | 00 03 "a+b" 00',
      'topic-name-invalid',
    ),
    malformed('MQTT-1.5.4-2', 'a Topic Name with U+0000', version, '30 06 | 00 03 "a" 00 "b" 00'),
    protocolError('MQTT-4.7.3-1', 'an empty Topic Name', version, '30 04 | 00 00 00 | "h"'),
  ]),
  malformed('section 3.3.2.3.1', 'no Property Length', MQTT_5, '30 05 | 00 03 "a/b"'),
  malformed('section 3.3.2.3.1', 'no Property Length at QoS 1', MQTT_5, '32 07 | 00 03 "a/b" 00 0a'),
  malformed('MQTT-1.5.5-1', 'a Property Length in two bytes for one', MQTT_5, '30 07 | 00 03 "a/b" 80 00'),
  malformed('MQTT-1.5.5-1', 'a Property Length of five bytes', MQTT_5, '30 0a | 00 03 "a/b" 80 80 80 80 01'),
  malformed('section 3.3.2.3.1', 'half a Property Length', MQTT_5, '30 06 | 00 03 "a/b" 80'),
  malformed('section 3.3.2.3.1', 'a Property Length beyond the end', MQTT_5, '30 07 | 00 03 "a/b" 02 | "h"'),
  malformed('section 2.2.2.2', 'a property that runs into the payload', MQTT_5, '30 09 | 00 03 "a/b" 02 23 00 | 01'),
  malformed('section 2.2.2.2', 'an identifier alone', MQTT_5, '30 07 | 00 03 "a/b" 01 23'),
  malformed('section 2.2.2.2', 'an unknown property', MQTT_5, '30 08 | 00 03 "a/b" 02 04 00'),
  malformed('section 2.2.2.2', 'an identifier beyond the table', MQTT_5, '30 08 | 00 03 "a/b" 02 7f 00'),
  malformed('section 2.2.2.2', 'an identifier of two bytes', MQTT_5, '30 09 | 00 03 "a/b" 03 80 01 00'),
  malformed('MQTT-1.5.5-1', 'an identifier in two bytes for one', MQTT_5, '30 09 | 00 03 "a/b" 03 81 00 00'),
  malformed(
    'MQTT-1.5.5-1',
    'a Subscription Identifier in two bytes for one',
    MQTT_5,
    '30 09 | 00 03 "a/b" 03 0b 81 00',
  ),
  malformed(
    'MQTT-1.5.5-1',
    'a Subscription Identifier of five bytes',
    MQTT_5,
    '30 0c | 00 03 "a/b" 06 0b ff ff ff ff 01',
  ),
  refused(
    'MQTT-3.3.2-8',
    'an empty Topic Name for Topic Alias 0',
    MQTT_5,
    '30 06 | 00 00 03 23 00 00',
    'topic-alias-invalid',
  ),
];

const acknowledgements = [
  ['PUBACK', '40', 'MQTT-3.4.2-1', ['01', '04', '11', '92', '7f', 'ff']],
  ['PUBREC', '50', 'MQTT-3.5.2-1', ['01', '04', '11', '92', '7f', 'ff']],
  ['PUBREL', '62', 'MQTT-3.6.2-1', ['10', '80', '91', '97']],
  ['PUBCOMP', '70', 'MQTT-3.7.2-1', ['10', '80', '91', '97']],
] as const;

/** PUBACK, PUBREC, PUBREL and PUBCOMP packets that are none. */
export const refusedAcknowledgements: readonly RefusedVector[] = acknowledgements.flatMap(
  ([name, first, statement, codes]) => [
    ...EVERY_VERSION.flatMap((version) => [
      protocolError('MQTT-2.2.1-5', `${name} with Packet Identifier 0`, version, `${first} 02 00 00`),
      malformed('MQTT-2.2.1-5', `${name} with half a Packet Identifier`, version, `${first} 01 00`),
      malformed('MQTT-2.2.1-5', `${name} with nothing in it`, version, `${first} 00`),
    ]),
    ...([MQTT_31, MQTT_311] as const).map((version) =>
      malformed('section 2.1.4', `${name} with a Reason Code`, version, `${first} 03 00 01 00`),
    ),
    ...codes.map((code) =>
      protocolError(statement, `${name} with Reason Code 0x${code}`, MQTT_5, `${first} 03 00 01 ${code}`),
    ),
    malformed('section 2.1.4', `${name} with a byte after the end`, MQTT_5, `${first} 05 00 01 00 00 00`),
    malformed('section 2.2.2.1', `${name} with a Property Length beyond the end`, MQTT_5, `${first} 04 00 01 00 01`),
  ],
);
