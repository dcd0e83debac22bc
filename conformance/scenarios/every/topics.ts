import { shared, sharedChapter } from '../../run/scenario.ts';
import type { Scene } from '../../run/scene.ts';
import { expectOneOf, requireThat, Violation } from '../../run/violation.ts';
import { bytesOf, utf8 } from '../../wire/bytes.ts';
import { publish, subscribe } from '../../wire/packet-writer.ts';

/** Filters, topics that match, topics that do not; all below the scenario's own topic. */
const MATCHES: readonly [filter: string, matching: readonly string[], others: readonly string[]][] = [
  [
    'sport/tennis/player1/#',
    ['sport/tennis/player1', 'sport/tennis/player1/ranking', 'sport/tennis/player1/a/b'],
    ['sport/tennis/player2'],
  ],
  ['sport/#', ['sport', 'sport/', 'sport/a/b'], ['sports', 'sport2/a']],
  ['sport/+', ['sport/', 'sport/a'], ['sport', 'sport/a/b', 'sport/a/']],
  ['+/tennis/#', ['a/tennis', 'a/tennis/b', '/tennis'], ['tennis', 'a/b/tennis']],
  ['+/+/+', ['a/b/c', '//', 'a//c'], ['a/b', 'a/b/c/d']],
  ['a/+/c', ['a/b/c', 'a//c', 'a/ /c'], ['a/b/b/c', 'a/c']],
  ['a', ['a'], ['A', 'a/', '/a', 'a ', 'aa']],
  ['a/b', ['a/b'], ['a//b', 'a/B', 'a/b/']],
];

/** Filters that no Topic Filter may look like. */
const BAD_FILTERS = [
  'sport/tennis#',
  'sport/tennis/#/ranking',
  'sport+',
  'sport/+tennis',
  '#/a',
  'a/#b',
  '++',
  'a/+#',
  '##',
];

/** Subscribes to a filter that is not one: refused in SUBACK, or the connection is closed. */
async function expectRefusedFilter(t: Scene, filter: string | Uint8Array): Promise<void> {
  const client = await t.connect();
  client.send(subscribe({ version: t.version, packetId: 1, subscriptions: [{ filter, qos: 0 }] }));
  try {
    await client.expectClose([0x81, 0x82, 0x8f]);
  } catch (error) {
    if (!(error instanceof Violation) || !error.came.startsWith('SUBACK')) throw error;
    if (!/\[0x(80|8F)\]/.test(error.came)) t.violation(`a refusal of the Topic Filter ${String(filter)}`, error.came);
  }
}

