import { connect } from '@busbar/client';
import type { PublishPacket } from '@busbar/codec';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createStyle } from '../../src/terminal/style.ts';
import { widthOf } from '../../src/terminal/width.ts';
import { renderTop } from '../../src/top/render-top.ts';
import { TopModel } from '../../src/top/top-model.ts';
import { TopicTable } from '../../src/top/topic-table.ts';
import { openBroker } from '../support/broker-under-test.ts';
import { runInProcess } from '../support/in-process.ts';

const plain = createStyle(false);

function message(topicName: string, text: string): PublishPacket {
  return { topicName, payload: Buffer.from(text), qos: 0, retain: false } as unknown as PublishPacket;
}

function screenOf(model: TopModel, rows = 12): string[] {
  return renderTop(model.view(rows, 5000), 100, plain);
}

describe('the table', () => {
  test('the busiest first; a rate follows and fades', () => {
    const table = new TopicTable();
    for (let count = 0; count < 10; count++) table.add('busy', Buffer.from('x'), 0, false, 0);
    table.add('rare', Buffer.from('x'), 0, false, 0);
    table.tick();
    expect(table.first(5, 'rate', '').map(({ topicName, rate }) => [topicName, rate])).toEqual([
      ['busy', 5],
      ['rare', 0.5],
    ]);
    for (let second = 0; second < 20; second++) table.tick();
    expect(table.first(5, 'rate', '').map(({ rate }) => rate)).toEqual([0, 0]);
  });

  test.each([
    ['topic', ['a', 'b', 'c']],
    ['messages', ['c', 'b', 'a']],
    ['bytes', ['a', 'c', 'b']],
    ['age', ['b', 'c', 'a']],
  ] as const)('by %s', (order, expected) => {
    const table = new TopicTable();
    table.add('a', Buffer.alloc(100), 0, false, 1);
    table.add('c', Buffer.alloc(5), 0, false, 2);
    table.add('c', Buffer.alloc(5), 0, false, 2);
    table.add('c', Buffer.alloc(5), 0, false, 2);
    table.add('b', Buffer.alloc(1), 0, false, 3);
    table.add('b', Buffer.alloc(1), 0, false, 3);
    expect(table.first(9, order, '').map(({ topicName }) => topicName)).toEqual(expected);
    expect(table.first(2, order, '').map(({ topicName }) => topicName)).toEqual(expected.slice(0, 2));
  });

  test('a hundred thousand topics: messages, a second and a picture take little', () => {
    const table = new TopicTable();
    const payload = Buffer.from('21.5');
    const startedAt = performance.now();
    for (let at = 0; at < 100_000; at++) table.add(`plant/line${at % 100}/device${at}/value`, payload, 0, false, at);
    const filledMs = performance.now() - startedAt;
    const drawnAt = performance.now();
    table.tick();
    expect(table.first(50, 'rate', 'line7/')).toHaveLength(50);
    // Generous for a busy machine: it is 100 ms and 30 ms on one at rest.
    expect({ fills: filledMs < 3000, draws: performance.now() - drawnAt < 1000 }).toEqual({ fills: true, draws: true });
    expect(table.size).toBe(100_000);
  });
});

describe('keys', () => {
  function filled(): TopModel {
    const model = new TopModel('localhost:1883');
    for (const topic of ['a/1', 'a/2', 'b/1']) model.handleMessage(message(topic, `of ${topic}`), 4000);
    model.tick();
    return model;
  }

  test('the first picture', () => {
    expect(screenOf(filled())).toEqual([
      'busbar top  localhost:1883  3 topics  3 msg/s  18 B/s  by rate',
      '     msg/s   messages      bytes    age  q  topic and last payload',
      `       0.5          1          6     1s 0   a/1 of a/1${' '.repeat(46)}`,
      '       0.5          1          6     1s 0   a/2 of a/2',
      '       0.5          1          6     1s 0   b/1 of b/1',
      ' ↑↓ select · Enter history · s order · / filter · space pause · c clear · q end',
    ]);
  });

  test('/ filters as one types, Escape takes it back', () => {
    const model = filled();
    for (const key of '/b') model.handleKey(key);
    expect(screenOf(model)[0]).toContain('/b_');
    expect(screenOf(model)).toHaveLength(4);
    model.handleKey('\x1b');
    expect(screenOf(model)).toHaveLength(6);
  });

  test('down and Enter show the history of the second topic', () => {
    const model = filled();
    screenOf(model);
    for (const key of '\x1b[B\r') model.handleKey(key);
    model.handleMessage(message('a/2', 'again'), 5000);
    model.tick();
    const lines = screenOf(model, 20);
    expect(lines.find((line) => line.startsWith('── a/2'))).toBeDefined();
    expect(lines.join('\n')).toMatch(/of a\/2\n.*again/);
  });

  test('space stops the order, c forgets, q ends', () => {
    const model = filled();
    screenOf(model);
    model.handleKey(' ');
    for (let count = 0; count < 9; count++) model.handleMessage(message('b/1', 'x'), 5000);
    model.tick();
    expect(screenOf(model)[2]).toContain('a/1');
    expect(screenOf(model)[0]).toContain('paused');
    model.handleKey('c');
    expect(screenOf(model)[0]).toContain('0 topics');
    expect(model.handleKey('x')).toBe(false);
    expect(model.handleKey('q')).toBe(true);
    expect(model.handleKey('\x03')).toBe(true);
  });

  test('what strangers publish does not steer the terminal, and no line is too wide', () => {
    const model = new TopModel('here');
    model.handleMessage(message('evil/\x1b[2J', '\x1b]0;title\x07'), 0);
    model.handleMessage(message('wide/漢字', '漢字'.repeat(50)), 0);
    model.handleMessage({ ...message('bytes', ''), payload: Uint8Array.of(0xff, 0) }, 0);
    const lines = renderTop(model.view(10, 0), 60, plain);
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
    expect(lines.join('')).toContain('ff00');
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(60);
  });
});

test('without a terminal: the table once', async () => {
  const broker = await openBroker();
  onTestFinished(() => broker.close());
  const client = await connect(broker.url);
  onTestFinished(() => client.end());
  await client.publish('plant/state', 'producing', { retain: true, qos: 1 });
  const { exitCode, stdout } = await runInProcess(['top', '-p', broker.port, '-W', '1']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/ 0r +plant\/state producing/);
});
