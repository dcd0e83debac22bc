import type { RawClient } from '../../peer/raw-client.ts';
import { SCRAM_USER, ScramClient } from '../../peer/scram.ts';
import { chapter, scenario } from '../../run/scenario.ts';
import type { Scene } from '../../run/scene.ts';
import { expectEqual, requireThat } from '../../run/violation.ts';
import { auth, publish } from '../../wire/packet-writer.ts';
import type { Properties } from '../../wire/property.ts';

const { method } = ScramClient;

/** Begins to connect with SCRAM-SHA-256. @throws {NotTestable} The server does not know the method. */
async function begin(t: Scene, scram: ScramClient, properties: Properties = {}) {
  const client = await t.open();
  client.sendConnect({
    clientId: t.newClientId(),
    properties: { authenticationMethod: method, authenticationData: scram.first(), ...properties },
  });
  const answer = await client.next('AUTH or CONNACK');
  requireThat(answer.name === 'AUTH', `the server does not authenticate ${SCRAM_USER.name} by ${method}`);
  expectEqual('AUTH with', answer.reasonCode, 0x18);
  expectEqual('Authentication Method', answer.properties.authenticationMethod, method);
  return { client, challenge: answer.properties.authenticationData ?? new Uint8Array(0) };
}

function step(client: RawClient, reasonCode: number, authenticationData: Uint8Array): void {
  client.send(auth(reasonCode, { authenticationMethod: method, authenticationData }));
}

async function authenticated(t: Scene, properties: Properties = {}): Promise<RawClient> {
  const scram = new ScramClient();
  const { client, challenge } = await begin(t, scram, properties);
  step(client, 0x18, scram.final(challenge));
  client.connack = await client.expect('CONNACK');
  expectEqual('CONNACK with', client.connack.reasonCode, 0);
  return client;
}

/** Enhanced authentication with SCRAM-SHA-256 (section 4.12). */
export const authentication = chapter(5, '4.12 Enhanced authentication with SCRAM-SHA-256', [
  scenario(
    'a client with the right proof is let in, and every AUTH and CONNACK names the method',
    '4.12.0-2 4.12.0-5 3.15.2-1 3.2.0-1',
    async (t) => {
      const client = await authenticated(t);
      expectEqual('Authentication Method', t.announced(client).authenticationMethod, method);
      await client.ping();
    },
  ),
  scenario('a client with the wrong proof is refused and its connection closed', '4.12.0-4 3.2.2-7', async (t) => {
    const scram = new ScramClient('wrong');
    const { client, challenge } = await begin(t, scram);
    step(client, 0x18, scram.final(challenge));
    await client.expectRefusal([0x86, 0x87]);
  }),
  scenario(
    'a client that says something else than AUTH before CONNACK is refused, and it is not worked on',
    '3.1.2-30 3.1.4-6',
    async (t) => {
      const subscriber = await t.subscriber(t.topic());
      const { client } = await begin(t, new ScramClient());
      client.send(publish({ version: 5, topic: t.topic(), payload: 'unseen' }));
      await client.expectRefusal([0x81, 0x82, 0x87]);
      await subscriber.expectQuiet(await t.connect(), 0);
    },
  ),
  scenario('a client that changes its method is refused', '4.12.0-5', async (t) => {
    const scram = new ScramClient();
    const { client, challenge } = await begin(t, scram);
    client.send(auth(0x18, { authenticationMethod: 'OTHER', authenticationData: scram.final(challenge) }));
    await client.expectRefusal([0x82, 0x8c, 0x87]);
  }),
  scenario('a client may authenticate again while it is connected', '4.12.1-1 4.12.0-5', async (t) => {
    const client = await authenticated(t);
    const scram = new ScramClient();
    step(client, 0x19, scram.first());
    const challenge = await client.expect('AUTH');
    expectEqual('AUTH with', challenge.reasonCode, 0x18);
    expectEqual('Authentication Method', challenge.properties.authenticationMethod, method);
    // What is under way meanwhile goes on.
    await client.publish(t.topic(), 'x', { qos: 1 });
    step(client, 0x18, scram.final(challenge.properties.authenticationData ?? new Uint8Array(0)));
    const done = await client.expect('AUTH');
    expectEqual('AUTH with', done.reasonCode, 0x00);
    expectEqual('Authentication Method', done.properties.authenticationMethod, method);
    await client.ping();
  }),
  scenario('a client that fails to authenticate again is disconnected', '4.12.1-2 4.13.2-1', async (t) => {
    const client = await authenticated(t);
    const scram = new ScramClient('wrong');
    step(client, 0x19, scram.first());
    const challenge = await client.expect('AUTH');
    step(client, 0x18, scram.final(challenge.properties.authenticationData ?? new Uint8Array(0)));
    await client.expectClose([0x86, 0x87]);
  }),
  scenario('a client that authenticates again by another method is disconnected', '4.12.1-1 4.13.1-1', async (t) => {
    const client = await authenticated(t);
    client.send(auth(0x19, { authenticationMethod: 'OTHER' }));
    await client.expectClose([0x82, 0x8c, 0x87]);
  }),
  scenario('AUTH with 0x18 when nothing is under way ends the connection', '4.13.1-1', async (t) => {
    const client = await authenticated(t);
    step(client, 0x18, Uint8Array.of(1));
    await client.expectClose([0x82]);
  }),
  scenario('no AUTH carries properties that make it larger than the client takes', '3.15.2-2 3.15.2-3', async (t) => {
    const client = await authenticated(t, { maximumPacketSize: 160 });
    await client.ping();
  }),
]);
