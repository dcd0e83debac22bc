import { chapter, type ScenarioBody, scenario } from '../../run/scenario.ts';
import { RETURN_CODE_1, type Scene } from '../../run/scene.ts';
import { expectEqual, expectThat, requireThat } from '../../run/violation.ts';
import { type Part, packet, text, u16, utf8 } from '../../wire/bytes.ts';
import { connect as connectPacket, disconnect, FIRST_BYTE, publish } from '../../wire/packet-writer.ts';

const version = 4;

/** CONNECT with these flags in front of these payload fields. */
function withFlags(flags: number, ...payload: readonly Part[]): Uint8Array {
  return packet(FIRST_BYTE.CONNECT, text('MQTT'), 4, flags, u16(60), ...payload);
}

/** A CONNECT that does not conform: the server closes and sends no CONNACK. */
function closes(name: string, shows: string, bytes: (t: Scene) => Uint8Array): ScenarioBody {
  return scenario(`${name} ends the connection without CONNACK`, `${shows} 3.1.4-1`, async (t) => {
    const client = await t.open();
    client.send(bytes(t));
    await client.expectRefusal([], { connack: 'not' });
  });
}

const flags = [
  closes('the reserved flag of CONNECT', '3.1.2-3', (t) => withFlags(0x03, text(t.newClientId()))),
  closes('Will Flag without Will Topic and Message', '3.1.2-9', (t) => withFlags(0x06, text(t.newClientId()))),
  closes('Will QoS without Will Flag', '3.1.2-11 3.1.2-13', (t) => withFlags(0x0a, text(t.newClientId()))),
  closes('Will Retain without Will Flag', '3.1.2-11 3.1.2-15', (t) => withFlags(0x22, text(t.newClientId()))),
  closes('Will Topic and Message without Will Flag', '3.1.2-11', (t) => {
    return withFlags(0x02, text(t.newClientId()), text(t.topic()), text('gone'));
  }),
  closes('Will QoS 3', '3.1.2-14', (t) => withFlags(0x1e, text(t.newClientId()), text(t.topic()), text('gone'))),
  closes('a User Name without its flag', '3.1.2-18', (t) => withFlags(0x02, text(t.newClientId()), text('name'))),
  closes('the User Name Flag without a User Name', '3.1.2-19', (t) => withFlags(0x82, text(t.newClientId()))),
  closes('a Password without its flag', '3.1.2-20', (t) => {
    return withFlags(0x82, text(t.newClientId()), text('name'), text('password'));
  }),
  closes('the Password Flag without a Password', '3.1.2-21', (t) =>
    withFlags(0xc2, text(t.newClientId()), text('name')),
  ),
  closes('the Password Flag without the User Name Flag', '3.1.2-22', (t) => {
    return withFlags(0x42, text(t.newClientId()), text('password'));
  }),
  closes('a CONNECT without Client Identifier field', '3.1.3-3', () => withFlags(0x02)),
  closes('a CONNECT with reserved flags in its first byte', '2.2.2-2', (t) => {
    const whole = connectPacket({ version, clientId: t.newClientId() });
    return Uint8Array.from([0x13, ...whole.subarray(1)]);
  }),
];

