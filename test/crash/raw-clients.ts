import { type Packet, PacketType, type PublishPacket } from '@busbar/codec';
import {
  acknowledgementPacket,
  connectPacket,
  publishPacket,
  type RawClient,
  subscribePacket,
  willMessage,
} from '@busbar/testkit';
import type { BrokerProcess } from './broker-process.ts';

const SESSION = { sessionExpiryInterval: 86_400 };

/** Opens a session, or goes on with it. */
async function open(
  broker: BrokerProcess,
  clientIdentifier: string,
): Promise<{ client: RawClient; isPresent: boolean }> {
  const client = await broker.dial();
  client.send(connectPacket({ clientIdentifier, cleanStart: false, properties: SESSION }));
  const connack = await client.expect({ type: PacketType.connack, reasonCode: 0 });
  return { client, isPresent: connack.type === PacketType.connack && connack.sessionPresent };
}

/** The text of a message, which is acknowledged. */
function take(client: RawClient, packet: PublishPacket): string {
  const { qos, packetId } = packet;
  if (qos === 1) client.send(acknowledgementPacket('puback', packetId));
  if (qos === 2) client.send(acknowledgementPacket('pubrec', packetId));
  return Buffer.from(packet.payload).toString();
}

/**
 * Messages until the one with this text comes on a topic `end/...`, where older ones may come again; QoS 2 flows are completed.
 *
 * @param taken Packet Identifiers of QoS 2 messages that are taken and not released: a part of the client's session.
 */
async function receiveUntilEnd(
  client: RawClient,
  endText: string,
  taken: Set<number>,
  each: (topicName: string, text: string) => void,
): Promise<void> {
  for (;;) {
    const packet = await client.next();
    complete(client, packet);
    if (packet.type === PacketType.pubrel) taken.delete(packet.packetId);
    if (packet.type !== PacketType.publish) continue;
    const isRepeated = packet.qos === 2 && taken.has(packet.packetId);
    const text = take(client, packet);
    if (packet.qos === 2) taken.add(packet.packetId);
    if (isRepeated) continue;
    if (!packet.topicName.startsWith('end/')) each(packet.topicName, text);
    else if (text === endText) return;
  }
}

/** A durable subscriber that is away but for short visits, on which it takes everything. */
export class Visitor {
  readonly name: string;
  readonly #filter: string;
  readonly #each: (topicName: string, text: string) => void;
  readonly #taken = new Set<number>();
  #visits = 0;

  constructor(name: string, filter: string, each: (topicName: string, text: string) => void) {
    this.name = name;
    this.#filter = filter;
    this.#each = each;
  }

