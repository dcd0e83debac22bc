import assert from 'node:assert/strict';
import { PacketType, type PublishPacket } from '@busbar/codec';
import fc from 'fast-check';
import { describe, expectTypeOf, test } from 'vitest';
import * as z from 'zod';
import {
  bytes,
  type Client,
  type ClientOptions,
  cbor,
  type InvalidMessage,
  json,
  type Message,
  PayloadError,
  type TopicParameters,
  type TypedMessage,
  text,
  topic,
} from '../../src/index.ts';
import { ClientHarness, identified, outcomeOf, publish } from '../client-harness.ts';

const reading = z.object({ celsius: z.number(), at: z.string().transform((value) => new Date(value)) });
const temperature = topic('plant/{line}/{machine}/temperature', json(reading), { qos: 1 });
const at = '2026-11-22T00:00:00.000Z';

async function connected(options: ClientOptions = {}) {
  const harness = new ClientHarness(options);
  await harness.start();
  return harness;
}

describe('names, filters, and back', () => {
  test('of one level each', () => {
    assert.equal(temperature.name({ line: 'l1', machine: 'oven' }), 'plant/l1/oven/temperature');
    assert.equal(temperature.filter({ line: 'l1' }), 'plant/l1/+/temperature');
    assert.equal(temperature.filter(), 'plant/+/+/temperature');
    assert.deepEqual(temperature.parse('plant/l1/oven/temperature'), { line: 'l1', machine: 'oven' });
    for (const other of ['plant/l1/temperature', 'plant/l1/oven/pressure', 'plant/l1/oven/temperature/x', '']) {
      assert.equal(temperature.parse(other), undefined);
    }
  });

  test('of all levels that follow', () => {
    const log = topic('log/{device}/{path...}', text());
    assert.equal(log.name({ device: 'd', path: 'a/b' }), 'log/d/a/b');
    assert.equal(log.filter(), 'log/+/#');
    assert.deepEqual(log.parse('log/d/a/b'), { device: 'd', path: 'a/b' });
    assert.equal(log.parse('log/d'), undefined);
  });

  test('a topic without parameters', () => {
    const stop = topic('plant/stop', bytes());
    assert.equal(stop.name({}), 'plant/stop');
    assert.deepEqual(stop.parse('plant/stop'), {});
  });

  test.each([{ line: 'a/b' }, { line: '+' }, { line: 'x#' }, {}, { line: 7 }])('no level: %j', (values) => {
    const state = topic('plant/{line}/state', text());
    assert.throws(() => state.name(values as { line: string }), { code: 'topic-parameter-invalid' });
  });

  test.each(['a/{b}/{b}', 'a/{b...}/c', 'a/x{b}', 'a/{}', '', 'a/+', 'a/{1}'])('no pattern: %j', (pattern) => {
    assert.throws(() => topic(pattern, text()), { code: 'topic-pattern-invalid' });
  });

  test('a parameter may be called as what every object has', () => {
    const odd = topic('a/{constructor}/{toString}/{__proto__}', text());
    const values = { constructor: 'x', toString: 'y', ['__proto__']: 'z' } as unknown as Parameters<typeof odd.name>[0];
    assert.equal(odd.filter(), 'a/+/+/+');
    assert.equal(odd.name(values), 'a/x/y/z');
    assert.deepEqual(Object.entries(odd.parse('a/x/y/z') ?? {}), Object.entries(values));
    assert.throws(() => odd.name({} as never), { code: 'topic-parameter-invalid' });
    assert.throws(() => odd.name(undefined as never), { code: 'topic-parameter-invalid' });
  });

  test('property: what a name was made of is found in it, and its filter is that of a subscription', () => {
    const level = fc.string({ unit: 'grapheme-composite' }).filter((value) => !/[/+#\0]/.test(value));
    fc.assert(
      fc.property(level, level, (line, machine) => {
        const name = temperature.name({ line, machine });
        assert.deepEqual(temperature.parse(name), { line, machine });
      }),
    );
  });
});

describe('types', () => {
  test('follow from pattern and codec', () => {
    type Parameters = TopicParameters<'plant/{line}/{machine}/temperature'>;
    expectTypeOf<Parameters>().toEqualTypeOf<{ readonly line: string; readonly machine: string }>();
    expectTypeOf<TopicParameters<'a/{b}/{c...}'>>().toEqualTypeOf<{ readonly b: string; readonly c: string }>();
    expectTypeOf<TopicParameters<'a'>>().toEqualTypeOf<Record<never, string>>();
    expectTypeOf<TopicParameters<string>>().toEqualTypeOf<Readonly<Record<string, string>>>();
    expectTypeOf(temperature.name).parameter(0).toEqualTypeOf<Parameters>();
    expectTypeOf(temperature.publish).parameter(2).toEqualTypeOf<{ celsius: number; at: string }>();
    expectTypeOf(temperature.parse).returns.toEqualTypeOf<Parameters | undefined>();
  });

  test('keep mistakes from compiling', () => {
    const client = {} as Client;
    const mistakes = () => {
      // @ts-expect-error A parameter is missing.
      temperature.name({ line: 'l1' });
      // @ts-expect-error There is no such parameter.
      temperature.filter({ lane: 'l1' });
      // @ts-expect-error The value is of another kind.
      void temperature.publish(client, { line: 'l1', machine: 'm' }, { celsius: 'hot', at });
      // @ts-expect-error A loop needs onInvalid.
      temperature.subscribe(client, {}, { qos: 1 });
      temperature.subscribe(client, {}, ({ value, parameters }) => {
        expectTypeOf(value).toEqualTypeOf<{ celsius: number; at: Date }>();
        expectTypeOf(parameters.machine).toBeString();
        // @ts-expect-error There is no such parameter.
        void parameters.lane;
      });
    };
    assert.equal(typeof mistakes, 'function');
  });
});

describe('publish and subscribe', () => {
  test('a value goes out as its codec and the defaults say', async () => {
    const harness = await connected();
    void temperature.publish(harness.client, { line: 'l1', machine: 'm' }, { celsius: 1.5, at }, { retain: true });
    const described = topic('d/{id}', json(), { contentType: true });
    void described.publish(harness.client, { id: '7' }, [1], { qos: 1, properties: { messageExpiryInterval: 5 } });
    const packets = await harness.tookPublishes();
    const parts = ({ topicName, qos, retain, payload, properties }: PublishPacket) =>
      [topicName, qos, retain, new TextDecoder().decode(payload), properties] as const;
    assert.deepEqual(packets.map(parts), [
      ['plant/l1/m/temperature', 1, true, `{"celsius":1.5,"at":"${at}"}`, {}],
      ['d/7', 1, false, '[1]', { contentType: 'application/json', messageExpiryInterval: 5 }],
    ]);
  });

  test('what cannot be a name or a payload is a rejection, as with the client itself', async () => {
    const { client } = await connected();
    const circular: unknown[] = [];
    circular.push(circular);
    const publications = [
      temperature.publish(client, { line: 'l1/l2', machine: 'm' }, { celsius: 1, at }),
      topic('any', json()).publish(client, {}, circular),
    ];
    const [inName, inPayload] = await Promise.allSettled(publications);
    assert.ok(inName?.status === 'rejected' && inName.reason.code === 'topic-parameter-invalid');
    assert.ok(inPayload?.status === 'rejected' && inPayload.reason instanceof TypeError);
  });

  test('a loop can be left while it waits for a message', async () => {
    const harness = await connected();
    const subscription = topic('a/{x}', text()).subscribe(harness.client, {}, { onInvalid: () => {} });
    await harness.grant();
    const loop = subscription[Symbol.asyncIterator]();
    const next = loop.next();
    await harness.settle();
    assert.deepEqual(await outcomeOf(loop.return?.() ?? assert.fail()), { done: true, value: undefined });
    assert.deepEqual(await outcomeOf(next), { done: true, value: undefined });
    assert.equal((await harness.took())[0]?.type, PacketType.unsubscribe);
  });

  test('a loop is left when onInvalid throws', async () => {
    const harness = await connected();
    const onInvalid = ({ error }: InvalidMessage) => {
      throw error;
    };
    const subscription = topic('a/{x}', json()).subscribe(harness.client, {}, { onInvalid });
    const [request] = await harness.grant();
    const [identifier = 0] = request?.properties.subscriptionIdentifiers ?? [];
    const next = assert.rejects(subscription[Symbol.asyncIterator]().next(), SyntaxError);
    await harness.send(publish('a/1', { text: '{', ...identified(identifier) }));
    await next;
    assert.equal((await harness.took())[0]?.type, PacketType.unsubscribe);
  });

  test('a handler gets values and parameters, and nothing that is not valid', async () => {
    const harness = await connected();
    const values: TypedMessage<{ line: string; machine: string }, unknown>[] = [];
    const invalid: InvalidMessage[] = [];
    const subscription = temperature.subscribe(
      harness.client,
      { line: 'l1' },
      { onInvalid: (each) => void invalid.push(each) },
      (each) => void values.push(each),
    );
    const [request] = await harness.grant();
    assert.deepEqual(request?.subscriptions[0], {
      topicFilter: 'plant/l1/+/temperature',
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    });
    assert.equal((await subscription).qos, 1);
    for (const [index, payload] of [`{"celsius":1,"at":"${at}"}`, '{"celsius":"hot"}', '{', '\u0000'].entries()) {
      await harness.send(publish('plant/l1/m/temperature', { text: payload, qos: 1, packetId: index + 1 }));
    }
    assert.deepEqual(
      values.map(({ value, parameters }) => [value, parameters]),
      [
        [
          { celsius: 1, at: new Date(at) },
          { line: 'l1', machine: 'm' },
        ],
      ],
    );
    assert.equal(invalid.length, 3);
    assert.ok(invalid[0]?.error instanceof PayloadError);
    assert.match(invalid[0].error.message, /celsius: .*number/);
    assert.equal(invalid[0].message.text(), '{"celsius":"hot"}');
    assert.ok(invalid[1]?.error instanceof SyntaxError);
    assert.equal((await harness.took()).filter(({ type }) => type === PacketType.puback).length, 4);
  });

  test('without onInvalid it comes as handler-error, with the bytes', async () => {
    const harness = await connected();
    temperature.subscribe(harness.client, {}, () => assert.fail('never'));
    await harness.grant();
    await harness.send(publish('plant/l1/m/temperature', { text: 'no JSON' }));
    const { error, message } = harness.lastEvent('handler-error');
    assert.ok(error instanceof SyntaxError);
    assert.equal((message as Message).text(), 'no JSON');
  });

  test('a loop passes over what is not valid', async () => {
    const harness = await connected();
    let invalid = 0;
    const loop = (async () => {
      const subscription = temperature.subscribe(harness.client, {}, { onInvalid: () => invalid++ });
      for await (const { value, parameters } of subscription) return [value.celsius, parameters.machine];
      return undefined;
    })();
    await harness.grant();
    await harness.send(
      publish('plant/l1/m/temperature', { text: '{}' }),
      publish('plant/l1/n/temperature', { text: `{"celsius":2,"at":"${at}"}` }),
    );
    assert.deepEqual(await loop, [2, 'n']);
    assert.equal(invalid, 1);
    assert.equal((await harness.took()).at(-1)?.type, PacketType.unsubscribe);
  });
});

test('codecs: bytes, text that must be UTF-8, CBOR of a library', async () => {
  assert.deepEqual(bytes().decode(Uint8Array.of(0xff)), Uint8Array.of(0xff));
  assert.throws(() => text().decode(Uint8Array.of(0xff)), TypeError);
  assert.equal(text().decode(new TextEncoder().encode('µ')), 'µ');
  const library = {
    encode: (value: unknown) => new TextEncoder().encode(`cbor ${JSON.stringify(value)}`),
    decode: (payload: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(payload).slice(5)),
  };
  const codec = cbor(library, z.object({ rms: z.number() }));
  const payload = codec.encode({ rms: 3 });
  assert.ok(payload instanceof Uint8Array);
  assert.deepEqual(await codec.decode(payload), { rms: 3 });
  await assert.rejects(async () => cbor(library, z.string()).decode(payload), PayloadError);
});
