import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { type Packet, PacketType } from '@busbar/codec';
import { findMosquitto, subscribePacket, willMessage } from '@busbar/testkit';
import { describe, test, vi } from 'vitest';
import { answersTo, ConfiguredBroker, message } from './both-brokers.ts';

vi.setConfig({ testTimeout: 90_000 });

/** What a scenario does, and what it saw: with one mosquitto.conf, both brokers must show the same. */
interface Scenario {
  readonly conf: string;
  readonly args?: readonly string[];
  /** Before the start: files beside the configuration. */
  readonly prepare?: (broker: ConfiguredBroker) => void | Promise<void>;
  readonly see: (broker: ConfiguredBroker) => Promise<unknown>;
}

const OPEN = 'listener $PORT 127.0.0.1\nallow_anonymous true\n';
const named = (userName: string, password = `pw-${userName}`) => ({ userName, password: Buffer.from(password) });
const lasting = { cleanStart: false, clientIdentifier: 'lasting' };

async function passwords(broker: ConfiguredBroker, ...users: readonly string[]): Promise<void> {
  broker.write('passwd', users.map((user) => `${user}:pw-${user}\n`).join(''));
  // Mosquitto's own tool makes hashes of them.
  const { PeerProcess } = await import('@busbar/testkit');
  await new PeerProcess('mosquitto_passwd', ['-U', `${broker.folder}/passwd`]).ended;
}

