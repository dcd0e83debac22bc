import { type ConnackPacket, describeReasonCode } from '@busbar/codec';
import type { ToolSettings } from './tool-settings.ts';
import { connackNumber } from './wire-connection.ts';

/** Mosquitto's words for Reason Codes of MQTT 5.0, where they are not the standard's own names. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [0x00, 'Success'],
  [0x01, 'Granted QoS 1'],
  [0x02, 'Granted QoS 2'],
  [0x04, 'Disconnect with Will Message'],
  [0x10, 'No matching subscribers'],
  [0x11, 'No subscription existed'],
  [0x18, 'Continue authentication'],
  [0x19, 'Re-authenticate'],
  [0x80, 'Unspecified error'],
  [0x81, 'Malformed Packet'],
  [0x82, 'Protocol Error'],
  [0x83, 'Implementation specific error'],
  [0x84, 'Unsupported Protocol Version'],
  [0x85, 'Client Identifier not valid'],
  [0x86, 'Bad User Name or Password'],
  [0x87, 'Not authorized'],
  [0x88, 'Server unavailable'],
  [0x89, 'Server busy'],
  [0x8a, 'Banned'],
  [0x8b, 'Server shutting down'],
  [0x8c, 'Bad authentication method'],
  [0x8d, 'Keep Alive timeout'],
  [0x8e, 'Session taken over'],
  [0x8f, 'Topic Filter invalid'],
  [0x90, 'Topic Name invalid'],
  [0x91, 'Packet Identifier in use'],
  [0x92, 'Packet Identifier not found'],
  [0x93, 'Receive Maximum exceeded'],
  [0x94, 'Topic Alias invalid'],
  [0x95, 'Packet too large'],
  [0x96, 'Message rate too high'],
  [0x97, 'Quota exceeded'],
  [0x98, 'Administrative action'],
  [0x99, 'Payload format invalid'],
  [0x9a, 'Retain not supported'],
  [0x9b, 'QoS not supported'],
  [0x9c, 'Use another server'],
  [0x9d, 'Server moved'],
  [0x9e, 'Shared Subscriptions not supported'],
  [0x9f, 'Connection rate exceeded'],
  [0xa0, 'Maximum connect time'],
  [0xa1, 'Subscription identifiers not supported'],
  [0xa2, 'Wildcard Subscriptions not supported'],
]);
const RETURN_CODES = [
  'Connection Accepted.',
  'Connection Refused: unacceptable protocol version.',
  'Connection Refused: identifier rejected.',
  'Connection Refused: broker unavailable.',
  'Connection Refused: bad user name or password.',
  'Connection Refused: not authorised.',
];

/** A Reason Code in mosquitto's words. */
export function reasonWords(reasonCode: number): string {
  return REASONS.get(reasonCode) ?? 'Unknown reason';
}

/** A refusing CONNACK in both wordings. */
export function refusalWords(
  connack: ConnackPacket,
  { version, tool }: ToolSettings,
): { theirs: string; ours: string } {
  const number = connackNumber(connack, version);
  const isVersion5 = version === 5 || tool === 'rr';
  const reason = isVersion5 ? reasonWords(number) : (RETURN_CODES[number] ?? 'Connection Refused: unknown reason.');
  const advice =
    version === 5 && number === 0x84 && tool !== 'rr'
      ? '. Try connecting to an MQTT v5 broker, or use MQTT v3.x mode.'
      : '';
  const told = connack.properties.reasonString;
  const ours = `Error: the server refused the connection: ${describeReasonCode(connack.reasonCode)}`;
  return { theirs: `Connection error: ${reason}${advice}`, ours: told === undefined ? ours : `${ours}: ${told}` };
}
