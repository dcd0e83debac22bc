import { PacketType } from '@busbar/codec';
import { hex } from '../hex.ts';
import { EVERY_VERSION, MQTT_5, MQTT_31, type PacketVector, understood, vector } from './vector.ts';

/** PINGREQ, PINGRESP, DISCONNECT and AUTH. */
export const others: readonly PacketVector[] = [
  ...EVERY_VERSION.flatMap((version) => [
    vector(`PINGREQ (level ${version})`, version, 'c0 00', { type: PacketType.pingreq }),
    vector(`PINGRESP (level ${version})`, version, 'd0 00', { type: PacketType.pingresp }),
    vector(`DISCONNECT (level ${version})`, version, 'e0 00', {
      type: PacketType.disconnect,
      reasonCode: 0x00,
      properties: {},
    }),
  ]),
  vector('DISCONNECT 5.0 with a Reason Code', MQTT_5, 'e0 01 04', {
    type: PacketType.disconnect,
    reasonCode: 0x04,
    properties: {},
  }),
  vector('DISCONNECT 5.0 of a client that wants its session to end', MQTT_5, 'e0 07 00 05 11 00 00 00 00', {
    type: PacketType.disconnect,
    reasonCode: 0x00,
    properties: { sessionExpiryInterval: 0 },
  }),
  vector('DISCONNECT 5.0 for another authentication method', MQTT_5, 'e0 01 8c', {
    type: PacketType.disconnect,
    reasonCode: 0x8c,
    properties: {},
  }),
  understood('DISCONNECT 5.0 that tells its normal end at length', MQTT_5, 'e0 01 00', {
    type: PacketType.disconnect,
    reasonCode: 0x00,
    properties: {},
  }),
  understood('DISCONNECT 5.0 with Property Length 0', MQTT_5, 'e0 02 00 00', {
    type: PacketType.disconnect,
    reasonCode: 0x00,
    properties: {},
  }),
  vector('AUTH in its shortest form', MQTT_5, 'f0 00', { type: PacketType.auth, reasonCode: 0x00, properties: {} }),
  vector('AUTH that continues', MQTT_5, 'f0 0e 18 0c | 15 00 03 "SHA" 16 00 03 01 02 03', {
    type: PacketType.auth,
    reasonCode: 0x18,
    properties: { authenticationMethod: 'SHA', authenticationData: hex('01 02 03') },
  }),
  vector('AUTH that authenticates again', MQTT_5, 'f0 08 19 06 | 15 00 03 "SHA"', {
    type: PacketType.auth,
    reasonCode: 0x19,
    properties: { authenticationMethod: 'SHA' },
  }),
  understood('3.1: the flags of PINGREQ are not used', MQTT_31, 'cf 00', { type: PacketType.pingreq }),
  understood('3.1: PUBREL sent again with DUP', MQTT_31, '6a 02 12 34', {
    type: PacketType.pubrel,
    packetId: 0x1234,
    reasonCode: 0x00,
    properties: {},
  }),
];
