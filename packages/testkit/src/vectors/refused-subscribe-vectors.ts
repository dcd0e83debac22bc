import { malformed, protocolError, type RefusedVector } from './refused-vector.ts';
import { MQTT_5, MQTT_31, MQTT_311 } from './vector.ts';

const OLD = [MQTT_31, MQTT_311] as const;

/** SUBSCRIBE and UNSUBSCRIBE packets that are none. */
export const refusedRequests: readonly RefusedVector[] = [
  protocolError('MQTT-2.2.1-3', 'Packet Identifier 0', MQTT_5, '82 07 | 00 00 00 | 00 01 "a" 00'),
  protocolError('MQTT-2.2.1-3', 'Packet Identifier 0', MQTT_5, 'a2 06 | 00 00 00 | 00 01 "a"'),
  protocolError('MQTT-3.8.3-2', 'no Topic Filter', MQTT_5, '82 03 | 00 0a 00'),
  protocolError('MQTT-3.10.3-2', 'no Topic Filter', MQTT_5, 'a2 03 | 00 0a 00'),
  malformed('section 3.8.2.1.1', 'no Property Length', MQTT_5, '82 02 | 00 0a'),
  malformed('section 3.10.2.1.1', 'no Property Length', MQTT_5, 'a2 02 | 00 0a'),
  malformed('MQTT-3.8.3-5', 'bit 6 of the Subscription Options', MQTT_5, '82 07 | 00 0a 00 | 00 01 "a" 40'),
  malformed('MQTT-3.8.3-5', 'bit 7 of the Subscription Options', MQTT_5, '82 07 | 00 0a 00 | 00 01 "a" 80'),
  protocolError('section 3.8.3.1', 'QoS 3', MQTT_5, '82 07 | 00 0a 00 | 00 01 "a" 03'),
  protocolError('section 3.8.3.1', 'Retain Handling 3', MQTT_5, '82 07 | 00 0a 00 | 00 01 "a" 30'),
  malformed(
    'MQTT-3.8.3-2',
    'a second Topic Filter without options',
    MQTT_5,
    '82 0a | 00 0a 00 | 00 01 "a" 00 | 00 01 "b"',
  ),
  malformed('MQTT-3.8.3-1', 'a Topic Filter that is not UTF-8', MQTT_5, '82 07 | 00 0a 00 | 00 01 ff 00'),
  malformed('MQTT-3.10.3-1', 'a Topic Filter that is not UTF-8', MQTT_5, 'a2 06 | 00 0a 00 | 00 01 ff'),
  malformed('MQTT-1.5.4-2', 'a Topic Filter with U+0000', MQTT_5, '82 07 | 00 0a 00 | 00 01 00 00'),
  malformed('MQTT-3.10.3-1', 'a second Topic Filter cut off', MQTT_5, 'a2 08 | 00 0a 00 | 00 01 "a" | 00 01'),
  malformed('MQTT311-3.8.3-4', 'reserved bits beside the QoS', MQTT_311, '82 06 | 00 0a | 00 01 "a" 04'),
  malformed('MQTT311-3.8.3-4', 'the highest bit beside the QoS', MQTT_311, '82 06 | 00 0a | 00 01 "a" 80'),
  ...OLD.flatMap((version) => [
    protocolError('MQTT311-2.3.1-1', 'Packet Identifier 0', version, '82 06 | 00 00 | 00 01 "a" 00'),
    protocolError('MQTT311-2.3.1-1', 'Packet Identifier 0', version, 'a2 05 | 00 00 | 00 01 "a"'),
    protocolError('MQTT311-3.8.3-3', 'no Topic Filter', version, '82 02 | 00 0a'),
    protocolError('MQTT311-3.10.3-2', 'no Topic Filter', version, 'a2 02 | 00 0a'),
    malformed('MQTT311-3.8.3-4', 'QoS 3', version, '82 06 | 00 0a | 00 01 "a" 03'),
    malformed('MQTT311-3.8.3-3', 'a Topic Filter without QoS', version, '82 05 | 00 0a | 00 01 "a"'),
  ]),
];

/** SUBACK and UNSUBACK packets that are none. */
export const refusedAnswers: readonly RefusedVector[] = [
  protocolError('MQTT-3.8.4-6', 'no Reason Code', MQTT_5, '90 03 | 00 0a 00'),
  protocolError('MQTT-3.11.3-2', 'no Reason Code', MQTT_5, 'b0 03 | 00 0a 00'),
  protocolError('MQTT-2.2.1-6', 'Packet Identifier 0', MQTT_5, '90 04 | 00 00 00 | 00'),
  protocolError('MQTT-2.2.1-6', 'Packet Identifier 0', MQTT_5, 'b0 04 | 00 00 00 | 00'),
  ...['03', '04', '11', '7f', '81', '9f', 'ff'].map((code) =>
    protocolError('MQTT-3.9.3-2', `Reason Code 0x${code}`, MQTT_5, `90 04 | 00 0a 00 | ${code}`),
  ),
  ...['01', '02', '10', '7f', '97', 'a2', 'ff'].map((code) =>
    protocolError('MQTT-3.11.3-2', `Reason Code 0x${code}`, MQTT_5, `b0 04 | 00 0a 00 | ${code}`),
  ),
  ...OLD.flatMap((version) => [
    protocolError('MQTT311-3.8.4-5', 'no return code', version, '90 02 | 00 0a'),
    protocolError('MQTT311-3.9.3-2', 'return code 3', version, '90 03 | 00 0a | 03'),
    protocolError('MQTT311-3.9.3-2', 'return code 0x87', version, '90 03 | 00 0a | 87'),
    protocolError('MQTT311-2.3.1-7', 'Packet Identifier 0', version, 'b0 02 | 00 00'),
    malformed('section 3.11 of 3.1.1', 'a byte after the end', version, 'b0 03 | 00 0a | 00'),
  ]),
];
