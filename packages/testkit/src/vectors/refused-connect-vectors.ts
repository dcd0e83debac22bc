import { malformed, protocolError, type RefusedVector, unsupported } from './refused-vector.ts';
import { MQTT_5, MQTT_31, MQTT_311 } from './vector.ts';

const versions: readonly RefusedVector[] = [
  unsupported('MQTT-3.1.2-1', 'another Protocol Name', MQTT_311, '10 0d | 00 04 "MQTX" 04 02 00 3c | 00 01 "c"'),
  unsupported(
    'MQTT-3.1.2-1',
    'the Protocol Name in small letters',
    MQTT_311,
    '10 0d | 00 04 "mqtt" 04 02 00 3c | 00 01 "c"',
  ),
  unsupported('MQTT-3.1.2-1', 'no Protocol Name', MQTT_311, '10 09 | 00 00 04 02 00 3c | 00 01 "c"'),
  unsupported(
    'MQTT-3.1.2-1',
    'the Protocol Name of MQTT-SN',
    MQTT_311,
    '10 10 | 00 07 "MQTT-SN" 01 02 00 3c | 00 01 "c"',
  ),
  malformed(
    'MQTT-1.5.4-1',
    'a Protocol Name that is not UTF-8',
    MQTT_311,
    '10 0d | 00 04 "MQT" ff 04 02 00 3c | 00 01 "c"',
  ),
  unsupported('MQTT-3.1.2-2', 'MQTT, level 6', MQTT_5, '10 0e | 00 04 "MQTT" 06 02 00 3c 00 | 00 01 "c"'),
  unsupported('MQTT-3.1.2-2', 'MQTT, level 0', MQTT_311, '10 0d | 00 04 "MQTT" 00 02 00 3c | 00 01 "c"'),
  unsupported(
    'MQTT-3.1.2-2',
    'MQTT, level 3, which is called MQIsdp',
    MQTT_31,
    '10 0d | 00 04 "MQTT" 03 02 00 3c | 00 01 "c"',
  ),
  unsupported(
    'MQTT-3.1.2-2',
    'MQIsdp, level 4, which is called MQTT',
    MQTT_311,
    '10 0f | 00 06 "MQIsdp" 04 02 00 3c | 00 01 "c"',
  ),
  unsupported(
    'MQTT-3.1.2-2',
    'MQIsdp, level 5, which is called MQTT',
    MQTT_5,
    '10 10 | 00 06 "MQIsdp" 05 02 00 3c 00 | 00 01 "c"',
  ),
  unsupported('MQTT-3.1.2-2', 'level 7, and nothing behind it', MQTT_5, '10 07 | 00 04 "MQTT" 07'),
  unsupported('MQTT-3.1.2-2', 'a bridge of level 6', MQTT_311, '10 0d | 00 04 "MQTT" 86 02 00 3c | 00 01 "c"'),
];

