import type { LossReport } from '@busbar/broker';
import { noneOf } from '../command/value.ts';
import { ControlClient } from '../control/control-client.ts';
import { findControlSocket } from '../control/control-socket.ts';
import { ExitCode } from '../exit-code.ts';
import { jsonLine } from '../terminal/json-line.ts';
import { Table } from './table.ts';

/** What is looked at, and how it is shown. */
export interface InspectOptions {
  readonly port: number | undefined;
  readonly socket: string | undefined;
  readonly match: string | undefined;
  readonly json: boolean;
}

/** The columns of each list: the names of the fields, and how people read them. */
const COLUMNS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  clients: {
    clientIdentifier: 'CLIENT',
    userName: 'USER',
    remote: 'FROM',
    protocolVersion: 'MQTT',
    connectedSeconds: 'SECONDS',
    subscriptions: 'SUBSCRIPTIONS',
    queued: 'QUEUED',
    inFlight: 'IN FLIGHT',
  },
  sessions: {
    clientIdentifier: 'CLIENT',
    userName: 'USER',
    isConnected: 'CONNECTED',
    awaySeconds: 'AWAY S',
    expiryInterval: 'EXPIRY S',
    subscriptions: 'SUBSCRIPTIONS',
    queued: 'QUEUED',
    queuedBytes: 'BYTES',
    inFlight: 'IN FLIGHT',
    hasWill: 'WILL',
  },
  subscriptions: { clientIdentifier: 'CLIENT', topicFilter: 'TOPIC FILTER', qos: 'QOS', noLocal: 'NO LOCAL' },
  retained: { topicName: 'TOPIC', qos: 'QOS', payloadBytes: 'BYTES', publisher: 'FROM', expiresInSeconds: 'EXPIRES S' },
  topics: { topicName: 'TOPIC', receivers: 'RECEIVERS' },
};

/** Rows that are gathered before a table is written: more come as further tables. */
const ROWS_AT_A_TIME = 10_000;
/** Characters of a name that a table shows. */
const LONGEST_NAME = 100;

/** Asks and prints. @returns The exit code. @throws {CommandError} No broker answers. @throws {WrongUsage} There is no such thing. */
export async function inspect(what: string, { port, socket, match, json }: InspectOptions): Promise<number> {
  const columns = Object.hasOwn(COLUMNS, what) ? COLUMNS[what] : undefined;
  if (columns === undefined && what !== 'losses' && what !== 'stats') {
    throw noneOf([...Object.keys(COLUMNS), 'losses', 'stats'], what);
  }
  const client = new ControlClient(socket ?? (await findControlSocket(port)));
  if (columns !== undefined) await printList(client, what, columns, match, json);
  else if (json) process.stdout.write(jsonLine(await client.get(what)));
  else if (what === 'losses') process.stdout.write(describeLosses((await client.get(what)) as LossReport));
  else process.stdout.write(describeStats((await client.get(what)) as Record<string, unknown>));
  return ExitCode.success;
}

async function printList(
  client: ControlClient,
  what: string,
  columns: Readonly<Record<string, string>>,
  match: string | undefined,
  json: boolean,
): Promise<void> {
  let table = new Table(Object.values(columns));
  const isWanted = (item: Record<string, unknown>): boolean =>
    match === undefined || Object.values(item).some((value) => typeof value === 'string' && value.includes(match));
  for await (const item of client.list(what)) {
    if (!isWanted(item)) continue;
    if (json) process.stdout.write(jsonLine(item));
    else table.add(Object.keys(columns).map((name) => shown(item[name])));
    if (table.length < ROWS_AT_A_TIME) continue;
    process.stdout.write(table.toString());
    table = new Table(Object.values(columns));
  }
  if (!json) process.stdout.write(table.toString());
}

function shown(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return shortened(value);
  return value ?? undefined;
}

/** Columns are as wide as their longest name, and a peer's may have 65,535 bytes: JSON has them whole. */
function shortened(name: string): string {
  if (name.length <= LONGEST_NAME) return name;
  const start = name.slice(0, LONGEST_NAME).replace(/[\ud800-\udbff]$/, ''); // no half of a character
  return `${start}... (${name.length} characters)`;
}

function describeLosses({ losses, refusals, topics, sessions, elsewhere }: LossReport): string {
  const all = { ...losses, ...refusals };
  if (Object.keys(all).length === 0) return 'nothing was lost\n';
  const reasons = new Table(['REASON', 'MESSAGES', 'LATEST TOPICS']);
  for (const [reason, count] of Object.entries(all)) {
    reasons.add([
      reason,
      count,
      topics[reason as keyof typeof topics]?.slice(-3).reverse().map(shortened).join(', ') ?? '',
    ]);
  }
  const table = new Table(['SESSION', 'MESSAGES', 'REASONS', 'LATEST TOPIC']);
  for (const { clientIdentifier, losses: own, latestTopic } of [...sessions].reverse()) {
    const total = Object.values(own).reduce((sum, count) => sum + count, 0);
    const named = Object.entries(own).map(([reason, count]) => `${reason} ${count}`);
    table.add([shown(clientIdentifier) || '(none)', total, named.join(', '), shown(latestTopic)]);
  }
  const rest = elsewhere === 0 ? '' : `and ${elsewhere} of sessions that are no longer listed\n`;
  return `${reasons}${sessions.length === 0 ? '' : `\n${table}`}${rest}`;
}

function describeStats(stats: Record<string, unknown>): string {
  const table = new Table(['WHAT', 'VALUE']);
  for (const [name, value] of Object.entries(stats))
    table.add([name, typeof value === 'object' ? JSON.stringify(value) : value]);
  return table.toString();
}
