import type { TracedMessage, TracedPacket } from '@busbar/broker';
import { printable } from '../terminal/printable.ts';
import type { Style } from '../terminal/style.ts';

/** Before each line, which way the packet went. */
const ARROWS = { in: '>', out: '<', end: 'x' } as const;
/** `UNSUBSCRIBE`. */
const TYPE_WIDTH = 11;
/** Characters of a name that are shown. */
const LONGEST_NAME = 200;

/** A traced packet as a line for people: time, direction, type, what is in it, size. */
export function renderPacket(packet: TracedPacket, style: Style): string {
  const { at, direction, type, bytes } = packet;
  const time = style.dim(clockTime(new Date(at)));
  const paint = { in: style.green, out: style.cyan, end: style.yellow }[direction];
  const size = bytes === undefined ? '' : style.dim(`${bytes} B`);
  const words = [...wordsOf(packet), size].filter((word) => word !== '');
  return `${time} ${paint(`${ARROWS[direction]} ${type.padEnd(TYPE_WIDTH)}`)} ${words.join('  ')}`.trimEnd();
}

function clockTime(date: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const seconds = `${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
  return `${two(date.getHours())}:${two(date.getMinutes())}:${seconds}`;
}

function wordsOf(packet: TracedPacket): string[] {
  const { clientIdentifier, packetId, topicAlias, topicFilters = [], reasons = [], message, fault, remote } = packet;
  return [
    ...connectWords(packet),
    clientIdentifier === undefined ? '' : `client ${quoted(clientIdentifier)}`,
    packet.topicName === undefined ? '' : messageWords(packet as TracedMessage),
    topicAlias === undefined ? '' : `alias ${topicAlias}`,
    packetId === undefined ? '' : `#${packetId}`,
    packet.dup === true ? 'again' : '',
    topicFilters.map(quoted).join(', '),
    reasons.join(', '),
    message === undefined ? '' : quoted(message),
    fault === undefined ? '' : quoted(fault),
    packet.type === 'CONNECT' || packet.direction === 'end' ? `from ${remote}` : '',
  ];
}

function connectWords(packet: TracedPacket): string[] {
  const { protocolVersion, cleanStart, keepAlive, sessionExpiryInterval, will } = packet;
  return [
    protocolVersion === undefined ? '' : `MQTT ${protocolVersion}`,
    cleanStart === true ? 'clean start' : '',
    packet.sessionPresent === true ? 'session present' : '',
    keepAlive === undefined ? '' : `keep alive ${keepAlive} s`,
    sessionExpiryInterval === undefined ? '' : `session for ${sessionExpiryInterval} s`,
    packet.hasUserName === true ? 'user name' : '',
    packet.hasPassword === true ? 'password' : '',
    will === undefined ? '' : `will ${messageWords(will)}`,
  ];
}

function messageWords({ topicName, qos, retain, payloadBytes }: TracedMessage): string {
  return `${quoted(topicName)}  QoS ${qos}${retain ? ' retain' : ''}  payload ${payloadBytes} B`;
}

function quoted(name: string): string {
  const short = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}... (${name.length} characters)` : name;
  return printable(short);
}
