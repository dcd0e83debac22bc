import assert from 'node:assert/strict';
import { type Packet, PacketType, type ProtocolVersion } from '@busbar/codec';
import { acknowledgementPacket, connectPacket, publishPacket, RawClient, subscribePacket } from '@busbar/testkit';
import type { MemoryTransport } from '@busbar/transport';

/** Nothing that a script makes is named so. */
const TOPICS = ['steady/0', 'steady/1', 'steady/2'] as const;

/**
 * Two well-behaved clients beside the others: one publishes at each QoS in turn, the other must receive each message once
 * and in order, and both handshakes must come to their ends, whatever happens beside them.
 */
export class SteadyPair {
  readonly #publisher: RawClient;
  readonly #subscriber: RawClient;
  readonly #run: () => void;
  readonly #keepAlive: number;
  #number = 0;
  /** Messages received and acknowledgements, as they come. */
  #came: string[] = [];

  /** @param run Lets the event loop come to rest. @param keepAlive In seconds: what the broker wants at the least. */
  constructor(open: () => MemoryTransport, run: () => void, version: ProtocolVersion, keepAlive: number) {
    this.#run = run;
    this.#keepAlive = keepAlive;
    this.#publisher = this.#connect(open(), version, 'steady publisher');
    this.#subscriber = this.#connect(open(), version === 5 ? 4 : 5, 'steady subscriber');
    for (const [qos, topic] of TOPICS.entries()) {
      this.#subscriber.send(subscribePacket(qos + 1, topic, { qos: qos as 0 | 1 | 2 }));
      run();
      assert.equal(this.#subscriber.take()?.type, PacketType.suback);
    }
    this.#publisher.onPacket = (packet) => this.#handleAnswer(packet);
    this.#subscriber.onPacket = (packet) => this.#handleMessage(packet);
  }

  /** Sends a message at each QoS, to be taken with what else is under way. @returns What asserts that all of it arrived. */
  exchange(): () => void {
    const number = ++this.#number;
    const packetId = 1 + (number % 30_000);
    this.#came = [];
    const text = `${number}`;
    this.#publisher.send(
      publishPacket(TOPICS[0], text),
      publishPacket(TOPICS[1], text, { qos: 1, packetId }),
      publishPacket(TOPICS[2], text, { qos: 2, packetId: packetId + 30_000 }),
    );
    return () => {
      const expected = ['0', '1', '2'].map((qos) => `${qos}: ${text}`).concat(`puback ${packetId}`);
      const pubcomp = `pubcomp ${packetId + 30_000}`;
      assert.deepEqual(this.#came.toSorted(), [...expected, pubcomp], 'what the well-behaved clients have got');
    };
  }

  /** Disconnects, both. */
  leave(): void {
    for (const client of [this.#publisher, this.#subscriber]) {
      client.send({ type: PacketType.disconnect, reasonCode: 0, properties: {} });
      client.transport.end();
    }
    this.#run();
  }

  #connect(transport: MemoryTransport, protocolVersion: ProtocolVersion, clientIdentifier: string): RawClient {
    const client = new RawClient(transport, protocolVersion);
    client.send(connectPacket({ protocolVersion, clientIdentifier, keepAlive: this.#keepAlive }));
    this.#run();
    const connack = client.take();
    assert.ok(connack?.type === PacketType.connack && connack.reasonCode === 0, 'the well-behaved clients are let in');
    return client;
  }

  #handleAnswer(packet: Packet): void {
    this.#publisher.takeAll();
    if (packet.type === PacketType.puback) this.#came.push(`puback ${packet.packetId}`);
    else if (packet.type === PacketType.pubcomp) this.#came.push(`pubcomp ${packet.packetId}`);
    else if (packet.type === PacketType.pubrec) {
      this.#publisher.send(acknowledgementPacket('pubrel', packet.packetId));
    } else this.#came.push(`a packet of type ${packet.type}`);
  }

  #handleMessage(packet: Packet): void {
    this.#subscriber.takeAll();
    if (packet.type === PacketType.pubrel) {
      this.#subscriber.send(acknowledgementPacket('pubcomp', packet.packetId));
      return;
    }
    if (packet.type !== PacketType.publish) {
      this.#came.push(`a packet of type ${packet.type}`);
      return;
    }
    const { qos, packetId, payload, dup } = packet;
    this.#came.push(`${qos}: ${Buffer.from(payload).toString()}${dup ? ' again' : ''}`);
    if (qos === 1) this.#subscriber.send(acknowledgementPacket('puback', packetId));
    if (qos === 2) this.#subscriber.send(acknowledgementPacket('pubrec', packetId));
  }
}