/** Publishes to each topic and says who of two, with and without a name, got it. */
async function whoGets(broker: ConfiguredBroker, topics: readonly string[], users: readonly (string | undefined)[]) {
  const readers = await Promise.all(
    users.map((user, at) => broker.enter({ clientIdentifier: `r${at}`, ...(user === undefined ? {} : named(user)) })),
  );
  const granted: string[][] = [];
  for (const reader of readers) granted.push(await answersTo(reader, subscribePacket(1, '#')));
  for (const [at, user] of users.entries()) {
    const writer = await broker.enter({ clientIdentifier: `w${at}`, ...(user === undefined ? {} : named(user)) });
    await answersTo(writer, ...topics.map((topicName) => message(topicName, `of ${user ?? 'nobody'}`, 1)));
  }
  const got: string[][] = [];
  for (const reader of readers) got.push((await answersTo(reader)).sort());
  return { granted, got };
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'nothing but a port: nobody comes in without a name, and nobody knows names': {
    conf: 'port $PORT\n',
    see: async (broker) => [
      await broker.knock(),
      await broker.knock(named('ann')),
      await broker.knock({ protocolVersion: 5 }),
    ],
  },
  'an empty file: this machine comes in': {
    conf: '# nothing\r\n\r\n',
    args: ['-c', '$DIR/mosquitto.conf', '-p', '$PORT'],
    see: async (broker) => [await broker.knock(), await broker.knock(named('ann'))],
  },
  'no file, -p and -v': {
    conf: '',
    args: ['-v', '-p', '$PORT'],
    see: (broker) => broker.knock(),
  },
  'Windows line ends, tabs, blanks at the end': {
    conf: 'listener $PORT 127.0.0.1  \r\nallow_anonymous true\r\n\r\n# x\r\nmax_keepalive 100\r\n',
    see: async (broker) => [await broker.knock({ protocolVersion: 5, keepAlive: 200 }), await broker.knock()],
  },
  'allow_anonymous with a password_file: anonymous, right, wrong, unknown, no password': {
    conf: `${OPEN}password_file $DIR/passwd\n`,
    prepare: (broker) => passwords(broker, 'ann', 'bob'),
    see: async (broker) => {
      const seen: string[] = [];
      for (const protocolVersion of [3, 4, 5] as const) {
        const clientIdentifier = 'x';
        seen.push(
          await broker.knock({ protocolVersion, clientIdentifier }),
          await broker.knock({ protocolVersion, clientIdentifier, ...named('ann') }),
          await broker.knock({ protocolVersion, clientIdentifier, ...named('ann', 'wrong') }),
          await broker.knock({ protocolVersion, clientIdentifier, ...named('zoe') }),
          await broker.knock({ protocolVersion, clientIdentifier, userName: 'ann' }),
        );
      }
      return seen;
    },
  },
  'password_file without anonymous, and the tools': {
    conf: 'listener $PORT 127.0.0.1\nallow_anonymous false\npassword_file $DIR/passwd\n',
    prepare: (broker) => passwords(broker, 'ann'),
    see: async (broker) => [
      await broker.tool('mosquitto_pub', ['-t', 'a', '-m', 'x']),
      await broker.tool('mosquitto_pub', ['-t', 'a', '-m', 'x', '-u', 'ann', '-P', 'pw-ann', '-q', '1']),
      await broker.tool('mosquitto_pub', ['-t', 'a', '-m', 'x', '-u', 'ann', '-P', 'wrong', '-V', '5']),
      await broker.tool('mosquitto_sub', ['-t', 'a', '-u', 'zoe', '-P', 'x', '-W', '1']),
    ],
  },
  'acl_file: topics, users, patterns, denials': {
    conf: `${OPEN}password_file $DIR/passwd\nacl_file $DIR/acl\n`,
    prepare: async (broker) => {
      await passwords(broker, 'ann', 'bob');
      broker.write(
        'acl',
        'topic read open/#\ntopic write drop/#\n\nuser ann\ntopic readwrite a/#\ntopic deny a/secret\ntopic read both/#\n\nuser bob\ntopic both/#\npattern readwrite own/%u/#\npattern read id/%c/+\n',
      );
    },
    see: (broker) =>
      whoGets(
        broker,
        ['open/1', 'drop/1', 'a/1', 'a/secret', 'both/1', 'own/ann/1', 'own/bob/1', 'id/r1/x', '$SYS/x', 'a', 'A/1'],
        [undefined, 'ann', 'bob'],
      ),
  },
  'per_listener_settings: users and rules of each listener': {
    conf: `per_listener_settings true
listener $PORT 127.0.0.1
password_file $DIR/passwd
acl_file $DIR/acl
listener $PORT2 127.0.0.1
allow_anonymous true
listener $PORT3 127.0.0.1
`,
    prepare: async (broker) => {
      await passwords(broker, 'ann');
      broker.write('acl', 'user ann\ntopic readwrite a/#\n');
    },
    see: async (broker) => {
      const seen: unknown[] = [];
      for (const port of broker.ports) seen.push(await broker.knock({}, port), await broker.knock(named('ann'), port));
      const ann = await broker.enter(named('ann'));
      const guest = await broker.enter({ clientIdentifier: 'guest' }, broker.ports[1]);
      seen.push(await answersTo(guest, subscribePacket(1, '#')), await answersTo(ann, subscribePacket(1, '#')));
      await answersTo(ann, message('a/1', 'x', 1), message('b/1', 'x', 1));
      await answersTo(guest, message('a/2', 'x', 1), message('b/2', 'x', 1));
      return [...seen, await answersTo(ann), await answersTo(guest)];
    },
  },
  'max_connections: at some point one more is closed': {
    conf: `${OPEN}max_connections 3\n`,
    see: async (broker) => {
      const told: string[] = [];
      for (let at = 0; at < 6; at++) told.push((await broker.connect({ clientIdentifier: `c${at}` })).told);
      return told.at(-1);
    },
  },
  'max_keepalive: 5.0 clients are told, and 0 is too much': {
    conf: `${OPEN}max_keepalive 30\n`,
    see: async (broker) => {
      const seen: string[] = [];
      for (const keepAlive of [10, 30, 31, 0]) seen.push(await broker.knock({ protocolVersion: 5, keepAlive }));
      for (const keepAlive of [10, 30]) seen.push(await broker.knock({ keepAlive }));
      return seen;
    },
  },
  'max_packet_size ends who sends more': {
    conf: `${OPEN}max_packet_size 200\n`,
    see: async (broker) => {
      const seen: unknown[] = [];
      for (const protocolVersion of [4, 5] as const) {
        const client = await broker.enter({ protocolVersion });
        seen.push(await answersTo(client, message('a', 'x'.repeat(100), 1)));
        seen.push((await answersTo(client, message('a', 'x'.repeat(300), 1))).at(-1));
      }
      return seen;
    },
  },
  'max_inflight_messages 1 to a client that does not acknowledge': {
    conf: `${OPEN}max_inflight_messages 1\n`,
    see: async (broker) => {
      const reader = await broker.enter({ clientIdentifier: 'reader' });
      await answersTo(reader, subscribePacket(1, 'a', { qos: 1 }));
      const writer = await broker.enter({ clientIdentifier: 'writer' });
      for (const payload of ['1', '2', '3']) await answersTo(writer, message('a', payload, 1));
      const seen = [await answersTo(reader)];
      for (let packetId = 1; packetId <= 3; packetId++) {
        seen.push(await answersTo(reader, { type: PacketType.puback, packetId, reasonCode: 0, properties: {} }));
        seen.push(await answersTo(reader));
      }
      return seen;
    },
  },
  'max_queued_messages: how many wait for a client that is away': {
    conf: `${OPEN}max_queued_messages 5\nmax_inflight_messages 20\n`,
    see: async (broker) => {
      const away = await broker.enter(lasting);
      await answersTo(away, subscribePacket(1, 'a', { qos: 1 }));
      away.transport.destroy();
      const writer = await broker.enter({ clientIdentifier: 'writer' });
      for (let at = 0; at < 4; at++) await answersTo(writer, message('a', `${at}`, 1));
      const back = await broker.enter(lasting);
      return answersTo(back);
    },
  },
  'queue_qos0_messages true': {
    conf: `${OPEN}queue_qos0_messages true\n`,
    see: (broker) => qos0Waits(broker),
  },
  'queue_qos0_messages false': {
    conf: `${OPEN}queue_qos0_messages false\n`,
    see: (broker) => qos0Waits(broker),
  },
  'retain_available false': {
    conf: `${OPEN}retain_available false\n`,
    see: async (broker) => {
      const old = await broker.enter({ clientIdentifier: 'old' });
      const seen: unknown[] = [await answersTo(old, message('a', 'x', 1, true))];
      seen.push(
        await broker.knock({ protocolVersion: 5 }),
        await broker.knock({ protocolVersion: 5, will: willMessage('a', { retain: true }) }),
      );
      const client = await broker.enter({ protocolVersion: 5 });
      seen.push(await answersTo(client, message('a', 'x', 1, true)));
      const reader = await broker.enter({ clientIdentifier: 'reader' });
      return [...seen, await answersTo(reader, subscribePacket(1, '#'))];
    },
  },
  'message_size_limit: larger messages reach nobody': {
    conf: `${OPEN}message_size_limit 100\n`,
    see: async (broker) => {
      const reader = await broker.enter({ clientIdentifier: 'reader' });
      await answersTo(reader, subscribePacket(1, '#'));
      const writer = await broker.enter({ clientIdentifier: 'writer' });
      const large = 'x'.repeat(101);
      const seen = [await answersTo(writer, message('a', 'x'.repeat(100), 1))];
      for (const qos of [0, 1, 2] as const) seen.push(await answersTo(writer, message('a', large, qos)));
      const newer = await broker.enter({ clientIdentifier: 'newer', protocolVersion: 5 });
      seen.push(await answersTo(newer, message('a', large, 0)));
      const payload = Buffer.from(large);
      for (const protocolVersion of [4, 5] as const) {
        seen.push([
          await broker.knock({ protocolVersion, clientIdentifier: 'w', will: willMessage('a', { payload }) }),
        ]);
      }
      return [...seen, await answersTo(reader)];
    },
  },
  allow_zero_length_clientid: {
    conf: `${OPEN}allow_zero_length_clientid false\n`,
    see: (broker) => nameless(broker),
  },
  'allow_zero_length_clientid true': {
    conf: `${OPEN}allow_zero_length_clientid true\n`,
    see: (broker) => nameless(broker),
  },
  auto_id_prefix: { conf: `${OPEN}auto_id_prefix plant\n`, see: (broker) => nameless(broker) },
  clientid_prefixes: {
    conf: `${OPEN}clientid_prefixes dev-\n`,
    see: async (broker) => [
      await broker.knock({ clientIdentifier: 'dev-1' }),
      await broker.knock({ clientIdentifier: 'other' }),
      await broker.knock({ clientIdentifier: 'other', protocolVersion: 5 }),
    ],
  },
  use_username_as_clientid: {
    conf: `${OPEN}password_file $DIR/passwd\nuse_username_as_clientid true\n`,
    prepare: (broker) => passwords(broker, 'ann'),
    see: async (broker) => {
      const first = await broker.enter({ ...named('ann'), clientIdentifier: 'one' });
      const told = await broker.knock({ ...named('ann'), clientIdentifier: 'two', protocolVersion: 5 });
      await first.untilClosed();
      return [
        told,
        await broker.knock({ clientIdentifier: 'three' }),
        await broker.knock({ ...named('ann'), clientIdentifier: '' }),
      ];
    },
  },
  check_retain_source: {
    conf: `${OPEN}password_file $DIR/passwd\nacl_file $DIR/acl\ncheck_retain_source true\n`,
    prepare: async (broker) => {
      await passwords(broker, 'ann');
      broker.write('acl', 'topic read a/#\nuser ann\ntopic readwrite a/#\n');
    },
    see: (broker) => retainedAfterReload(broker),
  },
  'check_retain_source false': {
    conf: `${OPEN}password_file $DIR/passwd\nacl_file $DIR/acl\ncheck_retain_source false\n`,
    prepare: async (broker) => {
      await passwords(broker, 'ann');
      broker.write('acl', 'topic read a/#\nuser ann\ntopic readwrite a/#\n');
    },
    see: (broker) => retainedAfterReload(broker),
  },
  'persistence: what a stop and a start leave': {
    conf: `${OPEN}persistence true\npersistence_location $DIR/\npersistence_file m.db\nautosave_interval 1\n`,
    see: async (broker) => {
      const away = await broker.enter(lasting);
      await answersTo(away, subscribePacket(1, 'a/#', { qos: 1 }));
      away.transport.destroy();
      const writer = await broker.enter({ clientIdentifier: 'writer' });
      await answersTo(writer, message('a/1', 'waits', 1), message('a/2', 'stays', 1, true));
      const code = await broker.stop();
      assert.equal(await broker.start(), undefined);
      const { client, told } = await broker.connect(lasting);
      const reader = await broker.enter({ clientIdentifier: 'reader' });
      return [code, told, await answersTo(client), await answersTo(reader, subscribePacket(1, '#'))];
    },
  },
  'no persistence: nothing is left': {
    conf: `${OPEN}persistence false\n`,
    see: async (broker) => {
      const away = await broker.enter(lasting);
      await answersTo(away, subscribePacket(1, 'a/#', { qos: 1 }), message('a/2', 'stays', 1, true));
      await broker.stop();
      assert.equal(await broker.start(), undefined);
      const { client, told } = await broker.connect(lasting);
      return [told, await answersTo(client, subscribePacket(1, '#'))];
    },
  },
  'SIGHUP: users come and go': {
    conf: 'listener $PORT 127.0.0.1\nallow_anonymous false\npassword_file $DIR/passwd\n',
    prepare: (broker) => passwords(broker, 'ann'),
    see: async (broker) => {
      const seen = [await broker.knock(named('ann')), await broker.knock(named('bob'))];
      await passwords(broker, 'bob');
      broker.signal('SIGHUP');
      await vi.waitFor(async () => assert.match(await broker.knock(named('bob')), / 0/), {
        timeout: 20_000,
        interval: 300,
      });
      return [...seen, await broker.knock(named('ann'))];
    },
  },
  include_dir: {
    conf: 'include_dir $DIR/conf.d\n',
    prepare: (broker) => {
      mkdirSync(`${broker.folder}/conf.d`);
      broker.write('conf.d/b.conf', 'allow_anonymous true\n');
      broker.write('conf.d/a.conf', 'listener $PORT 127.0.0.1\r\n');
      broker.write('conf.d/ignored.txt', 'bogus\n');
    },
    see: (broker) => broker.knock(),
  },
  'sys_interval: $SYS says what it says': {
    conf: `${OPEN}sys_interval 1\n`,
    see: async (broker) => {
      const client = await broker.enter();
      client.send(subscribePacket(1, '$SYS/broker/clients/total'));
      await client.next();
      const packet = (await client.next()) as Packet & { readonly topicName: string; retain: boolean };
      return [packet.topicName, packet.retain];
    },
  },
  mount_point: {
    conf: `${OPEN}mount_point north/\nlistener $PORT2 127.0.0.1\n`,
    see: async (broker) => {
      const inside = await broker.enter({ clientIdentifier: 'inside' });
      const outside = await broker.enter({ clientIdentifier: 'outside' }, broker.ports[1]);
      await answersTo(outside, subscribePacket(1, '#'));
      await answersTo(inside, subscribePacket(1, '#'), message('a', 'x', 1));
      await answersTo(outside, message('north/b', 'y', 1), message('c', 'z', 1));
      // Mosquitto 2.0.11 leaves the prefix where it does not belong, against its manual: the payload says what came.
      const payloads = (answers: readonly string[]) => answers.map((each) => each.split(' ').at(-1)).sort();
      return [payloads(await answersTo(outside)), payloads(await answersTo(inside))];
    },
  },
  'protocol websockets, beside a plain listener': {
    conf: `${OPEN}listener $PORT2 127.0.0.1\nprotocol websockets\n`,
    see: async (broker) => {
      const plain = await broker.enter({ clientIdentifier: 'plain' });
      await answersTo(plain, subscribePacket(1, 'a'));
      const web = await broker.enterWeb({ clientIdentifier: 'web' }, '/mqtt', broker.ports[1]);
      const seen = [await answersTo(web, subscribePacket(1, 'a', { qos: 1 }), message('a', 'x', 1))];
      await broker.enterWeb({ clientIdentifier: 'elsewhere' }, '/', broker.ports[1]);
      return [...seen, await answersTo(plain)];
    },
  },
  'a Unix socket': {
    conf: `${OPEN}listener 0 $DIR/broker.sock\n`,
    see: async (broker) => {
      const plain = await broker.enter({ clientIdentifier: 'plain' });
      await answersTo(plain, subscribePacket(1, 'a'));
      const { exitCode } = await broker.tool('mosquitto_pub', [
        '--unix',
        '$DIR/broker.sock',
        '-t',
        'a',
        '-m',
        'x',
        '-q',
        '1',
      ]);
      return [exitCode, await answersTo(plain)];
    },
  },
  'retained messages, Wills, Clean Session, QoS 2, overlapping filters': {
    conf: OPEN,
    see: async (broker) => {
      const writer = await broker.enter({ clientIdentifier: 'writer' });
      const seen: unknown[] = [await answersTo(writer, message('r/1', 'one', 1, true), message('r/2', 'two', 1, true))];
      seen.push(await answersTo(writer, message('r/2', '', 1, true), message('$r', 'hidden', 1, true)));
      const reader = await broker.enter({ clientIdentifier: 'reader' });
      seen.push(await answersTo(reader, subscribePacket(1, '#')), await answersTo(reader, subscribePacket(2, '$r')));
      const willed = await broker.enter({
        clientIdentifier: 'willed',
        will: willMessage('w', { payload: Buffer.from('gone') }),
      });
      willed.transport.destroy();
      await vi.waitFor(() => assert.ok(reader.packets.length > 0), { timeout: 10_000 });
      seen.push(await answersTo(reader), await answersTo(writer, message('two', 'x', 2)));
      return seen;
    },
  },
  'a mistake ends the start': {
    conf: `${OPEN}no_such_option 1\n`,
    see: async () => 'running',
  },
  'a value that is none ends the start': { conf: `${OPEN}allow_anonymous perhaps\n`, see: async () => 'running' },
  'log_dest none, log_type, pid_file, user and the rest change nothing that clients see': {
    conf: `pid_file $DIR/pid\nuser root\nlog_dest none\nlog_type all\nconnection_messages true\nlog_timestamp true\nlog_timestamp_format %H\nset_tcp_nodelay true\nautosave_on_changes true\nmemory_limit 100000000\nmax_queued_bytes 10000\npersistent_client_expiration 1d\n${OPEN}max_topic_alias 5\nsocket_domain ipv4\nmax_qos 1\n`,
    see: async (broker) => {
      const client = await broker.enter({ protocolVersion: 5 });
      return [
        await broker.knock({ protocolVersion: 5, clientIdentifier: 'other' }),
        await answersTo(client, subscribePacket(1, 'a', { qos: 2 })),
      ];
    },
  },
};