const identifiers = [
  scenario(
    'clients without Client Identifier and with CleanSession 1 are each given their own',
    '3.1.3-6',
    async (t) => {
      const clients = [];
      for (let i = 0; i < 3; i++) {
        const client = await t.tryConnect({ clientId: '', cleanStart: true });
        if (client.connack?.reasonCode === 2)
          t.notTestable('the broker does not take clients without Client Identifier');
        expectEqual('CONNACK with', client.connack?.reasonCode, 0);
        clients.push(client);
      }
      for (const client of clients) await client.ping();
    },
  ),
  scenario(
    'a client without Client Identifier and with CleanSession 0 is refused with 0x02',
    '3.1.3-7 3.1.3-8 3.2.2-4 3.2.2-5',
    async (t) => {
      const client = await t.open();
      client.sendConnect({ clientId: '', cleanStart: false });
      await client.expectRefusal([2], { connack: 'must' });
    },
  ),
  scenario(
    'a Client Identifier that the server rejects is refused with 0x02',
    '3.1.3-9',
    async (t) => {
      const client = await t.open();
      client.sendConnect({ clientId: 'x'.repeat(500) });
      await client.expectRefusal([2], { connack: 'must', mayAccept: 'the broker takes any Client Identifier' });
    },
    { setUp: 'limited' },
  ),
  scenario(
    'all payload fields of CONNECT are read in their order',
    '3.1.3-1 3.1.3-3 3.1.2-9 3.1.2-19 3.1.2-21',
    async (t) => {
      const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
      const client = await t.connect({
        will: { topic: t.topic('will'), payload: 'gone', qos: 1 },
        userName: 'name',
        password: Uint8Array.of(0, 255),
      });
      await client.drop();
      await subscriber.receive({ topic: t.topic('will'), payload: 'gone' });
    },
  ),
];

const versions = [
  scenario('a protocol level that does not exist is refused with 0x01', '3.1.2-2 3.2.2-4 3.2.2-5', async (t) => {
    for (const level of [0, 1, 2]) await t.expectUnknownProtocol({ level }, RETURN_CODE_1);
    // A server that knows later versions may speak as they do.
    for (const level of [6, 127]) await t.expectUnknownProtocol({ level });
  }),
  scenario('a protocol name that is not known ends the connection', '3.1.2-1', async (t) => {
    for (const protocolName of ['mqtt', 'MQTTX', 'HTTP', '']) await t.expectUnknownProtocol({ protocolName });
  }),
];

const refusals = [
  scenario('nothing behind a CONNECT that is refused is worked on', '3.1.4-5', async (t) => {
    const subscriber = await t.subscriber(t.topic(), { qos: 0 });
    const client = await t.open();
    client.send(
      connectPacket({ version, clientId: '', cleanStart: false }),
      publish({ version, topic: t.topic(), payload: 'unseen' }),
    );
    await client.expectRefusal([2]);
    await subscriber.expectQuiet(await t.connect(), 0);
  }),
  scenario(
    'a user who is refused is told so with 0x04 or 0x05, without Session Present',
    '3.2.2-4 3.2.2-5 3.1.4-5',
    async (t) => {
      const client = await t.open();
      client.sendConnect({ clientId: t.newClientId(), userName: 'refused', password: 'wrong' });
      await client.expectRefusal([4, 5], { connack: 'must', mayAccept: 'the broker takes any user' });
    },
    { setUp: 'limited' },
  ),
  scenario('a failure that has no return code ends the connection without CONNACK', '3.2.2-6 3.1.4-1', async (t) => {
    const client = await t.open();
    client.send(withFlags(0x03, text(t.newClientId())));
    await client.expectRefusal([], { connack: 'not' });
  }),
  scenario('nothing behind a DISCONNECT is worked on', '3.14.4-1', async (t) => {
    const subscriber = await t.subscriber(t.topic(), { qos: 0 });
    const client = await t.connect();
    client.send(disconnect(), publish({ version, topic: t.topic(), payload: 'unseen' }));
    await client.expectClose([]);
    await subscriber.expectQuiet(await t.connect(), 0);
  }),
  scenario('AUTH, which 3.1.1 does not know, ends the connection', '4.8.0-1', async (t) => {
    const client = await t.connect();
    client.send(packet(0xf0, 0x18, 0));
    await client.expectClose([]);
  }),
  scenario(
    'a server without wildcards refuses them with 0x80',
    '3.8.3-2',
    async (t) => {
      const client = await t.connect();
      const { reasonCodes } = await client.subscribe(t.topic('+'));
      requireThat(reasonCodes[0] !== 0, 'the server has wildcards');
      expectEqual('SUBACK with', reasonCodes, [0x80]);
    },
    { setUp: 'reduced' },
  ),
  scenario('every code of SUBACK is 0, 1, 2 or 0x80', '3.8.4-5', async (t) => {
    const client = await t.connect();
    const { reasonCodes } = await client.subscribe([
      { filter: t.topic('a'), qos: 0 },
      { filter: t.topic('b'), qos: 1 },
      { filter: t.topic('c'), qos: 2 },
    ]);
    expectThat(
      reasonCodes.every((each, at) => each === at),
      '0, 1, 2',
      reasonCodes.join(', '),
    );
  }),
];

