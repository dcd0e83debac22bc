import { expectThat, Violation } from '../run/violation.ts';
import { describe, type ReceivedPacket, type ReceivedPublish } from '../wire/packet-reader.ts';
import type { AcknowledgementName, ConnectFields } from '../wire/packet-writer.ts';

const LARGEST = Number.POSITIVE_INFINITY;

/**
 * What a server owes its client whatever the scenario is about: it watches one connection from outside and knows what the
 * client has asked for in CONNECT and has acknowledged since. So every scenario shows these statements again.
 */
export class ServerMonitor {
  #maximumPacketSize = LARGEST;
  #receiveMaximum = LARGEST;
  #topicAliasMaximum = 0;
  #wantsProblemInformation = true;
  #isAuthenticating = false;
  #isConnected = false;
  #isDisconnected = false;
  /** Packet Identifiers of the server that are in use, and whether PUBREC has gone. */
  readonly #inUse = new Map<number, boolean>();
  readonly #topicAliases = new Map<number, string>();

  handleConnectSent({ version, properties }: ConnectFields): void {
    if (version < 5 || properties === undefined || properties instanceof Uint8Array) return;
    this.#maximumPacketSize = properties.maximumPacketSize ?? LARGEST;
    this.#receiveMaximum = properties.receiveMaximum ?? 65_535;
    this.#topicAliasMaximum = properties.topicAliasMaximum ?? 0;
    this.#wantsProblemInformation = properties.requestProblemInformation !== 0;
    this.#isAuthenticating = properties.authenticationMethod !== undefined;
  }

  handleAcknowledgementSent(name: AcknowledgementName, packetId: number, reasonCode: number): void {
    if (name === 'PUBREC' && reasonCode < 0x80) this.#inUse.set(packetId, true);
    else if (name !== 'PUBREL') this.#inUse.delete(packetId);
  }

  /** @returns The packet, with the Topic Name that its Topic Alias stands for. @throws {Violation} */
  handleReceived(packet: ReceivedPacket): ReceivedPacket {
    const came = describe(packet);
    const size = `at most ${this.#maximumPacketSize} bytes [MQTT-3.1.2-24]`;
    expectThat(packet.byteLength <= this.#maximumPacketSize, size, `${came} of ${packet.byteLength} bytes`);
    expectThat(!this.#isDisconnected, 'nothing after DISCONNECT [MQTT-3.14.4-1]', came);
    this.#expectOrder(packet, came);
    this.#expectNoProblemInformation(packet, came);
    return packet.name === 'PUBLISH' ? this.#handlePublish(packet, came) : packet;
  }

  #expectOrder({ name }: ReceivedPacket, came: string): void {
    if (name === 'DISCONNECT') {
      expectThat(this.#isConnected, 'no DISCONNECT before CONNACK [MQTT-3.14.0-1]', came);
      this.#isDisconnected = true;
    } else if (name === 'AUTH') {
      expectThat(this.#isAuthenticating, 'no AUTH without Authentication Method [MQTT-4.12.0-6]', came);
    } else if (name === 'CONNACK') {
      expectThat(!this.#isConnected, 'one CONNACK [MQTT-3.2.0-2]', `another ${came}`);
      this.#isConnected = true;
    } else {
      expectThat(this.#isConnected, 'CONNACK before any other packet [MQTT-3.2.0-1]', came);
    }
  }

  #expectNoProblemInformation({ name, properties }: ReceivedPacket, came: string): void {
    if (this.#wantsProblemInformation || name === 'PUBLISH' || name === 'CONNACK' || name === 'DISCONNECT') return;
    const has = properties.reasonString !== undefined || properties.userProperties !== undefined;
    expectThat(!has, 'no Reason String or User Property: not wanted [MQTT-3.1.2-29]', `one in ${came}`);
  }

  #handlePublish(packet: ReceivedPublish, came: string): ReceivedPublish {
    if (packet.qos > 0) this.#use(packet, came);
    const { topicAlias } = packet.properties;
    if (topicAlias === undefined) {
      expectThat(packet.topic !== '', 'a Topic Name or a Topic Alias', came);
      return packet;
    }
    const isAllowed = topicAlias >= 1 && topicAlias <= this.#topicAliasMaximum;
    expectThat(isAllowed, `no Topic Alias over ${this.#topicAliasMaximum} [MQTT-3.1.2-26]`, `alias ${topicAlias}`);
    if (packet.topic !== '') this.#topicAliases.set(topicAlias, packet.topic);
    const topic = this.#topicAliases.get(topicAlias);
    if (topic === undefined) throw new Violation('a Topic Alias that stands for a Topic Name', `alias ${topicAlias}`);
    return { ...packet, topic };
  }

  #use({ packetId }: ReceivedPublish, came: string): void {
    const isInUse = this.#inUse.has(packetId);
    expectThat(!isInUse, `Packet Identifier ${packetId}, in use, not used again [MQTT-2.2.1-4] [MQTT-4.4.0-1]`, came);
    this.#inUse.set(packetId, false);
    const most = `at most ${this.#receiveMaximum} unacknowledged PUBLISH packets [MQTT-3.3.4-9]`;
    expectThat(this.#inUse.size <= this.#receiveMaximum, most, `${this.#inUse.size}`);
  }
}
