import { expectThat } from '../run/violation.ts';
import { describeSent, type SentPacket, type SentPublish } from '../wire/client-packet-reader.ts';
import type { AcknowledgementName } from '../wire/packet-writer.ts';
import type { Properties } from '../wire/property.ts';

const LARGEST = Number.POSITIVE_INFINITY;

/**
 * What a client owes its server whatever the scenario is about: it watches one connection from outside and knows what the
 * server has announced in CONNACK and has acknowledged since.
 */
export class ClientMonitor {
  #announced: Properties | undefined;
  #hasConnected = false;
  #hasDisconnected = false;
  #isAuthenticating = false;
  readonly #inUse = new Set<number>();
  readonly #publications = new Set<number>();
  readonly #aliases = new Set<number>();

  handleConnackSent(properties: Properties = {}): void {
    this.#announced = properties;
  }

  handleAcknowledgementSent(name: AcknowledgementName | 'SUBACK' | 'UNSUBACK', packetId: number, reasonCode = 0): void {
    if (name === 'PUBREL' || (name === 'PUBREC' && reasonCode < 0x80)) return;
    this.#inUse.delete(packetId);
    this.#publications.delete(packetId);
  }

  /** @throws {Violation} */
  handleReceived(packet: SentPacket): SentPacket {
    const came = describeSent(packet);
    expectThat(!this.#hasDisconnected, 'nothing after DISCONNECT [MQTT-3.14.4-1]', came);
    const maximum = this.#announced?.maximumPacketSize ?? LARGEST;
    const size = `${packet.byteLength} bytes`;
    expectThat(packet.byteLength <= maximum, `at most ${maximum} bytes [MQTT-3.2.2-15]`, `${came} of ${size}`);
    this.#expectOrder(packet, came);
    if (packet.name === 'SUBSCRIBE' || packet.name === 'UNSUBSCRIBE') this.#use(packet.packetId, came);
    if (packet.name === 'PUBLISH') this.#handlePublish(packet, came);
    return packet;
  }

  #expectOrder({ name, properties }: SentPacket, came: string): void {
    if (name === 'CONNECT') {
      expectThat(!this.#hasConnected, 'CONNECT once [MQTT-3.1.0-2]', came);
      this.#hasConnected = true;
      this.#isAuthenticating = properties.authenticationMethod !== undefined;
      return;
    }
    expectThat(this.#hasConnected, 'CONNECT first [MQTT-3.1.0-1]', came);
    if (name === 'AUTH') expectThat(this.#isAuthenticating, 'no AUTH without method [MQTT-4.12.0-7]', came);
    if (name === 'DISCONNECT') this.#hasDisconnected = true;
    const mayComeEarly = this.#announced !== undefined || !this.#isAuthenticating || name === 'AUTH';
    expectThat(mayComeEarly || name === 'DISCONNECT', 'only AUTH before CONNACK [MQTT-3.1.2-30]', came);
  }

  #handlePublish(packet: SentPublish, came: string): void {
    const { receiveMaximum = 65_535, topicAliasMaximum = 0, maximumQos = 2, retainAvailable } = this.#announced ?? {};
    expectThat(packet.qos <= maximumQos, `no QoS above ${maximumQos} [MQTT-3.2.2-11]`, came);
    expectThat(!packet.retain || retainAvailable !== 0, 'no RETAIN [MQTT-3.2.2-14]', came);
    if (packet.qos > 0) {
      this.#use(packet.packetId, came);
      this.#publications.add(packet.packetId);
      const most = `at most ${receiveMaximum} unacknowledged PUBLISH packets [MQTT-3.3.4-7]`;
      expectThat(this.#publications.size <= receiveMaximum, most, `${this.#publications.size}`);
    }
    const { topicAlias } = packet.properties;
    if (topicAlias === undefined) return;
    const isAllowed = topicAlias >= 1 && topicAlias <= topicAliasMaximum;
    expectThat(isAllowed, `no Topic Alias over ${topicAliasMaximum} [MQTT-3.2.2-17]`, `alias ${topicAlias}`);
    if (packet.topic !== '') this.#aliases.add(topicAlias);
    expectThat(this.#aliases.has(topicAlias), 'a Topic Alias that stands for a Topic Name', `alias ${topicAlias}`);
  }

  #use(packetId: number, came: string): void {
    expectThat(
      !this.#inUse.has(packetId),
      `Packet Identifier ${packetId}, in use, not used again [MQTT-2.2.1-3]`,
      came,
    );
    this.#inUse.add(packetId);
  }
}
