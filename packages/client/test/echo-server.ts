import assert from 'node:assert/strict';
import {
  type ConnectPacket,
  NO_PROPERTIES,
  type PublishView,
  type QoS,
  ReasonCode,
  type SubscribePacket,
} from '@busbar/codec';
import {
  ApplicationMessage,
  BlockPool,
  type Closing,
  Delivery,
  ServerConnection,
  type ServerConnectionOwner,
  SessionState,
} from '@busbar/protocol';
import type { ByteTransport, TransportError, TransportReceiver } from '@busbar/transport';

/** A message that arrived at the server. */
export interface Arrival {
  readonly text: string;
  readonly qos: QoS;
}

/**
 * A server of one client and one session, for tests: it accepts everything, remembers what arrived, and sends every message
 * back to its client once that has subscribed.
 */
export class EchoServer {
  readonly arrivals: Arrival[] = [];
  readonly session = new SessionState<Delivery>();
  readonly pool = new BlockPool();
  readonly queue: Delivery[] = [];
  hasSession = false;
  isSubscribed = false;
  #current: ServerEnd | undefined;

  /** @param bytesUntilCut How many bytes from the client until the connection is cut. */
  accept(transport: ByteTransport, bytesUntilCut: number, cut: () => void): void {
    this.#current = new ServerEnd(this, transport, bytesUntilCut, cut);
    transport.attach(this.#current);
  }

  /** @param bytesUntilSilence How many bytes from the client until nothing goes either way, and nobody is told. */
  acceptUntilSilence(transport: ByteTransport, bytesUntilSilence: number): void {
    this.#current = new ServerEnd(this, transport, bytesUntilSilence, undefined);
    transport.attach(this.#current);
  }

  receive(text: string, qos: QoS): void {
    this.arrivals.push({ text, qos });
    const payload = new TextEncoder().encode(text);
    const content = { topicName: 'echo', payload, qos, retain: false, properties: NO_PROPERTIES };
    this.queue.push(new Delivery(ApplicationMessage.of(content, '', 0).own(), qos, false, [1]));
  }
}

/** The server's end of one connection. */
class ServerEnd implements TransportReceiver, ServerConnectionOwner {
  readonly #server: EchoServer;
  readonly #transport: ByteTransport;
  readonly #machine: ServerConnection;
  /** Undefined: what comes after is lost without a word. */
  readonly #cut: (() => void) | undefined;
  #bytesUntilCut: number;

  constructor(server: EchoServer, transport: ByteTransport, bytesUntilCut: number, cut: (() => void) | undefined) {
    const limits = {
      connectTimeoutMs: 1_000,
      maximumPacketSize: 10_000,
      receiveMaximum: 5,
      topicAliasMaximum: 2,
      outboundTopicAliasMaximum: 2,
      maximumInFlight: 5,
      maximumQoS: 2,
      retainAvailable: true,
    } as const;
    this.#server = server;
    this.#transport = transport;
    this.#bytesUntilCut = bytesUntilCut;
    this.#cut = cut;
    this.#machine = new ServerConnection(this, limits, server.pool, 0);
  }

  handleBytes(bytes: Uint8Array): void {
    if (this.#isSilent) return;
    const arriving = bytes.subarray(0, this.#bytesUntilCut);
    this.#bytesUntilCut -= arriving.length;
    this.#machine.handleBytes(arriving, 0);
    this.#pump();
    if (this.#bytesUntilCut === 0) this.#cut?.();
  }

  get #isSilent(): boolean {
    return this.#bytesUntilCut === 0 && this.#cut === undefined;
  }

  handleWritable(): void {}

  handleClosed(error?: TransportError): void {
    this.#machine.handleLost(error?.message ?? 'closed', 0);
  }

  handleConnect(packet: ConnectPacket): void {
    const { session, hasSession } = this.#server;
    const sessionPresent = hasSession && !packet.cleanStart;
    this.#server.hasSession = true;
    this.#machine.acceptConnect({ session, sessionPresent, keepAlive: 0, properties: NO_PROPERTIES }, 0);
  }

  handlePublish(view: PublishView): ReasonCode {
    this.#server.receive(new TextDecoder().decode(view.payload), view.qos);
    return ReasonCode.success;
  }

  handleSubscribe({ packetId, subscriptions }: SubscribePacket): void {
    this.#server.isSubscribed = true;
    this.#machine.acceptSubscribe(
      packetId,
      subscriptions.map(({ qos }) => qos),
    );
  }

  handleWindow(): void {
    this.#pump();
  }

  handleClosing({ cause, message }: Closing): void {
    assert.ok(cause === 'lost' || cause === 'disconnected', message);
    this.#transport.end();
  }

  handleAuth(): void {}
  handleUnsubscribe(): void {}
  handleDelivered(): void {}
  readonly keepMark = 0;
  handleCompleted(): void {}
  handleReleased(): void {}
  handleUndeliverable(): void {}

  #pump(): void {
    const { queue, isSubscribed } = this.#server;
    while (isSubscribed && queue[0] !== undefined && this.#machine.hasRoom) {
      const delivery = queue.shift();
      if (delivery !== undefined) this.#machine.deliver(delivery, 0);
    }
    if (this.#isSilent) this.#machine.output.clear();
    else this.#machine.output.flushTo(this.#transport);
  }
}
