import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Violation } from '../run/violation.ts';
import {
  describeSent,
  readClientPacket,
  type SentAcknowledgement,
  type SentConnect,
  type SentPacket,
  type SentPublish,
} from '../wire/client-packet-reader.ts';
import type { Frame } from '../wire/frame-reader.ts';
import {
  type AcknowledgementName,
  acknowledgement,
  type PublishFields,
  publish,
  type Version,
} from '../wire/packet-writer.ts';
import { type ConnackFields, connack, PINGRESP, suback, unsuback } from '../wire/server-packet-writer.ts';
import { ClientMonitor } from './client-monitor.ts';
import { PATIENCE_MS } from './inbox.ts';
import { RawConnection } from './raw-connection.ts';

/** A server's end of one connection: answers nothing by itself, and reads what a client sends with the strictness of the standard. */
export class ServedClient extends RawConnection<SentPacket> {
  readonly #monitor = new ClientMonitor();

  constructor(socket: Socket, version: Version) {
    super(socket, version, describeSent);
  }

  /** Waits for CONNECT and answers it. */
  async accept(fields: ConnackFields = {}): Promise<SentConnect> {
    const connect = await this.expect('CONNECT');
    this.sendConnack(fields);
    return connect;
  }

  sendConnack(fields: ConnackFields = {}): void {
    const { properties } = fields;
    this.#monitor.handleConnackSent(properties instanceof Uint8Array ? {} : properties);
    this.send(connack(this.version, fields));
  }

  acknowledge(name: AcknowledgementName, packetId: number, reasonCode?: number): void {
    this.#monitor.handleAcknowledgementSent(name, packetId, reasonCode);
    this.send(acknowledgement(name, packetId, this.version === 5 ? reasonCode : undefined));
  }

  sendPublish(topic: string, payload: string | Uint8Array, fields: Partial<PublishFields> = {}): void {
    this.send(publish({ version: this.version, topic, payload, ...fields }));
  }

  /** Waits for SUBSCRIBE and grants what it asks for. */
  async grant(): Promise<void> {
    const { packetId, subscriptions } = await this.take('SUBSCRIBE');
    this.#monitor.handleAcknowledgementSent('SUBACK', packetId);
    this.send(
      suback(
        this.version,
        packetId,
        subscriptions.map(({ options }) => options & 3),
      ),
    );
  }

  /** Waits for UNSUBSCRIBE and answers it. */
  async release(): Promise<void> {
    const { packetId, filters } = await this.take('UNSUBSCRIBE');
    this.#monitor.handleAcknowledgementSent('UNSUBACK', packetId);
    this.send(
      unsuback(
        this.version,
        packetId,
        filters.map(() => 0),
      ),
    );
  }

  takeAcknowledgement(name: AcknowledgementName, packetId: number): Promise<SentAcknowledgement> {
    return this.take(name, (each) => each.packetId === packetId, `${name} ${packetId}`);
  }

  async expectPublish(payload: string): Promise<SentPublish> {
    const packet = await this.expect('PUBLISH');
    const came = Buffer.from(packet.payload).toString();
    if (came !== payload) throw new Violation(`PUBLISH with "${payload}"`, `"${came}"`);
    return packet;
  }

  /** Carries the flow of a message that has come to its end. */
  async finish({ qos, packetId }: SentPublish): Promise<void> {
    if (qos === 1) this.acknowledge('PUBACK', packetId);
    if (qos !== 2) return;
    this.acknowledge('PUBREC', packetId);
    await this.takeAcknowledgement('PUBREL', packetId);
    this.acknowledge('PUBCOMP', packetId);
  }

  /** The client says DISCONNECT, with one of these Reason Codes where there are any, and closes. */
  async expectDisconnect(reasonCodes: readonly number[] = [0]): Promise<void> {
    const { reasonCode } = await this.expect('DISCONNECT');
    if (this.version === 5 && !reasonCodes.includes(reasonCode)) {
      throw new Violation(`DISCONNECT with ${reasonCodes.join(' or ')}`, `${reasonCode}`);
    }
    await this.expectEnd();
  }

  /** The client finds fault with the server and closes; in 5.0 it may say so before. */
  async expectFault(reasonCodes: readonly number[] = [0x81, 0x82]): Promise<void> {
    const expected = 'the end of the connection';
    const arrival = await this.inbox.take(expected, () => true);
    if (arrival.kind !== 'packet') return;
    const { packet } = arrival;
    if (packet.name !== 'DISCONNECT' || !reasonCodes.includes(packet.reasonCode)) {
      throw new Violation(expected, describeSent(packet));
    }
    await this.expectEnd();
  }

  pong(): void {
    this.send(PINGRESP);
  }

  protected override readFrame(frame: Frame): SentPacket {
    return this.#monitor.handleReceived(readClientPacket(frame, this.version));
  }
}

/** A server for one scenario: takes the connections of the client under test, one after the other. */
export class RawServer {
  readonly #server: Server;
  readonly #served: ServedClient[] = [];
  readonly #waiting: ServedClient[] = [];
  #wake = (): void => {};

  private constructor(server: Server, version: Version) {
    this.#server = server;
    server.on('connection', (socket) => {
      const client = new ServedClient(socket, version);
      this.#served.push(client);
      this.#waiting.push(client);
      this.#wake();
    });
  }

  static async listen(version: Version): Promise<RawServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RawServer(server, version);
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** The next connection that the client makes. @throws {Violation} It makes none. */
  async next(): Promise<ServedClient> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const client = this.#waiting.shift();
      if (client !== undefined) return client;
      const left = deadline - performance.now();
      if (left <= 0) throw new Violation('a connection', `none for ${PATIENCE_MS / 1000} s`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    this.#server.close();
    for (const client of this.#served) client.destroy();
  }
}
