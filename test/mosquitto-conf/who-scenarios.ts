import assert from 'node:assert/strict';
import { PeerProcess, subscribePacket } from '@busbar/testkit';
import { vi } from 'vitest';
import { answersTo, type ConfiguredBroker, message } from './both-brokers.ts';
import { named, OPEN, type Scenarios } from './scenario.ts';

async function passwords(broker: ConfiguredBroker, ...users: readonly string[]): Promise<void> {
  broker.write('passwd', users.map((user) => `${user}:pw-${user}\n`).join(''));
  // Mosquitto's own tool makes hashes of them.
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

/** Who may come in, as whom, and what for. */
export const WHO_SCENARIOS: Scenarios = {
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
};

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
