import { malformed, protocolError, type RefusedVector } from './refused-vector.ts';
import { EVERY_VERSION, MQTT_5, MQTT_31, MQTT_311 } from './vector.ts';

/** PINGREQ, PINGRESP, DISCONNECT and AUTH packets that are none, and types that do not exist. */
export const refusedOthers: readonly RefusedVector[] = [
  ...EVERY_VERSION.flatMap((version) => [
    malformed('section 3.12', 'a PINGREQ with a body', version, 'c0 01 00'),
    malformed('section 3.13', 'a PINGRESP with a body', version, 'd0 01 00'),
    malformed('section 2.1.2', 'packet type 0', version, '00 00'),
    malformed('section 2.1.2', 'packet type 0 with flags', version, '0f 00'),
  ]),
  ...([MQTT_31, MQTT_311] as const).flatMap((version) => [
    malformed('section 2.2.1 of 3.1.1', 'packet type 15', version, 'f0 00'),
    malformed('section 3.14 of 3.1.1', 'a DISCONNECT with a body', version, 'e0 01 00'),
    malformed('section 3.14 of 3.1.1', 'a DISCONNECT of 5.0', version, 'e0 02 00 00'),
  ]),
  ...['01', '02', '10', '18', '7f', '84', '85', '86', '88', '8a', '91', '92', 'a3', 'ff'].map((code) =>
    protocolError('MQTT-3.14.2-1', `DISCONNECT with Reason Code 0x${code}`, MQTT_5, `e0 01 ${code}`),
  ),
  ...['01', '17', '1a', '80', '8c', 'ff'].map((code) =>
    protocolError('MQTT-3.15.2-1', `AUTH with Reason Code 0x${code}`, MQTT_5, `f0 06 ${code} 04 15 00 01 "M"`),
  ),
  malformed('section 3.14.2.2.1', 'a Property Length beyond the end', MQTT_5, 'e0 02 00 01'),
  malformed('section 3.14', 'a byte after the end', MQTT_5, 'e0 03 00 00 00'),
  malformed('section 3.15.2.2.1', 'AUTH without a Property Length', MQTT_5, 'f0 01 18'),
  malformed('section 3.15.2.2.1', 'AUTH without a Property Length, success', MQTT_5, 'f0 01 00'),
  protocolError('section 3.15.2.2.2', 'AUTH without a method', MQTT_5, 'f0 02 18 00'),
  protocolError('section 3.15.2.2.2', 'AUTH without a method, success', MQTT_5, 'f0 02 00 00'),
  protocolError('section 3.15.2.2.2', 'AUTH with data and no method', MQTT_5, 'f0 06 18 04 16 00 01 00'),
  malformed('section 3.15', 'a byte after the end', MQTT_5, 'f0 07 18 04 15 00 01 "M" 00'),
];
