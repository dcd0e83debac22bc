import { readFileSync } from 'node:fs';
import type { BenchOptions } from '@busbar/bench';
import { topicNameFault } from '@busbar/protocol';
import { CommandError, WrongUsage } from '../command/command-error.ts';
import { defineCommand, type OptionValues } from '../command/definition.ts';
import { ExitCode } from '../exit-code.ts';
import { benchOptions } from './bench-options.ts';

/** `busbar bench`: puts a load on a broker and measures what it does. */
export const benchCommand = defineCommand({
  name: 'bench',
  summary: 'measure a broker under load, and prove what arrives',
  description:
    'Puts a load on any MQTT broker and tells throughput, latency, and which messages were lost, came twice or out of order. What it is told to measure, it connects as many clients as; do not aim it at a broker that others rely on.',
  helpFlags: '--help',
  usageExitCode: ExitCode.usage,
  options: benchOptions,
  examples: [
    {
      line: 'busbar bench',
      what: '50 pairs of publisher and subscriber, QoS 0, as fast as the broker on localhost takes it',
    },
    { line: 'busbar bench -w fan-in --publishers 200 -q 1 -d 30s', what: '200 publishers to one subscriber, QoS 1' },
    {
      line: "busbar bench -r 8000 -d 1m --fail-if 'p99>20ms' 'lost>0'",
      what: '8,000 messages a second; exit code 3 if a hundredth of them took longer than 20 ms or one was lost',
    },
    {
      line: 'busbar bench -L mqtts://broker.example --cafile ca.pem -w connect --connections 5000 --json',
      what: '5,000 connections over TLS, the result as JSON',
    },
  ],
  notes: [
    'Workloads: fan-in, every publisher has a topic and every subscriber gets them all; fan-out, one topic that every subscriber gets; pairs, each publisher has a topic and one subscriber to it; shared, the subscribers share what all publishers publish; connect, clients connect as fast as the broker takes them; retained, retained messages are published, then subscribed to, then cleared.',
    'With --rate, latency counts from when a message should have left, so that what a busy broker holds up is not left out. What the figures mean, and which losses and duplicates the standard allows: docs/how-to/measure-a-broker.md. All exit codes: docs/reference/exit-codes.md.',
  ],
  explainArgument: (argument) => `unexpected word '${argument}': a workload is given with -w, a server with -L or -h`,
  async run(values) {
    const fault = topicNameFault(values.topicPrefix);
    if (fault !== undefined) throw new WrongUsage(`--topic-prefix: ${fault}`);
    const { runAndTell } = await import('./run-and-tell.ts'); // not before the command line is found right
    return runAndTell(optionsOf(values), values);
  },
});

type BenchValues = OptionValues<typeof benchOptions>;

/** @throws {WrongUsage} Options that do not go together. @throws {CommandError} A file cannot be read. */
function optionsOf(values: BenchValues): BenchOptions {
  const { userName, password } = credentialsOf(values);
  const version = values.version ?? (values.userProperties > 0 ? 5 : 4);
  if (password !== undefined && userName === undefined && version !== 5) {
    throw new WrongUsage('-P/--pw needs -u/--username below MQTT 5.0');
  }
  const { workload, connections, concurrency, messages, qos, size, userProperties, topicPrefix, pid } = values;
  const tls = tlsOf(values);
  return {
    url: urlOf(values).href,
    version,
    ...{ workload, connections, concurrency, messages, qos, size, userProperties, topicPrefix, pids: pid },
    ...given({ tls, userName, password, publishers: values.publishers, subscribers: values.subscribers }),
    ...given({ window: values.window, rate: values.rate, threads: values.threads }),
    ...given({ durationMs: values.durationMs, warmUpMs: values.warmUpMs, patienceMs: values.patienceMs }),
  };
}

/** Without those that were not given. */
function given<Values extends object>(values: Values): { [Name in keyof Values]?: NonNullable<Values[Name]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Values]?: NonNullable<Values[Name]>;
  };
}

/** The server, without user name and password. */
function urlOf({ url, host, port, caFile }: BenchValues): URL {
  if (url !== undefined) {
    if (host !== undefined || port !== undefined) throw new WrongUsage('-h and -p do not go together with -L/--url');
    const bare = new URL(url);
    bare.username = '';
    bare.password = '';
    return bare;
  }
  const scheme = caFile === undefined ? 'mqtt' : 'mqtts';
  return new URL(`${scheme}://${host ?? 'localhost'}:${port ?? (caFile === undefined ? 1883 : 8883)}`);
}

function credentialsOf({ url, userName, password }: BenchValues): { userName?: string; password?: string } {
  const name = userName ?? decoded(url?.username);
  const secret = password ?? decoded(url?.password);
  return { ...(name !== undefined && { userName: name }), ...(secret !== undefined && { password: secret }) };
}

function decoded(part: string | undefined): string | undefined {
  return part === undefined || part === '' ? undefined : decodeURIComponent(part);
}

function tlsOf({ caFile, certificate, key, isInsecure }: BenchValues): BenchOptions['tls'] {
  if ((certificate === undefined) !== (key === undefined)) throw new WrongUsage('--cert and --key need each other');
  if (caFile === undefined && certificate === undefined && !isInsecure) return undefined;
  return {
    ...(caFile !== undefined && { ca: read(caFile, '--cafile') }),
    ...(certificate !== undefined && { cert: read(certificate, '--cert') }),
    ...(key !== undefined && { key: read(key, '--key') }),
    ...(isInsecure && { rejectUnauthorized: false }),
  };
}

function read(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(ExitCode.failure, `cannot read ${flag} ${file}: ${(error as Error).message}`);
  }
}