const flags: readonly RefusedVector[] = [
  malformed('MQTT-3.1.2-3', 'the reserved Connect Flag', MQTT_5, '10 0e | 00 04 "MQTT" 05 03 00 3c 00 | 00 01 "c"'),
  malformed('MQTT311-3.1.2-3', 'the reserved Connect Flag', MQTT_311, '10 0d | 00 04 "MQTT" 04 01 00 3c | 00 01 "c"'),
  malformed('MQTT-3.1.2-11', 'Will QoS 1 without a will', MQTT_5, '10 0e | 00 04 "MQTT" 05 0a 00 3c 00 | 00 01 "c"'),
  malformed('MQTT-3.1.2-11', 'Will QoS 2 without a will', MQTT_5, '10 0e | 00 04 "MQTT" 05 12 00 3c 00 | 00 01 "c"'),
  malformed('MQTT311-3.1.2-13', 'Will QoS 3 without a will', MQTT_311, '10 0d | 00 04 "MQTT" 04 1a 00 3c | 00 01 "c"'),
  malformed('MQTT-3.1.2-13', 'Will Retain without a will', MQTT_5, '10 0e | 00 04 "MQTT" 05 22 00 3c 00 | 00 01 "c"'),
  malformed('MQTT311-3.1.2-15', 'Will Retain without a will', MQTT_311, '10 0d | 00 04 "MQTT" 04 22 00 3c | 00 01 "c"'),
  malformed(
    'MQTT-3.1.2-12',
    'Will QoS 3',
    MQTT_5,
    '10 14 | 00 04 "MQTT" 05 1e 00 3c 00 | 00 01 "c" | 00 | 00 01 "w" 00 00',
  ),
  malformed(
    'MQTT311-3.1.2-14',
    'Will QoS 3',
    MQTT_311,
    '10 12 | 00 04 "MQTT" 04 1e 00 3c | 00 01 "c" | 00 01 "w" 00 00',
  ),
  malformed(
    'MQTT311-3.1.2-14',
    'Will QoS 3 in 3.1',
    MQTT_31,
    '10 14 | 00 06 "MQIsdp" 03 1e 00 3c | 00 01 "c" | 00 01 "w" 00 00',
  ),
  malformed(
    'MQTT311-3.1.2-22',
    'a Password without a User Name',
    MQTT_311,
    '10 10 | 00 04 "MQTT" 04 42 00 3c | 00 01 "c" | 00 01 "p"',
  ),
  malformed(
    'MQTT311-3.1.2-22',
    'a Password without a User Name in 3.1',
    MQTT_31,
    '10 12 | 00 06 "MQIsdp" 03 42 00 3c | 00 01 "c" | 00 01 "p"',
  ),
];

const fields: readonly RefusedVector[] = [
  malformed('MQTT-3.1.2-9', 'a will flag without a will', MQTT_5, '10 0e | 00 04 "MQTT" 05 06 00 3c 00 | 00 01 "c"'),
  malformed(
    'MQTT-3.1.2-9',
    'a will without Will Properties',
    MQTT_5,
    '10 13 | 00 04 "MQTT" 05 06 00 3c 00 | 00 01 "c" | 00 01 "w" 00 00',
  ),
  malformed(
    'MQTT-3.1.2-9',
    'a will without a Will Payload',
    MQTT_5,
    '10 12 | 00 04 "MQTT" 05 06 00 3c 00 | 00 01 "c" | 00 | 00 01 "w"',
  ),
  malformed('MQTT311-3.1.2-9', 'a will flag without a will', MQTT_311, '10 0d | 00 04 "MQTT" 04 06 00 3c | 00 01 "c"'),
  malformed(
    'MQTT311-3.1.2-9',
    'a will flag without a will in 3.1',
    MQTT_31,
    '10 0f | 00 06 "MQIsdp" 03 06 00 3c | 00 01 "c"',
  ),
  malformed(
    'MQTT-3.1.2-16',
    'a User Name without its flag',
    MQTT_5,
    '10 11 | 00 04 "MQTT" 05 02 00 3c 00 | 00 01 "c" | 00 01 "u"',
  ),
  malformed(
    'MQTT-3.1.2-17',
    'a User Name flag without a User Name',
    MQTT_5,
    '10 0e | 00 04 "MQTT" 05 82 00 3c 00 | 00 01 "c"',
  ),
  malformed(
    'MQTT311-3.1.2-19',
    'a User Name flag without a User Name',
    MQTT_311,
    '10 0d | 00 04 "MQTT" 04 82 00 3c | 00 01 "c"',
  ),
  malformed(
    'MQTT-3.1.2-18',
    'a Password without its flag',
    MQTT_5,
    '10 14 | 00 04 "MQTT" 05 82 00 3c 00 | 00 01 "c" | 00 01 "u" 00 01 "p"',
  ),
  malformed(
    'MQTT-3.1.2-19',
    'a Password flag without a Password',
    MQTT_5,
    '10 0e | 00 04 "MQTT" 05 42 00 3c 00 | 00 01 "c"',
  ),
  malformed(
    'MQTT311-3.1.2-21',
    'a Password flag without a Password',
    MQTT_311,
    '10 10 | 00 04 "MQTT" 04 c2 00 3c | 00 01 "c" | 00 01 "u"',
  ),
  malformed('MQTT-3.1.3-3', 'no Client Identifier', MQTT_5, '10 0b | 00 04 "MQTT" 05 02 00 3c 00'),
  malformed('MQTT311-3.1.3-3', 'no Client Identifier', MQTT_311, '10 0a | 00 04 "MQTT" 04 02 00 3c'),
  malformed(
    'MQTT-3.1.3-4',
    'a Client Identifier that is not UTF-8',
    MQTT_5,
    '10 0e | 00 04 "MQTT" 05 02 00 3c 00 | 00 01 ff',
  ),
  malformed(
    'MQTT-3.1.3-11',
    'a Will Topic that is not UTF-8',
    MQTT_5,
    '10 14 | 00 04 "MQTT" 05 06 00 3c 00 | 00 01 "c" | 00 | 00 01 ff 00 00',
  ),
  malformed(
    'MQTT-3.1.3-12',
    'a User Name that is not UTF-8',
    MQTT_5,
    '10 11 | 00 04 "MQTT" 05 82 00 3c 00 | 00 01 "c" | 00 01 ff',
  ),
  malformed('MQTT-3.1.4-1', 'a byte after the end', MQTT_5, '10 0f | 00 04 "MQTT" 05 02 00 3c 00 | 00 01 "c" | 00'),
  malformed('MQTT311-3.1.4-1', 'a byte after the end', MQTT_311, '10 0e | 00 04 "MQTT" 04 02 00 3c | 00 01 "c" | 00'),
  malformed(
    'MQTT311-3.1.4-1',
    'a byte after the end in 3.1',
    MQTT_31,
    '10 10 | 00 06 "MQIsdp" 03 02 00 3c | 00 01 "c" | 00',
  ),
  malformed(
    'MQTT311-3.1.4-1',
    'a User Name of which one byte is left in 3.1',
    MQTT_31,
    '10 10 | 00 06 "MQIsdp" 03 82 00 3c | 00 01 "c" | 00',
  ),
  protocolError(
    'section 3.1.2.11.10',
    'Authentication Data without a method',
    MQTT_5,
    '10 12 | 00 04 "MQTT" 05 02 00 3c 04 16 00 01 00 | 00 01 "c"',
  ),
  malformed('section 3.1', 'nothing in it', MQTT_311, '10 00'),
];

