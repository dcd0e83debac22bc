import { type ConnackPacket, PacketType, type ProtocolVersion } from '@busbar/codec';
import type { ToolSettings } from '../tool/tool-settings.ts';
import { capability, type Finding, told } from './findings.ts';
import { isPublish, ofType, type ProbeConnection } from './probe-connection.ts';
import { newName, openSession, publish, subscribe } from './probe-session.ts';

const PINGS = 5;

/** What the CONNACK of 5.0 says of the server's limits. */
export function limitsOf({ properties }: ConnackPacket): Finding[] {
  return [
    told('Receive Maximum', properties.receiveMaximum ?? '65535, not limited'),
    told('Maximum Packet Size', properties.maximumPacketSize ?? 'not limited'),
    told('Topic Alias Maximum', properties.topicAliasMaximum ?? '0, no aliases'),
    told('Maximum QoS', properties.maximumQoS ?? 2),
    told(
      'Server Keep Alive',
      properties.serverKeepAlive === undefined ? 'as asked for' : `${properties.serverKeepAlive} s`,
    ),
    told('Session Expiry Interval', properties.sessionExpiryInterval ?? 'as asked for'),
    told('Assigned Client Identifier', properties.assignedClientIdentifier ?? 'none'),
  ];
}

/** The middle of some round trips of PINGREQ and PINGRESP. */
export async function measureLatency(connection: ProbeConnection): Promise<Finding> {
  const times: number[] = [];
  for (let count = 0; count < PINGS; count++) {
    const startedAt = performance.now();
    connection.send({ type: PacketType.pingreq });
    if ((await connection.next(ofType(PacketType.pingresp))) === undefined) return capability('PINGRESP', false);
    times.push(performance.now() - startedAt);
  }
  const middle = times.sort((one, other) => one - other)[Math.floor(PINGS / 2)] ?? 0;
  return told('round trip (PINGREQ)', `${middle.toFixed(2)} ms`);
}

/** What the server does when it is asked to. */
export async function probeCapabilities(settings: ToolSettings, version: ProtocolVersion): Promise<Finding[]> {
  const topic = `busbar/probe/${newName()}`;
  const ask = async (probePart: (connection: ProbeConnection, topic: string) => Promise<Finding[]>) => {
    const { connection } = await openSession(settings, { version });
    const findings = await probePart(connection, topic);
    connection.end();
    return findings;
  };
  const parts = [probeQos, probeRetained, probeFilters, ...(version === 5 ? [probeVersion5] : [])];
  const [session, ...findings] = await Promise.all([probeSession(settings, version, topic), ...parts.map(ask)]);
  return [...findings.flat(), session];
}

async function probeQos(connection: ProbeConnection, topic: string): Promise<Finding[]> {
  const [granted] = (await subscribe(connection, [{ topicFilter: `${topic}/qos` }])) ?? [];
  const findings: Finding[] = [told('QoS granted of 2', granted === undefined ? 'no answer' : granted)];
  for (const qos of [0, 1, 2] as const) {
    const startedAt = performance.now();
    const code = await publish(connection, `${topic}/qos`, `qos ${qos}`, { qos });
    const message = await connection.next(isPublish);
    const elapsed = `${(performance.now() - startedAt).toFixed(1)} ms there and back`;
    const isDone = code !== undefined && code < 0x80 && message !== undefined;
    findings.push(capability(`QoS ${qos}`, isDone, isDone ? `${elapsed}, came with QoS ${message.qos}` : ''));
  }
  return findings;
}

async function probeRetained(connection: ProbeConnection, topic: string): Promise<Finding[]> {
  await publish(connection, `${topic}/retained`, 'kept', { qos: 1, retain: true });
  await subscribe(connection, [{ topicFilter: `${topic}/retained` }]);
  const message = await connection.next(isPublish);
  await publish(connection, `${topic}/retained`, '', { qos: 1, retain: true });
  await connection.messages();
  return [capability('retained messages', message?.retain === true)];
}

async function probeFilters(connection: ProbeConnection, topic: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [name, topicFilter] of [
    ['wildcard +', `${topic}/+/plus`],
    ['wildcard #', `${topic}/hash/#`],
    ['shared subscriptions', `$share/probe/${topic}/shared`],
  ] as const) {
    const [code] = (await subscribe(connection, [{ topicFilter }])) ?? [];
    const target = topicFilter.replace('$share/probe/', '').replace('+', 'any').replace('#', 'any');
    await publish(connection, target, 'x');
    const message = code !== undefined && code < 0x80 ? await connection.next(isPublish) : undefined;
    findings.push(capability(name, message !== undefined));
  }
  return findings;
}

async function probeVersion5(connection: ProbeConnection, topic: string): Promise<Finding[]> {
  const identified = `${topic}/identified`;
  await subscribe(connection, [{ topicFilter: identified }], { subscriptionIdentifiers: [77] });
  const properties = {
    contentType: 'text/plain',
    responseTopic: 'r',
    correlationData: Uint8Array.of(1),
    messageExpiryInterval: 60,
    userProperties: [['k', 'v']] as [string, string][],
  };
  await publish(connection, identified, 'x', { properties });
  const message = await connection.next(isPublish);
  const got = message?.properties ?? {};
  const kept = (Object.keys(properties) as (keyof typeof properties)[]).filter((name) => got[name] !== undefined);
  await subscribe(connection, [{ topicFilter: `${topic}/local`, noLocal: true }]);
  await publish(connection, `${topic}/local`, 'x');
  const local = await connection.messages();
  return [
    capability('Subscription Identifiers', got.subscriptionIdentifiers?.includes(77) === true),
    capability(
      'properties are handed on',
      kept.length === 5,
      kept.length === 5 ? '' : `only ${kept.join(', ') || 'none'}`,
    ),
    capability('No Local', local.length === 0),
    capability('uses Topic Aliases itself', got.topicAlias !== undefined),
  ];
}

/** A session that goes on: what was published meanwhile comes afterwards. */
async function probeSession(settings: ToolSettings, version: ProtocolVersion, topic: string): Promise<Finding> {
  const clientIdentifier = newName();
  const connect = { version, clientIdentifier, cleanStart: false, sessionExpiryInterval: 60 };
  const first = await openSession(settings, connect);
  await subscribe(first.connection, [{ topicFilter: `${topic}/session` }]);
  first.connection.end();
  await first.connection.closes();
  const between = await openSession(settings, { version });
  await publish(between.connection, `${topic}/session`, 'meanwhile', { qos: 1 });
  between.connection.end();
  const second = await openSession(settings, connect);
  const [message] = await second.connection.messages();
  second.connection.end();
  // Not left behind on somebody's server.
  const last = await openSession(settings, { version, clientIdentifier });
  last.connection.end();
  const isKept = message !== undefined;
  return capability('sessions that go on', isKept, isKept ? `Session Present ${second.connack?.sessionPresent}` : '');
}
