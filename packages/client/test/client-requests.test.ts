import assert from 'node:assert/strict';
import { PacketType, type PublishPacket, ReasonCode } from '@busbar/codec';
import { describe, test } from 'vitest';
import type { ClientOptions } from '../src/index.ts';
import { acknowledge, ClientHarness, publish } from './client-harness.ts';

const text = ({ payload }: { payload: Uint8Array }) => new TextDecoder().decode(payload);

async function connected(options: ClientOptions = {}) {
  const harness = new ClientHarness(options);
  await harness.start();
  return harness;
}

/** Grants the subscription to the Response Topic and answers the requests that have come. */
async function requestsOf(harness: ClientHarness): Promise<PublishPacket[]> {
  await harness.grant();
  return harness.tookPublishes();
}

function answerTo({ properties }: PublishPacket, answer: string): PublishPacket {
  const { responseTopic = '', correlationData } = properties;
  return publish(responseTopic, {
    text: answer,
    properties: { ...(correlationData && { correlationData }), subscriptionIdentifiers: [1] },
  });
}

describe('request', () => {
  test('many at once, each with its answer; one subscription for all', async () => {
    const harness = await connected();
    const answers = ['a', 'b', 'c'].map((payload) => harness.client.request('ask', payload));
    const requests = await requestsOf(harness);
    assert.deepEqual(requests.map(text), ['a', 'b', 'c']);
    assert.equal(new Set(requests.map(({ properties }) => properties.responseTopic)).size, 1);
    assert.deepEqual(
      requests.map(({ qos, properties }) => [qos, properties.messageExpiryInterval]),
      [
        [1, 10],
        [1, 10],
        [1, 10],
      ],
    );
    for (const request of requests.reverse()) await harness.send(answerTo(request, text(request).toUpperCase()));
    assert.deepEqual(
      (await Promise.all(answers)).map((answer) => answer.text()),
      ['A', 'B', 'C'],
    );
    const fourth = harness.client.request('ask', 'd', { qos: 0, properties: { contentType: 'x' } });
    const packets = await harness.took();
    assert.deepEqual(
      packets.map(({ type }) => type),
      [PacketType.publish],
      'it has subscribed already',
    );
    await harness.send(answerTo(packets[0] as PublishPacket, 'D'));
    assert.equal((await fourth).text(), 'D');
    assert.equal(harness.client.counters.publishesFailed, 0);
  });

  test('rejects in time, and a late answer harms nobody', async () => {
    const harness = await connected();
    const answer = harness.client.request('ask', 'x', { timeoutMs: 2_500 }).catch((error: unknown) => error);
    const [request] = await requestsOf(harness);
    assert.equal(request?.properties.messageExpiryInterval, 3);
    await harness.advance(2_500);
    assert.match(String(await answer), /no answer to 'ask' came within 2500 ms/);
    if (request !== undefined) await harness.send(answerTo(request, 'late'));
    assert.equal(harness.client.counters.handlerErrors, 0);
  });

  test('rejects when nobody has subscribed, and when it is refused', async () => {
    const harness = await connected();
    const nobody = harness.client.request('ask', 'x').catch((error: unknown) => error);
    const refused = harness.client.request('ask', 'y').catch((error: unknown) => error);
    const [first, second] = await requestsOf(harness);
    await harness.send(
      acknowledge('puback', first?.packetId ?? 0, ReasonCode.noMatchingSubscribers),
      acknowledge('puback', second?.packetId ?? 0, ReasonCode.notAuthorized),
    );
    assert.equal(((await nobody) as { code?: string }).code, 'no-responder');
    assert.equal(((await refused) as { code?: string }).code, 'publish-refused');
  });

  test('a signal and the end of the client reject it too', async () => {
    const harness = await connected();
    const controller = new AbortController();
    const aborted = harness.client.request('ask', 'x', { signal: controller.signal }).catch((error: unknown) => error);
    const ended = harness.client.request('ask', 'y', { qos: 0 }).catch((error: unknown) => error);
    await requestsOf(harness);
    controller.abort(new Error('enough'));
    assert.match(String(await aborted), /enough/);
    void harness.client.end({ timeoutMs: 10 });
    await harness.advance(10);
    assert.equal(((await ended) as { code?: string }).code, 'client-ended');
    await assert.rejects(harness.client.request('ask', 'z', { signal: AbortSignal.abort(new Error('no')) }), /no/);
  });

  test('a subscription that is refused rejects, and is tried again with the next request', async () => {
    const harness = await connected();
    const refused = harness.client.request('ask', 'x').catch((error: unknown) => error);
    await harness.grant(ReasonCode.notAuthorized);
    assert.equal(((await refused) as { code?: string }).code, 'subscribe-refused');
    void harness.client.request('ask', 'y').catch(() => {});
    assert.equal((await harness.grant()).length, 1);
  });

  test("answers come to the program's topic, or below the server's Response Information", async () => {
    const own = await connected({ responseTopic: 'answers/c' });
    void own.client.request('ask', 'x').catch(() => {});
    assert.equal((await requestsOf(own))[0]?.properties.responseTopic, 'answers/c');
    const informed = new ClientHarness({ properties: { requestResponseInformation: true } });
    await informed.start({ responseInformation: 'clients/c/' });
    void informed.client.request('ask', 'x').catch(() => {});
    assert.match((await requestsOf(informed))[0]?.properties.responseTopic ?? '', /^clients\/c\/busbar-[a-z0-9]{16}$/);
  });

  test('needs MQTT 5.0', async () => {
    const harness = await connected({ protocolVersion: 4 });
    await assert.rejects(harness.client.request('ask', 'x'), { name: 'UsageError', code: 'version-too-low' });
  });

  test('waits for a connection', async () => {
    const harness = new ClientHarness();
    const answer = harness.client.request('ask', 'x');
    await harness.start();
    const [request] = await requestsOf(harness);
    assert.ok(request);
    await harness.send(answerTo(request, 'y'));
    assert.equal((await answer).text(), 'y');
  });
});

