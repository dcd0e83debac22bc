import { connect as openSocket, type Socket } from 'node:net';
import { expectEqual, expectOneOf, expectThat, NotTestable, Violation } from '../run/violation.ts';
import type { Frame } from '../wire/frame-reader.ts';
import {
  describe,
  type ReceivedAcknowledgement,
  type ReceivedConnack,
  type ReceivedPacket,
  type ReceivedPublish,
  type ReceivedSuback,
  readPacket,
} from '../wire/packet-reader.ts';
import {
  type AcknowledgementName,
  acknowledgement,
  type ConnectFields,
  connect,
  disconnect,
  type GivenProperties,
  PINGREQ,
  type PublishFields,
  publish,
  type SubscriptionFields,
  subscribe,
  unsubscribe,
  type Version,
} from '../wire/packet-writer.ts';
import type { Properties } from '../wire/property.ts';
import { PATIENCE_MS } from './inbox.ts';
import { RawConnection } from './raw-connection.ts';
import { ServerMonitor } from './server-monitor.ts';
import { Window } from './window.ts';

/** Where a broker listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

type Message = Omit<PublishFields, 'version' | 'topic' | 'payload'>;

/** What a PUBLISH from the server is to look like; what is not given is not looked at. */
export interface ExpectedMessage {
  readonly topic?: string;
  readonly payload?: string | Uint8Array;
  readonly qos?: number;
  readonly retain?: boolean;
  readonly dup?: boolean;
}

/** How a refusal of CONNECT may look. */
export interface RefusalOptions {
  /** Whether CONNACK must, may or must not come. Default: may. */
  readonly connack?: 'must' | 'may' | 'not';
  /** Why a broker that accepts is none the worse. */
  readonly mayAccept?: string;
}

/**
 * A client that sends any bytes, right or wrong, and reads what comes with the strictness of the standard: whatever a
 * server may not send is a {@link Violation} where the scenario looks next. It knows nothing but one connection.
 */
export class RawClient extends RawConnection<ReceivedPacket> {
  clientId = '';
  /** The answer to CONNECT, once it has come. */
  connack: ReceivedConnack | undefined;
  readonly #monitor = new ServerMonitor();
  readonly #window = new Window();
  #packetId = 0;

  private constructor(socket: Socket, version: Version) {
    super(socket, version, describe);
  }

