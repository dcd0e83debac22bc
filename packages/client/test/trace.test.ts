import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { type ClientTracer, traceContextOf } from '../src/index.ts';
import { acknowledge, ClientHarness, publish } from './client-harness.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('a tracer', () => {
  test("sends its context with each message, and hears of the message's end", async () => {
    const log: unknown[] = [];
    const tracer: ClientTracer = {
      startPublish: (span) => {
        log.push(span);
        return { context: { traceparent, tracestate: 'a=1' }, end: (error) => log.push(['end', String(error)]) };
      },
    };
    const harness = new ClientHarness({ tracer });
    await harness.start();
    void harness.client.publish('a', 'xyz', { qos: 1, properties: { userProperties: [['unit', 'bar']] } });
    const [packet] = await harness.tookPublishes();
    assert.deepEqual(packet?.properties.userProperties, [
      ['unit', 'bar'],
      ['traceparent', traceparent],
      ['tracestate', 'a=1'],
    ]);
    assert.deepEqual(log, [{ topicName: 'a', qos: 1, byteLength: 3 }]);
    await harness.send(acknowledge('puback', 1, 0x87));
    assert.match(String(log[1]), /end,PublishError.*not authorized/);
  });

  test('runs handlers in the context that came', async () => {
    const contexts: unknown[] = [];
    const tracer: ClientTracer = {
      runHandler: (message, context, run) => {
        contexts.push([message.topicName, context]);
        return run();
      },
    };
    const harness = new ClientHarness({ tracer });
    await harness.start();
    const seen: string[] = [];
    harness.client.subscribe('#', (message) => void seen.push(message.topicName));
    await harness.grant();
    await harness.send(
      publish('a', { properties: { userProperties: [['traceparent', traceparent]] } }),
      publish('b', { properties: { userProperties: [['traceparent', 'nonsense']] } }),
      publish('c'),
    );
    assert.deepEqual(seen, ['a', 'b', 'c']);
    assert.deepEqual(contexts, [
      ['a', { traceparent }],
      ['b', undefined],
      ['c', undefined],
    ]);
  });

  test('that fails is reported, and the message goes its way', async () => {
    const harness = new ClientHarness({
      tracer: {
        startPublish() {
          throw new Error('no exporter');
        },
      },
    });
    await harness.start();
    await harness.client.publish('a', 'x');
    assert.equal((await harness.tookPublishes()).length, 1);
    assert.match(String(harness.lastEvent('handler-error').error), /no exporter/);
  });
});

test('traceContextOf reads what came', () => {
  const userProperties: [string, string][] = [
    ['traceparent', traceparent],
    ['tracestate', 'x=y'],
  ];
  assert.deepEqual(traceContextOf({ properties: { userProperties } }), { traceparent, tracestate: 'x=y' });
  assert.equal(traceContextOf({ properties: {} }), undefined);
});

test('a log that is not there costs nothing; one that is hears of connections and failures', async () => {
  const lines: string[] = [];
  const write = (level: string) => (_: object, message: string) => void lines.push(`${level} ${message}`);
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const harness = new ClientHarness({ log });
  await harness.start();
  harness.client.subscribe('a', () => {
    throw new Error('mine');
  });
  await harness.grant();
  await harness.send(publish('a'));
  await harness.cut();
  assert.deepEqual(lines, ['info connected', 'error a handler threw', 'info disconnected']);
});
