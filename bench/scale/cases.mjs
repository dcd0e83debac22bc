import { encodePacket, PacketType } from '@busbar/codec';
import { RawClient } from './raw-client.mjs';

const { suback, puback, publish } = PacketType;

/** Connections that are opened at a time. */
const OPENING = 64;
/** Topic Filters in one SUBSCRIBE packet, messages in one write. */
const BATCH = 500;

/**
 * @typedef {{ port: number, read: () => Promise<any>, progress: (text: string) => void }} Scale
 * @typedef {{ figure: string, value: string }} Figure
 */

const mebibytes = (/** @type {number} */ bytes) => `${(bytes / 1048576).toFixed(0)} MiB`;

/** @param {string} topicName @param {number} qos @param {boolean} retain @param {number} [packetId] */
function publishBytes(topicName, qos, retain, packetId = 0) {
  const payload = new TextEncoder().encode('{"value":21.5,"unit":"C"}');
  const packet = { type: publish, dup: false, qos, retain, packetId, topicName, payload, properties: {} };
  return encodePacket(/** @type {any} */ (packet), 5);
}

/** @param {RawClient} client @param {readonly string[]} filters @param {number} qos */
async function subscribe(client, filters, qos = 0) {
  const subscriptions = filters.map((topicFilter) => ({
    topicFilter,
    qos,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
  }));
  const answered = client.next(suback);
  client.send({ type: PacketType.subscribe, packetId: 1, subscriptions, properties: {} });
  await answered;
}

/** Milliseconds of the broker's CPU for so many QoS 0 messages from one client to nobody. */
async function fanInCost({ read }, /** @type {RawClient} */ publisher, count = 200_000) {
  const one = Array.from({ length: 100 }, (_, n) => publishBytes(`fan/in/${n}`, 0, false));
  const chunk = Buffer.concat(Array.from({ length: 10 }, () => one).flat());
  await read();
  for (let sent = 0; sent < count; sent += 1_000) await publisher.write(chunk);
  // Everything before it has been worked on when the answer comes.
  const answered = publisher.next(PacketType.pingresp);
  publisher.send({ type: PacketType.pingreq });
  await answered;
  const { cpuMs } = await read();
  return (cpuMs * 1000) / count;
}

/** 15,000 idle connections: how fast they are let in, and what one costs. @param {Scale} scale @param {number} count */
export async function idleConnections({ port, read, progress }, count = 15_000) {
  const before = await read();
  const clients = [];
  const startedAt = performance.now();
  let next = 0;
  const open = async () => {
    while (next < count) {
      const number = next++;
      clients.push(await RawClient.connect(port, { clientIdentifier: `idle-${number}` }));
      if (number % 1_000 === 0) progress(`${number} of ${count} connections`);
    }
  };
  await Promise.all(Array.from({ length: OPENING }, open));
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await read();
  for (const client of clients) client.destroy();
  return {
    after,
    figures: [
      { figure: 'accepted per second of broker CPU', value: (count / (after.cpuMs / 1000)).toFixed(0) },
      { figure: 'accepted per second, by this load', value: (count / seconds).toFixed(0) },
      { figure: 'resident memory each', value: `${((after.rss - before.rss) / count / 1024).toFixed(1)} KiB` },
    ],
  };
}

/** 1,000,000 subscriptions, exact and with wildcards, and what matching costs with them. @param {Scale} scale */
export async function subscriptions({ port, read, progress }, count = 1_000_000) {
  const publisher = await RawClient.connect(port);
  await fanInCost({ read }, publisher);
  const without = await fanInCost({ read }, publisher);
  const before = await read();
  const owners = [];
  for (let made = 0; made < count; ) {
    const owner = await RawClient.connect(port, { clientIdentifier: `owner-${owners.length}` });
    owners.push(owner);
    for (let own = 0; own < 10_000; own += BATCH, made += BATCH) {
      const filters = Array.from({ length: BATCH }, (_, n) => {
        const number = made + n;
        const machine = `plant/${number % 100}/machine/${number}`;
        return number % 4 === 0 ? `${machine}/+` : number % 4 === 1 ? `${machine}/#` : `${machine}/temperature`;
      });
      await subscribe(owner, filters);
    }
    await read();
    progress(`${made} of ${count} subscriptions`);
  }
  const after = await read();
  const withAll = await fanInCost({ read }, publisher);
  const again = await read();
  const hitting = await matchCost({ read }, publisher, count);
  for (const client of [...owners, publisher]) client.destroy();
  return {
    after: again,
    figures: [
      { figure: 'memory each', value: `${((after.rss - before.rss) / count).toFixed(0)} bytes` },
      { figure: 'fan-in without them', value: `${without.toFixed(2)} us/message` },
      { figure: 'fan-in with all of them', value: `${withAll.toFixed(2)} us/message` },
      { figure: 'a topic for the first time, matched and delivered', value: `${hitting.toFixed(2)} us/message` },
    ],
  };
}