async function qos0Waits(broker: ConfiguredBroker): Promise<unknown> {
  const away = await broker.enter(lasting);
  await answersTo(away, subscribePacket(1, 'a', { qos: 1 }));
  away.transport.destroy();
  const writer = await broker.enter({ clientIdentifier: 'writer' });
  await answersTo(writer, message('a', 'zero'), message('a', 'one', 1));
  return answersTo(await broker.enter(lasting));
}

async function nameless(broker: ConfiguredBroker): Promise<string[]> {
  const seen: string[] = [];
  for (const protocolVersion of [4, 5] as const) {
    for (const cleanStart of [true, false])
      seen.push(await broker.knock({ protocolVersion, cleanStart, clientIdentifier: '' }));
  }
  return seen;
}

async function retainedAfterReload(broker: ConfiguredBroker): Promise<unknown> {
  const ann = await broker.enter({ ...named('ann'), clientIdentifier: 'ann' });
  await answersTo(ann, message('a/1', 'kept', 1, true));
  const before = await broker.enter({ clientIdentifier: 'before' });
  const seen = [await answersTo(before, subscribePacket(1, 'a/#'))];
  broker.write('acl', 'topic read a/#\ntopic read new/#\nuser ann\ntopic read a/#\ntopic write new/#\n');
  broker.signal('SIGHUP');
  // The new rules are in force when what they allow arrives.
  await vi.waitFor(
    async () => {
      const probe = await broker.enter({ clientIdentifier: 'probe' });
      await answersTo(probe, subscribePacket(1, 'new/#'));
      await answersTo(await broker.enter({ ...named('ann'), clientIdentifier: 'ann2' }), message('new/1', 'x', 1));
      assert.ok((await answersTo(probe)).length > 0);
    },
    { timeout: 20_000, interval: 300 },
  );
  const after = await broker.enter({ clientIdentifier: 'after' });
  return [...seen, await answersTo(after, subscribePacket(1, 'a/#'))];
}

describe.skipIf(findMosquitto() === undefined)('one mosquitto.conf, two brokers, the same to see', () => {
  test.concurrent.each(Object.entries(SCENARIOS))('%s', async (_, { conf, args, prepare, see }) => {
    const seen: { mosquitto?: unknown; busbar?: unknown } = {};
    for (const name of ['mosquitto', 'busbar'] as const) {
      const broker = await ConfiguredBroker.make(name);
      try {
        broker.write('mosquitto.conf', name === 'mosquitto' && !conf.includes('user ') ? `user root\n${conf}` : conf);
        await prepare?.(broker);
        const code = await broker.start(args);
        seen[name] = code === undefined ? await see(broker) : `ended with ${code}`;
      } catch (error) {
        throw new Error(`${name}: ${String(error)}\n${broker.said.slice(-2000)}`, { cause: error });
      } finally {
        await broker.remove();
      }
    }
    assert.deepEqual(seen.busbar, seen.mosquitto);
  });
});