/** CONNECT packets that are none. */
export const refusedConnects: readonly RefusedVector[] = [...versions, ...flags, ...fields];

/** CONNACK packets that are none. */
export const refusedConnacks: readonly RefusedVector[] = [
  malformed('MQTT-3.2.2-1', 'a reserved Connect Acknowledge Flag', MQTT_5, '20 03 02 00 00'),
  malformed('MQTT-3.2.2-1', 'the highest Connect Acknowledge Flag', MQTT_5, '20 03 80 00 00'),
  malformed('MQTT-3.2.2-1', 'a reserved Connect Acknowledge Flag', MQTT_311, '20 02 02 00'),
  protocolError('MQTT-3.2.2-6', 'a refusal with Session Present', MQTT_5, '20 03 01 87 00'),
  protocolError('MQTT311-3.2.2-4', 'a refusal with Session Present', MQTT_311, '20 02 01 05'),
  protocolError('section 3.2.2.3 of 3.1.1', 'return code 6', MQTT_311, '20 02 00 06'),
  protocolError('section 3.2 of 3.1', 'return code 255', MQTT_31, '20 02 00 ff'),
  malformed('section 3.2', 'no Property Length', MQTT_5, '20 02 00 00'),
  malformed('section 3.2', 'only its flags', MQTT_5, '20 01 00'),
  malformed('section 3.2', 'nothing in it', MQTT_5, '20 00'),
  malformed('section 3.2', 'a byte after the end', MQTT_5, '20 04 00 00 00 00'),
  malformed('section 3.2 of 3.1.1', 'a byte after the end', MQTT_311, '20 03 00 00 00'),
  malformed('section 3.2 of 3.1.1', 'only its flags', MQTT_311, '20 01 00'),
];