/** CONNECT of 3.1.1 as it is taken and refused (section 3.1). */
export const connect = chapter(4, '3.1 CONNECT', [...flags, ...identifiers, ...versions, ...refusals]);

const BAD_TEXTS: readonly (readonly number[])[] = [
  [0x61, 0xed, 0xa0, 0x80],
  [0x61, 0xe2, 0x82],
  [0xc1, 0xa1],
  [0xf4, 0x90, 0x80, 0x80],
  [0x61, 0xff],
];
const NULL_TEXTS: readonly (readonly number[])[] = [[0x61, 0x00, 0x62], [0x00]];

interface Place {
  readonly name: string;
  readonly shows: string;
  readonly bytes: (t: Scene, bad: Uint8Array) => Uint8Array;
  /** The packet is CONNECT itself. */
  readonly isConnect: boolean;
}

function binaryText(bad: Uint8Array): Uint8Array {
  return Uint8Array.from([bad.length >> 8, bad.length & 0xff, ...bad]);
}

const places: readonly Place[] = [
  {
    name: 'the Client Identifier',
    shows: '3.1.3-4',
    isConnect: true,
    bytes: (_, bad) => withFlags(0x02, binaryText(bad)),
  },
  {
    name: 'the Will Topic',
    shows: '3.1.3-10',
    isConnect: true,
    bytes: (t, bad) => withFlags(0x06, text(t.newClientId()), binaryText(bad), text('gone')),
  },
  {
    name: 'the User Name',
    shows: '3.1.3-11',
    isConnect: true,
    bytes: (t, bad) => withFlags(0x82, text(t.newClientId()), binaryText(bad)),
  },
  {
    name: 'a Topic Name',
    shows: '3.3.2-1',
    isConnect: false,
    bytes: (_, bad) => packet(FIRST_BYTE.PUBLISH, binaryText(bad), utf8('x')),
  },
  {
    name: 'a Topic Filter of SUBSCRIBE',
    shows: '3.8.3-1',
    isConnect: false,
    bytes: (_, bad) => packet(FIRST_BYTE.SUBSCRIBE, u16(1), binaryText(bad), 0),
  },
  {
    name: 'a Topic Filter of UNSUBSCRIBE',
    shows: '3.10.3-1',
    isConnect: false,
    bytes: (_, bad) => packet(FIRST_BYTE.UNSUBSCRIBE, u16(1), binaryText(bad)),
  },
];

function badTexts(what: string, id: string, texts: readonly (readonly number[])[]): ScenarioBody[] {
  return places.map(({ name, shows, isConnect, bytes }) =>
    scenario(`${what} in ${name} ends the connection`, `${id} ${shows}`, async (t) => {
      for (const each of texts) {
        const client = isConnect ? await t.open() : await t.connect();
        client.send(bytes(t, Uint8Array.from(each)));
        // For a Client Identifier 0x02 is an answer, too.
        if (isConnect) await client.expectRefusal([2]);
        else await client.expectClose([]);
      }
    }),
  );
}

/** UTF-8 encoded strings of 3.1.1 (section 1.5.3), in every place where a client sends one. */
export const strings = chapter(4, '1.5.3 UTF-8 encoded strings', [
  ...badTexts('ill-formed UTF-8', '1.5.3-1', BAD_TEXTS),
  ...badTexts('U+0000', '1.5.3-2', NULL_TEXTS),
]);
