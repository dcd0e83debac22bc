import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'vitest';
import { type BrokerLimits, resolveLimits } from '../../src/config/limits.ts';
import { LimitWatch } from '../../src/observe/limit-watch.ts';
import type { Memory } from '../../src/overload/memory.ts';
import { processMemory } from '../../src/overload/memory.ts';
import { Overload, type WaitingClient } from '../../src/overload/overload.ts';
import { RecordingLog } from '../recording-log.ts';

let now: number;
let share: number;
let collections: number;
let told: (string | undefined)[];
let log: RecordingLog;
let limitWatch: LimitWatch;
let overload: Overload;
let outcomes: string[];

function start(limits: Partial<BrokerLimits> = {}, garbage = 0): void {
  now = 0;
  share = 0.5;
  collections = 0;
  told = [];
  outcomes = [];
  log = new RecordingLog();
  limitWatch = new LimitWatch(
    log,
    () => now,
    () => {},
  );
  const memory: Memory = {
    read: () => ({ usedBytes: share * 1000, share }),
    collect: () => {
      collections++;
      share -= garbage;
      return 50;
    },
  };
  const handleLevel = (reason: string | undefined) => told.push(reason);
  const handleMemory = (isOut: boolean) => told.push(`memory is out: ${isOut}`);
  overload = new Overload({ limits: resolveLimits(limits), memory, log, limitWatch, handleLevel, handleMemory });
}

beforeEach(() => start());

function ticks(count: number, lagMs = 0): void {
  for (let n = 0; n < count; n++) {
    now += 100;
    overload.handleTick(lagMs, now);
  }
}

function arrive(name: string, isKnown = false): WaitingClient {
  const client: WaitingClient = {
    isKnown,
    remote: name,
    admit: () => outcomes.push(name),
    refuse: (seconds) => outcomes.push(`${name} refused for ${seconds}`),
  };
  overload.handleArrival(client, now);
  return client;
}

function arriveMany(count: number, name: string, isKnown = false): void {
  for (let n = 0; n < count; n++) arrive(`${name}${n}`, isKnown);
}

test('whoever comes to a broker that is not overloaded is let in at once', () => {
  ticks(1);
  arrive('a');
  assert.deepEqual(outcomes, ['a']);
});

describe('while the broker is slowed', () => {
  beforeEach(() => {
    start({ overloadConnectRate: 20 });
    ticks(10, 500);
    assert.equal(overload.read().level, 'slowed');
  });

  test('clients come in by the rate, those with a session first', () => {
    arriveMany(3, 'new');
    arriveMany(3, 'known', true);
    assert.deepEqual(outcomes, []);
    ticks(1, 500);
    assert.deepEqual(outcomes, ['known0', 'known1']);
    ticks(2, 500);
    assert.deepEqual(outcomes.slice(2), ['known2', 'new0', 'new1', 'new2']);
  });

  test('nobody waits longer than for CONNECT: then it is refused, and told when to come again', () => {
    arriveMany(500, 'n');
    ticks(101, 500);
    const admitted = outcomes.filter((outcome) => !outcome.includes('refused'));
    const refused = outcomes.filter((outcome) => outcome.includes('refused'));
    assert.equal(admitted.length, 200);
    assert.equal(refused.length, 300);
    assert.equal(overload.read().waitingClients, 0);
    assert.equal(limitWatch.tally.of('overload'), 300);
    const seconds = new Set(refused.map((outcome) => outcome.split(' ').at(-1)));
    assert.ok(seconds.size >= 6, 'not all at the same time');
  });

  test('whoever is gone is not let in', () => {
    const gone = arrive('gone');
    overload.handleGone(gone);
    ticks(1, 500);
    assert.deepEqual(outcomes, []);
  });

  test('who waits when it is over comes in before those who come later', () => {
    arriveMany(4, 'n');
    ticks(1, 500);
    ticks(100);
    assert.deepEqual(outcomes, ['n0', 'n1', 'n2', 'n3']);
    assert.equal(overload.read().level, 'none');
    arrive('late');
    assert.equal(outcomes.at(-1), 'late');
  });
});

test('while it refuses: new clients are refused at once, those who wait too; those with a session come in slowly', () => {
  start({ overloadConnectRate: 100 });
  ticks(5, 500);
  arrive('waiting');
  arrive('known', true);
  share = 1;
  ticks(10, 500);
  assert.deepEqual(outcomes, ['waiting refused for 5', 'known']);
  arrive('new');
  assert.match(outcomes.at(-1) ?? '', /^new refused for \d+$/);
  outcomes = [];
  arriveMany(30, 'k', true);
  ticks(10, 500);
  assert.equal(outcomes.length, 10, 'a tenth of the rate');
});

test('each change is logged once, and told with its reason', () => {
  ticks(50, 5_000);
  ticks(100);
  const lines = log.take();
  assert.deepEqual(
    lines.map(({ level, message, fields }) => [level, message, fields['overload']]),
    [
      ['warn', 'the broker is overloaded', 'slowed'],
      ['warn', 'the broker is overloaded', 'refusing'],
      ['warn', 'the broker is overloaded', 'slowed'],
      ['info', 'the broker is not overloaded any more', 'none'],
    ],
  );
  for (const { fields } of lines) assert.ok(!('level' in fields), 'a line of the log has a level of its own');
  assert.equal(told.length, 4);
  assert.match(told[0] ?? '', /^the event loop is \d+ ms late$/);
  assert.equal(told.at(-1), undefined);
});

describe('memory that is used up', () => {
  test('may be garbage: then it is collected, and nobody notices', () => {
    start({}, 0.4);
    share = 1.1;
    ticks(10);
    assert.deepEqual([collections, overload.read().level, told], [1, 'none', []]);
  });

  test('is told, counted, looked at again every ten seconds, and ends with less of it', () => {
    share = 1.2;
    ticks(10);
    assert.equal(overload.isOutOfMemory, true);
    assert.deepEqual(told, ['memory is out: true', 'the memory is used up']);
    assert.equal(limitWatch.tally.of('memoryLimit'), 1);
    ticks(200);
    assert.equal(collections, 3);
    share = 0.5;
    ticks(5);
    assert.equal(overload.isOutOfMemory, false);
    assert.equal(overload.read().level, 'none');
    assert.deepEqual(told.slice(2), ['memory is out: false', undefined]);
  });
});

test('the memory of this process: used, and a share of what is allowed', () => {
  const { usedBytes, share: ofHeap } = processMemory.read(0);
  assert.ok(usedBytes > 1_000_000 && ofHeap > 0 && ofHeap < 1);
  assert.ok(processMemory.read(1_000_000).share > 1);
  assert.ok(processMemory.collect() > 0);
});
