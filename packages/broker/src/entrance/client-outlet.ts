import { ReasonCode } from '@busbar/codec';
import type { Delivery, ServerConnection } from '@busbar/protocol';
import { type ByteTransport, formatPeer } from '@busbar/transport';
import type { Clock } from '../clock/clock.ts';
import type { ClientDescription, Outlet } from '../session/outlet.ts';
import type { Session } from '../session/session.ts';
import type { ClientOutput } from './client-output.ts';
import type { UnkeptOwner } from './client-publications.ts';

/** How people call the versions, by their Protocol Level. */
const PROTOCOL_VERSIONS = { 3: '3.1', 4: '3.1.1', 5: '5.0' } as const;

/** What a session sends through to the client that is connected. */
export class ClientOutlet implements Outlet {
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #transport: ByteTransport;
  readonly #connection: ServerConnection;
  readonly #output: ClientOutput;
  readonly #owner: UnkeptOwner;
  readonly #openedAt: number;
  #pumpsLater = false;

  constructor(
    session: Session,
    clock: Clock,
    transport: ByteTransport,
    connection: ServerConnection,
    output: ClientOutput,
    owner: UnkeptOwner,
  ) {
    this.#session = session;
    this.#clock = clock;
    this.#transport = transport;
    this.#connection = connection;
    this.#output = output;
    this.#owner = owner;
    this.#openedAt = clock.now();
  }

  get isWritable(): boolean {
    return this.#connection.isConnected && this.#output.isWritable;
  }

  get hasRoom(): boolean {
    return this.#connection.hasRoom;
  }

  accepts(delivery: Delivery): boolean {
    return this.#connection.accepts(delivery);
  }

  deliver(delivery: Delivery, now: number): number {
    const packetId = this.#connection.deliver(delivery, now);
    this.#output.handleDelivered();
    if (delivery.qos === 2 && this.#connection.isHolding) this.#owner.awaitKept();
    return packetId;
  }

  pumpLater(): void {
    this.#pumpsLater = true;
    this.#output.mark();
  }

  /** The output of a turn has left: what waits in the session may find room behind it. */
  handleFlushed(): void {
    if (!this.#pumpsLater && !this.#session.hasWaiting) return;
    this.#pumpsLater = false;
    this.#session.pump(this.#clock.now());
  }

  acceptPublish(packetId: number, reasonCode: ReasonCode): boolean {
    if (!this.#connection.isConnected) return false;
    this.#connection.acceptPublish(2, packetId, reasonCode);
    this.#output.settle();
    return true;
  }

  describe(): ClientDescription {
    return {
      remote: formatPeer(this.#transport.remote),
      protocolVersion: PROTOCOL_VERSIONS[this.#connection.version],
      connectedSeconds: Math.floor((this.#clock.now() - this.#openedAt) / 1000),
      bufferedBytes: this.#transport.bufferedBytes,
    };
  }

  kick(message: string): void {
    this.#end(ReasonCode.administrativeAction, message);
  }

  cutOff(): void {
    this.#end(ReasonCode.quotaExceeded, 'the client does not take its messages, and more of them wait than may');
  }

  takeOver(): void {
    this.#end(ReasonCode.sessionTakenOver, 'another connection has taken the session over'); // [MQTT-3.1.4-3]
  }

  #end(reasonCode: ReasonCode, message: string): void {
    this.#connection.disconnect(reasonCode, message);
    this.#output.mark();
  }
}
