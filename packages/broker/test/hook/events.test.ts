import assert from 'node:assert/strict';
import { ReasonCode } from '@busbar/codec';
import { publishPacket, VirtualClock } from '@busbar/testkit';
import { test } from 'vitest';
import type { BrokerHooks } from '../../src/index.ts';
import { RecordingLog } from '../recording-log.ts';
import { VirtualBroker } from '../virtual-broker.ts';

/** What hooks are told, in a line each. */
function recorder(): { hooks: BrokerHooks; take: () => string[] } {
  let lines: string[] = [];
  const hooks: BrokerHooks = {
    name: 'recorder',
    session: ({ kind, identity }) =>
      void lines.push(`${kind} ${identity.clientIdentifier} ${identity.userName ?? '-'}`),
    disconnect: ({ cause, reasonCode, identity }) =>
      void lines.push(`${cause} ${reasonCode} ${identity.clientIdentifier}`),
    drop: ({ reason, clientIdentifier, topicName, messages }) =>
      void lines.push(`drop ${reason} ${clientIdentifier} ${topicName} ${messages}`),
  };
  const take = (): string[] => {
    const taken = lines;
    lines = [];
    return taken;
  };
  return { hooks, take };
}

test('sessions are created, resumed, expire and end; connections end for a reason', async () => {
  const { hooks, take } = recorder();
  const broker = await VirtualBroker.start({ hooks: [hooks] });
  broker.connectLasting('c', { userName: 'u' }).cut();
  assert.deepEqual(take(), ['created c u', 'lost 128 c']);
  broker.connectLasting('c', { userName: 'u' }).disconnect();
  assert.deepEqual(take(), ['resumed c u', 'disconnected 0 c']);
  broker.advance(3_600_000);
  assert.deepEqual(take(), ['expired c u']);
  broker.connect('c');
  broker.connect('c', { cleanStart: true });
  assert.deepEqual(take(), ['created c -', `ended ${ReasonCode.sessionTakenOver} c`, 'ended c -', 'created c -']);
  await broker.stop();
  assert.deepEqual(take(), [`ended ${ReasonCode.serverShuttingDown} c`, 'ended c -']);
});

test('losses and refusals are told with their reason', async () => {
  const { hooks, take } = recorder();
  const broker = await VirtualBroker.start({ hooks: [hooks], capabilities: { queueQoS0: false } });
  broker.connectLasting('away').subscribe('t', { qos: 0 });
  broker.connectLasting('away').cut();
  take();
  broker.connect('p').send(publishPacket('t', 'x'), publishPacket('$SYS/x', 'y'));
  assert.deepEqual(take(), ['created p -', 'drop offline-qos0 away t 1', 'drop publish-not-authorized  $SYS/x 1']);
});

test('events are told after the turn: what a hook does with the broker then cannot run in circles within it', async () => {
  const broker: VirtualBroker = await VirtualBroker.start({
    hooks: [
      {
        name: 'kicks',
        session: ({ kind, identity }) => {
          if (kind === 'created') broker.broker.kick(identity.clientIdentifier);
        },
      },
    ],
  });
  const client = broker.connect('c');
  assert.equal(client.connack.reasonCode, 0);
  assert.equal(client.isClosed, true);
});

test('one that throws, at once or later, is named in the log, and the others are told', async () => {
  const { hooks, take } = recorder();
  const broken: BrokerHooks = { name: 'broken', session: () => assert.fail('broken') };
  const late: BrokerHooks = { name: 'late', session: (async () => assert.fail('late')) as () => void };
  const broker = await VirtualBroker.start({ hooks: [broken, late, hooks] });
  broker.connect('c');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(take(), ['created c -']);
  const lines = broker.takeLog('error').map(({ message }) => message);
  assert.deepEqual(lines, ["the hook 'broken' has failed at 'session'", "the hook 'late' has failed at 'session'"]);
});

test('start comes before the broker listens, and keeps it from starting when it throws; stop comes last', async () => {
  const steps: string[] = [];
  const hooks: BrokerHooks = {
    name: 'life',
    async start(client) {
      client.subscribe('t', (message) => void steps.push(message.text()));
      steps.push('start');
    },
    stop: () => void steps.push('stop'),
  };
  const broker = await VirtualBroker.start({ hooks: [hooks] });
  steps.push('started');
  broker.connect('p').send(publishPacket('t', 'x'));
  await broker.stop();
  assert.deepEqual(steps, ['start', 'started', 'x', 'stop']);
  const others: BrokerHooks[] = [
    { name: 'first', stop: () => assert.fail('broken') },
    { name: 'second', stop: () => void steps.push('second') },
  ];
  await assert.rejects(VirtualBroker.start({ hooks: [...others, { name: 'no', start: () => assert.fail('no') }] }));
  assert.equal(steps.at(-1), 'second');
  await assert.rejects(
    VirtualBroker.start({ hooks: [{ name: 'no', start: () => assert.fail('not today') }] }),
    /not today/,
  );
});

test('a hook that the broker waits for to start is named in the log', async () => {
  const clock = new VirtualClock();
  const log = new RecordingLog();
  let begin = (): void => {};
  const started = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const starting = VirtualBroker.start({ log, hooks: [{ name: 'slow', start: () => started }] }, clock);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(9_999);
  assert.deepEqual(log.take('warn'), []);
  clock.advance(1);
  assert.deepEqual(
    log.take('warn').map(({ message }) => message),
    ["the broker waits for the hook 'slow' to start"],
  );
  begin();
  await (await starting).broker.stop();
});

test('a hook that does not end in time is left behind, and asked to end once, however often the broker is stopped', async () => {
  const steps: string[] = [];
  const hooks: BrokerHooks[] = [
    { name: 'slow', timeoutMs: 300, stop: () => new Promise(() => void steps.push('slow')) },
    { name: 'next', stop: () => void steps.push('next') },
  ];
  const broker = await VirtualBroker.start({ hooks });
  let isStopped = false;
  const stopped = Promise.all([broker.broker.stop(), broker.broker.stop()]).then(() => {
    isStopped = true;
  });
  for (let turn = 0; turn < 50 && !isStopped; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    broker.advance(100);
  }
  assert.ok(isStopped);
  await stopped;
  await broker.broker.stop();
  assert.deepEqual(steps, ['slow', 'next']);
  assert.match(broker.takeLog('error')[0]?.message ?? '', /the hook 'slow' has failed at 'stop'/);
});