test('an answer to an earlier run of the program is none to this one', async () => {
  const earlier = await connected({ responseTopic: 'answers/pump-7' });
  void earlier.client.request('ask', 'old').catch(() => {});
  const [old] = await requestsOf(earlier);
  const harness = await connected({ responseTopic: 'answers/pump-7', random: () => 0.9 });
  const answer = harness.client.request('ask', 'new');
  const [request] = await requestsOf(harness);
  assert.equal(request?.properties.responseTopic, 'answers/pump-7');
  await harness.send(answerTo(old as PublishPacket, 'OLD'), answerTo(request as PublishPacket, 'NEW'));
  assert.equal((await answer).text(), 'NEW');
});

describe('respond', () => {
  const request = (payload: string, packetId: number, responseTopic?: string) =>
    publish('ask', {
      text: payload,
      qos: 1,
      packetId,
      properties: {
        subscriptionIdentifiers: [1],
        correlationData: Uint8Array.of(packetId),
        ...(responseTopic !== undefined && { responseTopic }),
      },
    });

  test('answers on the Response Topic with the Correlation Data; acknowledges the request after that', async () => {
    const harness = await connected();
    harness.client.respond('ask', async (message) => ({
      payload: message.text().toUpperCase(),
      properties: { contentType: 't' },
    }));
    await harness.grant();
    await harness.send(request('x', 5, 'to/me'));
    const [answer, ...others] = await harness.took();
    assert.ok(answer?.type === PacketType.publish);
    assert.deepEqual([answer.topicName, text(answer), answer.qos], ['to/me', 'X', 1]);
    assert.deepEqual(answer.properties, { contentType: 't', correlationData: Uint8Array.of(5) });
    assert.deepEqual(others, []);
    await harness.send(acknowledge('puback', answer.packetId));
    assert.deepEqual(
      (await harness.took()).map((packet) => [packet.type, 'packetId' in packet && packet.packetId]),
      [[PacketType.puback, 5]],
    );
  });

  test('several at a time; one without a Response Topic, or without an answer, is answered by nobody', async () => {
    const harness = await connected();
    const gates: (() => void)[] = [];
    harness.client.respond('ask', { concurrency: 2 }, async (message) => {
      await new Promise<void>((resolve) => gates.push(resolve));
      return message.text() === 'nothing' ? undefined : 'answer';
    });
    await harness.grant();
    await harness.send(request('a', 1), request('nothing', 2, 'to/me'), request('c', 3, 'to/me'));
    assert.equal(gates.length, 2);
    gates[0]?.();
    gates[1]?.();
    await harness.settle();
    gates[2]?.();
    assert.equal((await harness.tookPublishes()).length, 1);
  });

  test('a handler that fails is reported', async () => {
    const harness = await connected();
    harness.client.respond('ask', () => Promise.reject(new Error('broken')));
    await harness.grant();
    await harness.send(request('a', 1, 'to/me'));
    assert.match(String(harness.lastEvent('handler-error').error), /broken/);
  });
});
