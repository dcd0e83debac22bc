import { expect, test } from 'vitest';
import { DemoLog } from '../../src/start/demo-log.ts';
import { EventList } from '../../src/start/event-list.ts';
import { SequenceCheck } from '../../src/start/sequence-check.ts';
import { formatSummary } from '../../src/start/summary.ts';

test('the log tells who else comes and goes, and what is wrong', () => {
  const told: string[] = [];
  const log = new DemoLog((kind, text) => told.push(`${kind}: ${text}`));
  log.own.add('drive');

  log.info({ client: 'drive', remote: '127.0.0.1:1', version: 5 }, 'connected');
  log.info({ client: 'panel\x1b[2J', remote: '127.0.0.1:2', version: 4 }, 'connected');
  expect(log.guests.size).toBe(1);
  log.info({ client: 'drive', remote: '127.0.0.1:1' }, 'the connection was lost');
  log.info({ client: 'panel\x1b[2J', remote: '127.0.0.1:2' }, 'DISCONNECT came');
  log.warn({ remote: '127.0.0.1:3' }, '22 bytes expected, 12 came');

  expect(log.guests.size).toBe(0);
  expect(told).toEqual([
    'note: panel·[2J connected from 127.0.0.1:2 (MQTT 3.1.1)',
    'note: panel·[2J is gone: DISCONNECT came',
    'warning: 127.0.0.1:3: 22 bytes expected, 12 came',
  ]);
});

test('events are kept up to a bound, and each is new once', () => {
  const events = new EventList(1000);
  for (let at = 0; at < 150; at++) events.add('note', `event ${at}`, 1000 + at);

  expect(events.latest(2)).toEqual([
    { atMs: 148, kind: 'note', text: 'event 148' },
    { atMs: 149, kind: 'note', text: 'event 149' },
  ]);
  expect(events.takeNew()).toHaveLength(100);
  events.add('good', 'one more', 1200);
  expect(events.takeNew().map(({ text }) => text)).toEqual(['one more']);
  expect(events.takeNew()).toEqual([]);
  expect(events.latest(0)).toEqual([]);
});

test('a reading that never came is missed by its number', () => {
  const check = new SequenceCheck();
  const read = (topic: string, n: number) => check.handle(topic, Buffer.from(`{"value":1,"time":"x","n":${n}}`));
  for (const n of [1, 2, 3, 6, 7, 7, 8]) read('a', n);
  for (const n of [4, 5]) read('b', n);
  check.handle('c', Buffer.from('72.4'));
  check.handle('c', Buffer.from('{"n":"x"}'));

  expect(check).toMatchObject({ numbered: 9, missing: 2 });
});

test('the closing words', () => {
  const summary = {
    name: 'Bottling line 1',
    elapsedMs: 20_000,
    received: 1000,
    delivered: 1100,
    dropped: 0,
    devices: 12,
    topics: 34,
    retained: 16,
    mostConnections: 13,
    outages: 1,
    caughtUp: 11,
    numbered: 240,
    missing: 0,
    cpuMs: 1000,
    memoryBytes: 91_000_000,
  };
  expect(formatSummary(summary)).toBe(
    [
      'Bottling line 1, 20.0 s',
      '  messages     1,000 (50/s) received, 1,100 (55/s) delivered, 0 dropped',
      '  plant        12 devices, 34 topics, 16 retained, 13 connections at most',
      '  lost network once; 11 queued readings delivered afterwards',
      '  readings     240 numbered ones received, none missing',
      '  cost         1.0 s of CPU (5 %), 91 MB, for broker, devices and view together',
    ].join('\n'),
  );
});