  async subscribe(broker: BrokerProcess): Promise<void> {
    const { client } = await open(broker, this.name);
    client.send(subscribePacket(1, this.#filter, { qos: 2 }));
    await client.expect({ type: PacketType.suback });
    client.send(subscribePacket(2, `end/${this.name}`, { qos: 2 }));
    await client.expect({ type: PacketType.suback });
    client.transport.destroy();
  }

  /** @returns Whether the broker knew the session. */
  async visit(broker: BrokerProcess): Promise<boolean> {
    const { client, isPresent } = await open(broker, this.name);
    const nonce = String(Math.random());
    const packetId = ++this.#visits;
    let isComplete = false;
    client.onPacket = (packet) => {
      if (packet.type === PacketType.pubcomp && packet.packetId === packetId) isComplete = true;
    };
    // Of QoS 2 as what it follows: one of QoS 1 may overtake those.
    client.send(publishPacket(`end/${this.name}`, nonce, { qos: 2, packetId }));
    await receiveUntilEnd(client, nonce, this.#taken, this.#each);
    // The next visit's is another message: this one's flow has to be complete before.
    while (!isComplete) {
      const packet = await client.next();
      if (packet.type === PacketType.pubrel) this.#taken.delete(packet.packetId);
      complete(client, packet);
    }
    client.transport.destroy();
    return isPresent;
  }
}

/** What follows from a packet of a QoS 2 flow. */
function complete(client: RawClient, packet: Packet): void {
  if (packet.type === PacketType.pubrec) client.send(acknowledgementPacket('pubrel', packet.packetId));
  if (packet.type === PacketType.pubrel) client.send(acknowledgementPacket('pubcomp', packet.packetId));
}

/** The retained messages of a filter, as a new subscriber gets them. */
export async function readRetained(broker: BrokerProcess, filter: string): Promise<Map<string, string>> {
  const client = await broker.dial();
  client.send(connectPacket({ clientIdentifier: `reader-${Math.random()}` }));
  await client.expect({ type: PacketType.connack, reasonCode: 0 });
  client.send(subscribePacket(1, filter, { qos: 0 }));
  await client.expect({ type: PacketType.suback });
  client.send(subscribePacket(2, 'end/reader', { qos: 0 }), publishPacket('end/reader', '', { qos: 0 }));
  const found = new Map<string, string>();
  for (let packet = await client.next(); ; packet = await client.next()) {
    if (packet.type !== PacketType.publish) continue;
    if (packet.topicName === 'end/reader') break;
    if (packet.retain) found.set(packet.topicName, Buffer.from(packet.payload).toString());
  }
  client.transport.destroy();
  return found;
}

/** Connects a client with a Will of QoS 2, and keeps the connection. @returns When the broker has answered. */
export async function armWill(broker: BrokerProcess, topicName: string, text: string): Promise<RawClient> {
  const client = await broker.dial();
  const will = willMessage(topicName, { payload: Buffer.from(text), qos: 2 });
  client.send(connectPacket({ clientIdentifier: `will-${text}`, will }));
  await client.expect({ type: PacketType.connack, reasonCode: 0 });
  return client;
}

/** Subscribes and unsubscribes, one packet after the other, and knows which of its subscriptions are acknowledged. */
export class Toggler {
  readonly name: string;
  /** By filter: whether the last answer said that there is a subscription; undefined while none has come to the last request. */
  readonly #state = new Map<string, boolean | undefined>();
  readonly #filters: readonly string[];

  constructor(name: string, count: number) {
    this.name = name;
    this.#filters = Array.from({ length: count }, (_, index) => `${name}/${index}`);
    for (const filter of this.#filters) this.#state.set(filter, false);
  }

  async begin(broker: BrokerProcess): Promise<void> {
    const { client } = await open(broker, this.name);
    client.send(subscribePacket(1, `end/${this.name}`, { qos: 1 }));
    await client.expect({ type: PacketType.suback });
    client.transport.destroy();
  }

  /** Until the connection breaks. */
  async toggle(broker: BrokerProcess, random: () => number): Promise<void> {
    const { client } = await open(broker, this.name);
    for (let packetId = 1; !client.isClosed; packetId = (packetId % 65_535) + 1) {
      const filter = this.#filters[Math.floor(random() * this.#filters.length)] as string;
      const isWanted = this.#state.get(filter) !== true;
      this.#state.set(filter, undefined);
      if (isWanted) client.send(subscribePacket(packetId, filter, { qos: 1 }));
      else client.send({ type: PacketType.unsubscribe, packetId, topicFilters: [filter], properties: {} });
      await client.expect({ type: isWanted ? PacketType.suback : PacketType.unsuback });
      this.#state.set(filter, isWanted);
    }
  }

  /** Publishes to every filter and holds what comes against what was acknowledged. @returns What is wrong. */
  async probe(broker: BrokerProcess): Promise<string[]> {
    const { client, isPresent } = await open(broker, this.name);
    if (!isPresent) return [`${this.name}: the session is lost`];
    const nonce = String(Math.random());
    const seen = new Set<string>();
    let packetId = 1;
    for (const filter of this.#filters) client.send(publishPacket(filter, nonce, { qos: 1, packetId: packetId++ }));
    client.send(publishPacket(`end/${this.name}`, nonce, { qos: 1, packetId }));
    await receiveUntilEnd(client, nonce, new Set(), (topicName, text) => {
      if (text === nonce) seen.add(topicName);
    });
    client.transport.destroy();
    return this.#filters.flatMap((filter) => {
      const expected = this.#state.get(filter);
      const found = seen.has(filter);
      this.#state.set(filter, found);
      if (expected === undefined || expected === found) return [];
      return [`${filter}: ${expected ? 'the subscription is lost' : 'there is a subscription, which was taken back'}`];
    });
  }
}
