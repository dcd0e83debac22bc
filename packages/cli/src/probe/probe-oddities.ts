import { PacketType, type ProtocolVersion } from '@busbar/codec';
import type { ToolSettings } from '../tool/tool-settings.ts';
import { type Finding, rule, told } from './findings.ts';
import { acknowledgementOf, newName, openSession, publish, subscribe } from './probe-session.ts';

/**
 * Whether the server keeps rules that servers are known to break. Each is asked on a connection of its own, all at a time: a
 * server that answers nothing costs the time of one.
 */
export async function probeOddities(settings: ToolSettings, version: ProtocolVersion): Promise<Finding[]> {
  const topic = `busbar/probe/${newName()}`;
  const isVersion5 = version === 5;
  const broken: readonly [name: string, statement: string, hex: string][] = [
    ['a second CONNECT ends the connection', 'MQTT-3.1.0-2', connectHex(version)],
    ['a wildcard in a Topic Name is refused', 'MQTT-3.3.2-2', isVersion5 ? '30050001230078' : '300400012378'],
    ['a SUBSCRIBE without filters is refused', 'MQTT-3.8.3-2', isVersion5 ? '8203000100' : '82020001'],
    ['both QoS bits at once are refused', 'MQTT-3.3.1-4', isVersion5 ? '360700016100010078' : '3606000161000178'],
  ];
  const [more, ...findings] = await Promise.all([
    isVersion5 ? probeVersion5(settings, topic) : [],
    ...broken.map(async ([name, statement, hex]) => rule(name, await hangsUp(settings, version, hex), statement)),
    probeDuplicate(settings, version, topic),
    probeOverlap(settings, version, topic),
    probeSystemTopics(settings, version),
  ]);
  return [...findings, ...more];
}

/** Whether the server closes the connection over a broken packet; undefined: it did not let us in. */
async function hangsUp(settings: ToolSettings, version: ProtocolVersion, hex: string): Promise<boolean | undefined> {
  const { connection, connack } = await openSession(settings, { version });
  connection.sendBytes(Buffer.from(hex, 'hex'));
  const isClosed = await connection.hangsUp();
  connection.end();
  return connack?.reasonCode === 0 ? isClosed : undefined;
}

function connectHex(version: ProtocolVersion): string {
  if (version === 3) return '100f00064d514973647003020000000178';
  return version === 5 ? '100e00044d5154540502000000000178' : '100d00044d51545404020000000178';
}

/** A QoS 2 message that is sent twice comes once. */
async function probeDuplicate(settings: ToolSettings, version: ProtocolVersion, topic: string): Promise<Finding> {
  const { connection } = await openSession(settings, { version });
  await subscribe(connection, [{ topicFilter: topic, qos: 0 }]);
  const message = {
    type: PacketType.publish,
    qos: 2,
    retain: false,
    topicName: topic,
    packetId: 9,
    properties: {},
  } as const;
  const payload = Buffer.from('once');
  connection.send({ ...message, dup: false, payload });
  const first = await connection.next(acknowledgementOf(PacketType.pubrec));
  connection.send({ ...message, dup: true, payload });
  await connection.next(acknowledgementOf(PacketType.pubrec));
  connection.send({ type: PacketType.pubrel, packetId: 9, reasonCode: 0, properties: {} });
  await connection.next(acknowledgementOf(PacketType.pubcomp));
  const { length } = await connection.messages();
  connection.end();
  return rule('a QoS 2 message sent twice comes once', first === undefined ? undefined : length === 1, 'MQTT-4.3.3-10');
}

/** The standard leaves it to the server: one copy, or one for each subscription that matches. */
async function probeOverlap(settings: ToolSettings, version: ProtocolVersion, topic: string): Promise<Finding> {
  const { connection } = await openSession(settings, { version });
  await subscribe(connection, [
    { topicFilter: `${topic}/a`, qos: 0 },
    { topicFilter: `${topic}/+`, qos: 0 },
  ]);
  await publish(connection, `${topic}/a`, 'x');
  const { length } = await connection.messages();
  connection.end();
  return told('copies for two subscriptions that match', length);
}

/** `#` does not stand for topics that begin with a dollar sign. */
async function probeSystemTopics(settings: ToolSettings, version: ProtocolVersion): Promise<Finding> {
  const { connection } = await openSession(settings, { version });
  const codes = await subscribe(connection, [{ topicFilter: '#', qos: 0 }]);
  const messages = await connection.messages();
  connection.end();
  const isKept = codes === undefined ? undefined : !messages.some(({ topicName }) => topicName.startsWith('$'));
  return rule('# does not match $SYS', isKept, 'MQTT-4.7.2-1');
}

async function probeVersion5(settings: ToolSettings, topic: string): Promise<Finding[]> {
  const { connection, connack } = await openSession(settings, { version: 5, clientIdentifier: '' });
  const assigned = connack?.properties.assignedClientIdentifier;
  const isAccepted = connack?.reasonCode === 0;
  const maximum = connack?.properties.topicAliasMaximum ?? 0;
  const findings = [
    rule(
      'an empty Client Identifier is given a name',
      isAccepted ? assigned !== undefined : undefined,
      'MQTT-3.2.2-16',
    ),
  ];
  const code = await publish(connection, `${topic}/nobody`, 'x', { qos: 1 });
  findings.push(
    told(
      'PUBACK when nobody has subscribed',
      code === 0x10 ? '0x10, no matching subscribers' : `0x${(code ?? 0).toString(16).padStart(2, '0')}`,
    ),
  );
  await publish(connection, topic, 'x', { properties: { topicAlias: maximum + 1 } });
  findings.push(rule('a Topic Alias over the maximum is refused', await connection.hangsUp(), 'MQTT-3.3.2-9'));
  connection.end();
  return findings;
}