/** Topic Names and Topic Filters (section 4.7). */
export const topics = sharedChapter('4.7 Topics', [
  shared(
    'wildcards match what the standard says they match, and nothing else',
    { v5: '4.7.1-1 4.7.1-2 3.3.2-3', v4: '4.7.1-1 4.7.1-2 3.3.2-3' },
    async (t) => {
      const publisher = await t.connect();
      for (const [at, [filter, matching, others]] of MATCHES.entries()) {
        const subscriber = await t.subscriber(t.topic(`${at}/${filter}`), { qos: 1 });
        for (const topic of [...others, ...matching])
          await publisher.publish(t.topic(`${at}/${topic}`), filter, { qos: 1 });
        for (const topic of matching) await subscriber.receive({ topic: t.topic(`${at}/${topic}`), payload: filter });
        await subscriber.expectQuiet(publisher);
        await subscriber.disconnect();
      }
    },
  ),
  ...BAD_FILTERS.map((filter) =>
    shared(
      `'${filter}' is not a Topic Filter`,
      filter.includes('+') ? { v5: '4.7.1-2', v4: '4.7.1-2' } : { v5: '4.7.1-1', v4: '4.7.1-1' },
      (t) => expectRefusedFilter(t, filter),
      // 3.1 has no way to refuse a Topic Filter.
      { versions: [5, 4] },
    ),
  ),
  shared('an empty Topic Filter is refused', { v5: '4.7.3-1', v4: '4.7.0-1' }, (t) => expectRefusedFilter(t, ''), {
    versions: [5, 4],
  }),
  shared(
    'a PUBLISH to a Topic Name with a wildcard ends the connection and goes nowhere',
    { v5: '3.3.2-2 4.7.0-1', v4: '3.3.2-2 4.7.3-1 4.7.3-2' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic('#'), { qos: 1 });
      for (const name of ['+', 'a/#', 'a+b', 'a#', 'a/+/b']) {
        const client = await t.connect();
        client.sendPublish(t.topic(name), 'x', { qos: 1 });
        await client.expectClose([0x81, 0x82, 0x90]);
      }
      await subscriber.expectQuiet(await t.connect());
    },
  ),
  shared('a PUBLISH with an empty Topic Name ends the connection', { v5: '4.7.3-1', v4: '4.7.0-1' }, async (t) => {
    const client = await t.connect();
    client.send(publish({ version: t.version, topic: '', payload: 'x' }));
    await client.expectClose([0x81, 0x82, 0x90]);
  }),
  shared(
    'U+0000 in a Topic Name or a Topic Filter ends the connection',
    { v5: '4.7.3-2 1.5.4-2', v4: '1.5.3-2' },
    async (t) => {
      const bad = bytesOf(utf8(t.topic('a')), 0, utf8('b'));
      const publisher = await t.connect();
      publisher.send(publish({ version: t.version, topic: bad, payload: 'x' }));
      await publisher.expectClose([0x81, 0x82, 0x90]);
      const subscriber = await t.connect();
      subscriber.send(subscribe({ version: t.version, packetId: 1, subscriptions: [{ filter: bad }] }));
      await subscriber.expectClose([0x81, 0x82, 0x8f]);
    },
    { versions: [5, 4] },
  ),
  shared('Topic Names and Topic Filters of 65,535 bytes are taken', { v5: '4.7.3-3', v4: '' }, async (t) => {
    const topic = t.topic('x').padEnd(65_535, 'x');
    const client = await t.connect();
    client.send(subscribe({ version: t.version, packetId: 1, subscriptions: [{ filter: topic, qos: 0 }] }));
    const suback = await client.expect('SUBACK');
    expectOneOf('SUBACK with', suback.reasonCodes[0] ?? -1, [0]);
    await client.publish(topic, 'long');
    await client.receive({ topic, payload: 'long' });
  }),
  shared(
    'names are matched byte by byte: no normalisation, no trimming, no folding of case',
    { v5: '4.7.3-4', v4: '3.3.2-3' },
    async (t) => {
      const publisher = await t.connect();
      const names = [
        '\u00e9',
        'e\u0301',
        '\u00c9',
        ' \u00e9',
        '\u00e9 ',
        '\ufeff\u00e9',
        '\u1f600',
        '\u{1f600}',
        '%C3%A9',
      ];
      const subscribers = await Promise.all(names.map((name) => t.subscriber(t.topic(name), { qos: 1 })));
      for (const name of names) await publisher.publish(t.topic(name), name, { qos: 1 });
      for (const [at, name] of names.entries()) {
        await subscribers[at]?.receive({ topic: t.topic(name), payload: name });
        await subscribers[at]?.expectQuiet(publisher);
      }
    },
  ),
  shared(
    'U+FEFF at the beginning of a Topic Name is a character like any other, and stays',
    { v5: '1.5.4-3', v4: '1.5.3-3' },
    async (t) => {
      const topic = `\ufeff${t.topic()}`;
      const client = await t.subscriber(topic, { qos: 1 });
      const without = await t.subscriber(t.topic(), { qos: 1 });
      await client.publish(topic, '\ufeffpayload', { qos: 1 });
      await client.receive({ topic, payload: '\ufeffpayload' });
      await without.expectQuiet(client);
    },
  ),
  shared(
    'a Topic Filter that begins with a wildcard does not match a Topic Name that begins with $',
    { v5: '4.7.2-1', v4: '4.7.2-1' },
    async (t) => {
      const dollar = `$${t.topic('x')}`;
      const exact = await t.subscriber(dollar, { qos: 0 });
      const below = await t.subscriber(dollar.replace('/x', '/#'), { qos: 0 });
      const wide = await t.subscriber(dollar.replace('$cf/', '+/'), { qos: 0 });
      const everything = await t.connect();
      await everything.mustSubscribe(`+/${dollar.split('/')[1]}/#`);
      const publisher = await t.connect();
      await publisher.publish(dollar, 'hidden');
      await publisher.publish(dollar.slice(1), 'seen');
      await wide.receive({ topic: dollar.slice(1), payload: 'seen' });
      await everything.receive({ topic: dollar.slice(1), payload: 'seen' });
      await wide.expectQuiet(publisher);
      await exact.mustSubscribe(t.topic('marker'));
      await publisher.publish(t.topic('marker'), 'marker');
      const first = await exact.receive();
      requireThat(first.topic === dollar, 'clients cannot publish to a topic that begins with $ here');
      await below.receive({ topic: dollar });
    },
  ),
  shared(
    '# brings no topic of $SYS, whatever the server publishes there',
    { v5: '4.7.2-1', v4: '4.7.2-1' },
    async (t) => {
      const client = await t.subscriber('#');
      const publisher = await t.connect();
      await publisher.publish(t.topic(), 'seen');
      // Messages of other scenarios come, too.
      for (;;) {
        const { topic } = await client.receive();
        if (topic.startsWith('$')) t.violation('no topic that begins with $', topic);
        if (topic === t.topic()) return;
      }
    },
  ),
]);
