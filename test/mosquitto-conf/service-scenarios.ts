import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import type { Packet } from '@busbar/codec';
import { subscribePacket } from '@busbar/testkit';
import { answersTo, message } from './both-brokers.ts';
import { lasting, named, OPEN, type Scenarios } from './scenario.ts';

/** How a broker starts and stops, and where it listens. */
export const SERVICE_SCENARIOS: Scenarios = {
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
  'max_connections: at some point one more is closed': {
    conf: `${OPEN}max_connections 3\n`,
    see: async (broker) => {
      const told: string[] = [];
      for (let at = 0; at < 6; at++) told.push((await broker.connect({ clientIdentifier: `c${at}` })).told);
      return told.at(-1);
    },
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