/** What 10,000 wildcard subscriptions that do not match cost a message: with them and without, in turn. @param {Scale} scale */
export async function wildcards({ port, read, progress }, rounds = 15) {
  const publisher = await RawClient.connect(port);
  const filters = Array.from({ length: 10_000 }, (_, n) =>
    n % 2 === 0 ? `plant/${n}/+/pressure` : `plant/${n}/cell/#`,
  );
  await fanInCost({ read }, publisher);
  const [without, beside] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
  for (let round = 0; round < rounds; round++) {
    progress(`round ${round + 1} of ${rounds}`);
    without.push(await fanInCost({ read }, publisher));
    const owner = await RawClient.connect(port, { clientIdentifier: 'owner' });
    for (let at = 0; at < filters.length; at += BATCH) await subscribe(owner, filters.slice(at, at + BATCH));
    beside.push(await fanInCost({ read }, publisher));
    owner.destroy();
    while ((await read()).subscriptions > 0);
  }
  publisher.destroy();
  const ratio = median(beside) / median(without);
  return {
    after: await read(),
    figures: [
      { figure: `fan-in without them, median of ${rounds}`, value: `${median(without).toFixed(2)} us/message` },
      { figure: 'fan-in beside them', value: `${median(beside).toFixed(2)} us/message` },
      { figure: 'they cost', value: `${((ratio - 1) * 100).toFixed(1)} %` },
    ],
  };
}

/** @param {number[]} values An odd number of them. */
const median = (values) => /** @type {number} */ (values.toSorted((a, b) => a - b)[(values.length - 1) / 2]);

/** Each message goes to a topic of its own, which has to be looked up among all the subscriptions. */
async function matchCost({ read }, /** @type {RawClient} */ publisher, /** @type {number} */ count) {
  const messages = 50_000;
  await read();
  for (let sent = 0; sent < messages; sent += BATCH) {
    const chunk = Array.from({ length: BATCH }, (_, n) => {
      const number = ((sent + n) * 7) % count;
      return publishBytes(`plant/${number % 100}/machine/${number}/temperature`, 0, false);
    });
    await publisher.write(Buffer.concat(chunk));
  }
  const answered = publisher.next(PacketType.pingresp);
  publisher.send({ type: PacketType.pingreq });
  await answered;
  return ((await read()).cpuMs * 1000) / messages;
}

/** 1,000,000 retained messages, and one subscriber that receives all of them. @param {Scale} scale */
export async function retainedMessages({ port, read, progress }, count = 1_000_000) {
  const before = await read();
  const publisher = await RawClient.connect(port);
  for (let sent = 0; sent < count; sent += BATCH) {
    const chunk = Array.from({ length: BATCH }, (_, n) =>
      publishBytes(`plant/${(sent + n) % 1000}/tag/${sent + n}`, 0, true),
    );
    await publisher.write(Buffer.concat(chunk));
    if (sent % 100_000 === 0) progress(`${sent} of ${count} retained messages`);
  }
  const answered = publisher.next(PacketType.pingresp);
  publisher.send({ type: PacketType.pingreq });
  await answered;
  const after = await read();
  progress('one subscriber to all of them');
  const subscriber = await RawClient.connect(port);
  const startedAt = performance.now();
  const all = subscriber.count(publish, count);
  subscriber.send({
    type: PacketType.subscribe,
    packetId: 1,
    subscriptions: [{ topicFilter: '#', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
    properties: {},
  });
  await all;
  const seconds = (performance.now() - startedAt) / 1000;
  const read2 = await read();
  for (const client of [publisher, subscriber]) client.destroy();
  return {
    after: read2,
    figures: [
      { figure: 'retained', value: String(after.retained) },
      { figure: 'memory each', value: `${((after.rss - before.rss) / count).toFixed(0)} bytes` },
      {
        figure: 'all of them to a subscriber of #',
        value: `${seconds.toFixed(1)} s, ${(read2.cpuMs / 1000).toFixed(1)} s of CPU`,
      },
    ],
  };
}

/** 100,000 messages that wait for one session, which comes back for them. @param {Scale} scale */
export async function queuedMessages({ port, read, progress }, count = 100_000) {
  const lasting = { clientIdentifier: 'away', cleanStart: false, properties: { sessionExpiryInterval: 3600 } };
  const away = await RawClient.connect(port, lasting);
  await subscribe(away, ['t/#'], 1);
  away.destroy();
  const publisher = await RawClient.connect(port);
  const before = await read();
  for (let sent = 0; sent < count; sent += BATCH) {
    const acknowledged = publisher.count(puback, BATCH);
    const chunk = Array.from({ length: BATCH }, (_, n) => publishBytes(`t/${n}`, 1, false, n + 1));
    await publisher.write(Buffer.concat(chunk));
    await acknowledged;
    if (sent % 20_000 === 0) progress(`${sent} of ${count} messages wait`);
  }
  const after = await read();
  const startedAt = performance.now();
  let seen = 0;
  let finish = () => {};
  const finished = new Promise((resolve) => {
    finish = () => resolve(undefined);
  });
  const back = await RawClient.connect(port, lasting, (client) => {
    client.onPacket = (type, decode) => {
      if (type !== publish) return;
      client.send({ type: puback, packetId: decode().packetId, reasonCode: 0, properties: {} });
      if (++seen === count) finish();
    };
  });
  await finished;
  const seconds = (performance.now() - startedAt) / 1000;
  const resumed = await read();
  for (const client of [publisher, back]) client.destroy();
  return {
    after: resumed,
    figures: [
      { figure: 'memory each', value: `${((after.rss - before.rss) / count).toFixed(0)} bytes` },
      { figure: 'resumed, received and acknowledged', value: `${seconds.toFixed(2)} s` },
    ],
  };
}

/** @param {{ rss: number }} after */
export function memoryOf({ rss }) {
  return mebibytes(rss);
}
