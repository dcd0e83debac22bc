import { chapter, type ScenarioBody, scenario } from '../../run/scenario.ts';
import type { Scene } from '../../run/scene.ts';
import { expectEqual } from '../../run/violation.ts';
import { bytesOf, utf8 } from '../../wire/bytes.ts';
import { acknowledgement, connect, disconnect, publish, subscribe, unsubscribe } from '../../wire/packet-writer.ts';
import { property } from '../../wire/property.ts';

/** Bytes that are no UTF-8 Encoded String. */
const ILL_FORMED: readonly [name: string, bytes: readonly number[]][] = [
  ['a surrogate', [0x61, 0xed, 0xa0, 0x80, 0x61]],
  ['a pair of surrogates', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]],
  ['a sequence cut short', [0x61, 0xe2, 0x82]],
  ['a form that is too long', [0xc1, 0xa1, 0x61]],
  ['U+0000 in a form that is too long', [0x61, 0xc0, 0x80]],
  ['a code point above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['a byte that begins nothing', [0x61, 0xff]],
  ['a continuation without its beginning', [0x80, 0x61]],
];
const NULL: readonly [string, readonly number[]][] = [['U+0000', [0x61, 0x00, 0x62]]];

/** A property of text with any bytes in place of its value. */
function textProperty(name: 'contentType' | 'responseTopic' | 'reasonString', bad: Uint8Array): Uint8Array {
  const [identifier = 0] = property(name, '');
  return bytesOf(identifier, bad.length >> 8, bad.length & 0xff, bad);
}

function userProperty(name: Uint8Array, value: Uint8Array): Uint8Array {
  return bytesOf(0x26, name.length >> 8, name.length & 0xff, name, value.length >> 8, value.length & 0xff, value);
}

const GOOD = utf8('good');
const version = 5;

interface Place {
  readonly name: string;
  readonly shows: string;
  readonly bytes: (t: Scene, bad: Uint8Array) => Uint8Array;
}

const connectPlaces: readonly Place[] = [
  { name: 'the Client Identifier', shows: '3.1.3-4', bytes: (_, bad) => connect({ version, clientId: bad }) },
  {
    name: 'the Will Topic',
    shows: '3.1.3-11',
    bytes: (t, bad) => connect({ version, clientId: t.newClientId(), will: { topic: bad } }),
  },
  {
    name: 'the User Name',
    shows: '3.1.3-12',
    bytes: (t, bad) => connect({ version, clientId: t.newClientId(), userName: bad }),
  },
  {
    name: 'a User Property of CONNECT',
    shows: '1.5.7-1',
    bytes: (t, bad) => connect({ version, clientId: t.newClientId(), properties: userProperty(GOOD, bad) }),
  },
  {
    name: 'the Content Type of a Will',
    shows: '3.3.2-19',
    bytes: (t, bad) =>
      connect({
        version,
        clientId: t.newClientId(),
        will: { topic: t.topic(), properties: textProperty('contentType', bad) },
      }),
  },
];

const places: readonly Place[] = [
  { name: 'a Topic Name', shows: '3.3.2-1', bytes: (_, bad) => publish({ version, topic: bad }) },
  {
    name: 'a Response Topic',
    shows: '3.3.2-13',
    bytes: (t, bad) => publish({ version, topic: t.topic(), properties: textProperty('responseTopic', bad) }),
  },
  {
    name: 'a Content Type',
    shows: '3.3.2-19',
    bytes: (t, bad) => publish({ version, topic: t.topic(), properties: textProperty('contentType', bad) }),
  },
  {
    name: 'the name of a User Property',
    shows: '1.5.7-1',
    bytes: (t, bad) => publish({ version, topic: t.topic(), properties: userProperty(bad, GOOD) }),
  },
  {
    name: 'the value of a User Property',
    shows: '1.5.7-1',
    bytes: (t, bad) => publish({ version, topic: t.topic(), properties: userProperty(GOOD, bad) }),
  },
  {
    name: 'a Topic Filter of SUBSCRIBE',
    shows: '3.8.3-1',
    bytes: (_, bad) => subscribe({ version, packetId: 1, subscriptions: [{ filter: bad }] }),
  },
  {
    name: 'a Topic Filter of UNSUBSCRIBE',
    shows: '3.10.3-1',
    bytes: (_, bad) => unsubscribe({ version, packetId: 1, filters: [bad] }),
  },
  {
    name: 'the Reason String of an acknowledgement',
    shows: '',
    bytes: (_, bad) => acknowledgement('PUBREL', 1, 0, textProperty('reasonString', bad)),
  },
  {
    name: 'the Reason String of DISCONNECT',
    shows: '',
    bytes: (_, bad) => disconnect(0x04, textProperty('reasonString', bad)),
  },
];

function forms(what: string, ids: string, bad: typeof ILL_FORMED, codes: number[]): ScenarioBody[] {
  const inConnect = connectPlaces.map(({ name, shows, bytes }) =>
    scenario(`${what} in ${name} is refused`, `${ids} ${shows} 3.1.4-1`, async (t) => {
      for (const [, each] of bad) {
        const client = await t.open();
        client.send(bytes(t, Uint8Array.from(each)));
        await client.expectRefusal([...codes, 0x85, 0x90]);
      }
    }),
  );
  const later = places.map(({ name, shows, bytes }) =>
    scenario(`${what} in ${name} ends the connection`, `${ids} ${shows}`.trim(), async (t) => {
      for (const [, each] of bad) {
        const client = await t.connect();
        client.send(bytes(t, Uint8Array.from(each)));
        await client.expectClose([...codes, 0x8f, 0x90]);
      }
    }),
  );
  return [...inConnect, ...later];
}

/** UTF-8 Encoded Strings (section 1.5.4), in every place where a client sends one. */
export const strings = chapter(5, '1.5.4 UTF-8 Encoded String', [
  ...forms('ill-formed UTF-8', '1.5.4-1', ILL_FORMED, [0x81]),
  ...forms('U+0000', '1.5.4-2', NULL, [0x81, 0x82]),
  scenario('U+FEFF is kept wherever it stands in a string', '1.5.4-3', async (t) => {
    const client = await t.subscriber(t.topic('\ufeff'), { qos: 1 });
    const userProperties = [['\ufeffname', '\ufeff']] as const;
    const properties = { contentType: '\ufefftext', responseTopic: '\ufeff', userProperties };
    await client.publish(t.topic('\ufeff'), 'x', { qos: 1, properties });
    const message = await client.receive({ topic: t.topic('\ufeff') });
    expectEqual('Content Type', message.properties.contentType, properties.contentType);
    expectEqual('Response Topic', message.properties.responseTopic, properties.responseTopic);
    expectEqual('User Properties', message.properties.userProperties, userProperties);
  }),
  scenario('strings of every plane are passed on unaltered', '1.5.4-1', async (t) => {
    const texts = ['\ud7ff\ue000', '\u{10fffd}\u{1f600}', 'a\u0301', '\u00e9', ' ', ''];
    const client = await t.subscriber(t.topic(), { qos: 1 });
    const userProperties = texts.map((each) => [each, each] as const);
    await client.publish(t.topic(), 'x', { qos: 1, properties: { userProperties } });
    const message = await client.receive();
    expectEqual('User Properties', message.properties.userProperties, userProperties);
  }),
]);