  /** Opens a Network Connection and sends nothing. @throws {Violation} Nobody listens. */
  static open({ host, port }: Endpoint, version: Version): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = openSocket(port, host, () => {
        socket.removeListener('error', refuse);
        socket.setTimeout(0);
        resolve(new RawClient(socket, version));
      });
      const refuse = (error: Error): void => {
        socket.destroy();
        reject(new Violation('a broker that takes a connection', error.message));
      };
      socket.setTimeout(PATIENCE_MS, () => refuse(new Error(`nothing for ${PATIENCE_MS / 1000} s`)));
      socket.once('error', refuse);
    });
  }

  // --- sending ---------------------------------------------------------------------------------------------------------

  sendConnect(fields: Omit<ConnectFields, 'version'>): void {
    const all = { version: this.version, ...fields };
    if (typeof all.clientId === 'string') this.clientId = all.clientId;
    this.#monitor.handleConnectSent(all);
    this.send(connect(all));
  }

  /** @returns The Packet Identifier that it carries at QoS 1 and 2. */
  sendPublish(topic: string, payload: string | Uint8Array = '', fields: Message = {}): number {
    const packetId = fields.packetId ?? (fields.qos ? this.nextPacketId() : 0);
    this.send(publish({ version: this.version, topic, payload, ...fields, packetId }));
    return packetId;
  }

  acknowledge(name: AcknowledgementName, packetId: number, reasonCode?: number, properties?: GivenProperties): void {
    this.#monitor.handleAcknowledgementSent(name, packetId, reasonCode ?? 0);
    this.send(acknowledgement(name, packetId, reasonCode, properties));
  }

  nextPacketId(): number {
    this.#packetId = (this.#packetId % 65_535) + 1;
    return this.#packetId;
  }

  // --- exchanges -------------------------------------------------------------------------------------------------------

  /**
   * Sends a message and carries its flow to the end. Calls at a time are sent in their order, as many as the server's
   * Receive Maximum allows.
   *
   * @returns PUBACK or PUBCOMP, or a PUBREC that refuses; undefined at QoS 0.
   */
  publish(topic: string, payload: string | Uint8Array = '', fields: Message = {}) {
    const published = this.#publish(topic, payload, fields);
    // Scenarios send many at a time: when one fails, the others have nobody to tell.
    published.catch(() => {});
    return published;
  }

  async #publish(topic: string, payload: string | Uint8Array, fields: Message) {
    if (!fields.qos) {
      this.sendPublish(topic, payload, fields);
      return undefined;
    }
    await this.#window.enter(this.connack?.properties.receiveMaximum ?? 65_535);
    try {
      return await this.#exchange(topic, payload, fields);
    } finally {
      this.#window.leave();
    }
  }

  async #exchange(topic: string, payload: string | Uint8Array, fields: Message): Promise<ReceivedAcknowledgement> {
    const packetId = this.sendPublish(topic, payload, fields);
    const answer = await this.takeAcknowledgement(fields.qos === 1 ? 'PUBACK' : 'PUBREC', packetId);
    if (fields.qos === 1 || answer.reasonCode >= 0x80) return answer;
    this.acknowledge('PUBREL', packetId);
    return await this.takeAcknowledgement('PUBCOMP', packetId);
  }

  /** Subscribes and waits for SUBACK; messages that come before it stay. */
  async subscribe(
    filter: string | readonly SubscriptionFields[],
    fields: Omit<SubscriptionFields, 'filter'> = {},
    properties?: Properties,
  ): Promise<ReceivedSuback> {
    const subscriptions = typeof filter === 'string' ? [{ filter, ...fields }] : filter;
    const packetId = this.nextPacketId();
    const given = properties === undefined ? {} : { properties };
    this.send(subscribe({ version: this.version, packetId, subscriptions, ...given }));
    const suback = await this.take('SUBACK');
    expectEqual('a SUBACK with the Packet Identifier', suback.packetId, packetId);
    expectEqual('as many codes in SUBACK as Topic Filters:', suback.reasonCodes.length, subscriptions.length);
    return suback;
  }

  /** Subscribes; a refusal of the only Topic Filter is a violation. */
  async mustSubscribe(filter: string, fields: Omit<SubscriptionFields, 'filter'> = {}, properties?: Properties) {
    const { reasonCodes } = await this.subscribe(filter, fields, properties);
    expectEqual('a SUBACK that grants', reasonCodes, [fields.qos ?? 0]);
  }

  async unsubscribe(...filters: readonly string[]): Promise<ReceivedSuback> {
    const packetId = this.nextPacketId();
    this.send(unsubscribe({ version: this.version, packetId, filters }));
    const unsuback = await this.take('UNSUBACK');
    expectEqual('an UNSUBACK with the Packet Identifier', unsuback.packetId, packetId);
    return unsuback;
  }

  /** PINGREQ and PINGRESP, with nothing between them. */
  async ping(): Promise<void> {
    this.send(PINGREQ);
    await this.expect('PINGRESP');
  }

  /** Shows that nothing is on its way to this client: what another client sends it now is the next that comes. */
  async expectQuiet(sender: RawClient = this, qos: 0 | 1 = 1): Promise<void> {
    const topic = `marker/${this.clientId}/${this.nextPacketId()}`;
    await this.mustSubscribe(topic, { qos });
    await sender.publish(topic, 'marker', { qos });
    await this.receive({ topic, payload: 'marker' });
  }

  // --- receiving -------------------------------------------------------------------------------------------------------

  takeAcknowledgement(name: AcknowledgementName, packetId: number): Promise<ReceivedAcknowledgement> {
    return this.take(
      name,
      (each) => each.packetId === packetId,
      `${name} ${packetId}`,
    ) as Promise<ReceivedAcknowledgement>;
  }

  /** The next packet, which is to be this PUBLISH; nothing is acknowledged. */
  async expectPublish(expected: ExpectedMessage = {}): Promise<ReceivedPublish> {
    const packet = await this.next(`PUBLISH ${expected.topic ?? ''}`.trimEnd());
    if (packet.name !== 'PUBLISH') throw new Violation('PUBLISH', describe(packet));
    const { topic, payload, qos, retain, dup } = expected;
    if (topic !== undefined) expectEqual('PUBLISH with Topic Name', packet.topic, topic);
    if (typeof payload === 'string') {
      expectEqual('PUBLISH with payload', Buffer.from(packet.payload).toString(), payload);
    } else if (payload !== undefined) expectEqual('PUBLISH with payload', packet.payload, payload);
    if (qos !== undefined) expectEqual('PUBLISH with QoS', packet.qos, qos);
    if (retain !== undefined) expectEqual('PUBLISH with RETAIN', packet.retain, retain);
    if (dup !== undefined) expectEqual('PUBLISH with DUP', packet.dup, dup);
    return packet;
  }

  /** The next packet, which is to be this PUBLISH; its flow is carried to the end. */
  async receive(expected: ExpectedMessage = {}): Promise<ReceivedPublish> {
    const packet = await this.expectPublish(expected);
    await this.finish(packet);
    return packet;
  }

  /** Carries the flow of a message that has come to its end. */
  async finish({ qos, packetId }: ReceivedPublish): Promise<void> {
    if (qos === 1) this.acknowledge('PUBACK', packetId);
    if (qos !== 2) return;
    this.acknowledge('PUBREC', packetId);
    await this.takeAcknowledgement('PUBREL', packetId);
    this.acknowledge('PUBCOMP', packetId);
  }

  // --- the end ---------------------------------------------------------------------------------------------------------

  /**
   * The server closes the connection and sends nothing before it but, in 5.0, a DISCONNECT with one of these Reason Codes.
   *
   * @param reasonCodes Default: Malformed Packet or Protocol Error.
   * @returns The Reason Code of the DISCONNECT, if one came.
   */
  async expectClose(
    reasonCodes: readonly number[] = [0x81, 0x82],
    timeoutMs = PATIENCE_MS,
  ): Promise<number | undefined> {
    const end = 'the end of the connection';
    const arrival = await this.inbox.take(end, () => true, timeoutMs);
    if (arrival.kind !== 'packet') return undefined;
    const { packet } = arrival;
    if (packet.name !== 'DISCONNECT') throw new Violation(end, describe(packet));
    expectOneOf('DISCONNECT with', packet.reasonCode, reasonCodes);
    await this.inbox.take(`${end} behind DISCONNECT [MQTT-3.14.4-2]`, ({ kind }) => kind === 'closed', timeoutMs);
    return packet.reasonCode;
  }

  /**
   * The server refuses CONNECT: it closes, before that CONNACK with one of these codes may come.
   *
   * @throws {NotTestable} It accepts, and `mayAccept` says why that is no violation.
   */
  async expectRefusal(codes: readonly number[], options: RefusalOptions = {}): Promise<void> {
    const { connack = 'may', mayAccept } = options;
    const arrival = await this.inbox.take('CONNACK or the end of the connection', () => true);
    if (arrival.kind === 'packet') {
      const { packet } = arrival;
      const isConnack = packet.name === 'CONNACK';
      if (isConnack && packet.reasonCode === 0 && mayAccept !== undefined) throw new NotTestable(mayAccept);
      if (!isConnack || connack === 'not') throw new Violation('the end of the connection', describe(packet));
      expectOneOf('CONNACK with', packet.reasonCode, codes);
      await this.inbox.take('the end of the connection behind CONNACK', ({ kind }) => kind === 'closed');
    } else expectThat(connack !== 'must', 'CONNACK', 'the end of the connection');
  }

  /** DISCONNECT, and the connection is closed. */
  async disconnect(reasonCode?: number, properties?: GivenProperties): Promise<void> {
    this.send(disconnect(reasonCode, properties));
    await this.drop();
  }

  protected override readFrame(frame: Frame): ReceivedPacket {
    return this.#monitor.handleReceived(readPacket(frame, this.version));
  }
}
