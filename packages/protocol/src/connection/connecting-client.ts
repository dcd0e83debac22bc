import {
  type ConnectPacket,
  decodePacket,
  type Packet,
  PacketError,
  PacketType,
  type ProtocolVersion,
  packetTypeName,
  ReasonCode,
} from '@busbar/codec';
import type { ClientLine } from './connected-client.ts';
import { NEVER } from './keep-alive.ts';
import type { ServerConnectionOwner } from './server-connection-owner.ts';
import { refusalOfMalformedConnect, strangerIn } from './server-handshake.ts';

/** The connection of a {@link ConnectingClient}. */
export interface ConnectingLine extends ClientLine {
  readonly version: ProtocolVersion;
  /** CONNECT has come: the version is known from here on. */
  begin(connect: ConnectPacket): void;
}

/**
 * A client from its first packet to its CONNACK: CONNECT, and the steps of enhanced authentication (sections 3.1, 3.2 and 4.12).
 *
 *     awaiting CONNECT --CONNECT--> answering --> ConnectedClient, or refused
 *                                    |     ^
 *                      {@link handleContinued} AUTH
 *                                    v     |
 *                                 authenticating
 */
export class ConnectingClient {
  /** The CONNECT that waits for its answer, undefined before it has come: secrets and Will are nobody's to keep longer. */
  connect: ConnectPacket | undefined = undefined;
  /** Whether the owner is to say something: what the client sends waits. */
  isAnswering = false;
  readonly #line: ConnectingLine;
  readonly #owner: ServerConnectionOwner;
  readonly #timeoutMs: number;
  #deadline: number;

  constructor(line: ConnectingLine, owner: ServerConnectionOwner, timeoutMs: number, now: number) {
    this.#line = line;
    this.#owner = owner;
    this.#timeoutMs = timeoutMs;
    this.#deadline = now + timeoutMs;
  }

  /** Whether it is the client's turn in an exchange that CONNECT has begun. */
  get isAuthenticating(): boolean {
    return this.connect !== undefined && !this.isAnswering;
  }

  /** Until when the client has to say something; Infinity while it is not its turn. */
  get deadline(): number {
    return this.isAnswering ? NEVER : this.#deadline;
  }

  /** The owner has asked for the next step of the exchange. */
  handleContinued(now: number): void {
    this.isAnswering = false;
    this.#deadline = now + this.#timeoutMs;
  }

  /** What begins here and is no CONNECT, where that should come. @param bytes Those that came first. */
  strangerIn(bytes: Uint8Array): string | undefined {
    return this.connect === undefined ? strangerIn(bytes) : undefined;
  }

  handlePacket(firstByte: number, bytes: Uint8Array, bodyStart: number, end: number): void {
    if (this.connect === undefined) this.#handleConnect(firstByte, bytes, bodyStart, end);
    else this.#handleStep(decodePacket(firstByte, bytes, bodyStart, end, this.#line.version));
  }

  #handleConnect(firstByte: number, bytes: Uint8Array, bodyStart: number, end: number): void {
    let packet: Packet;
    try {
      packet = decodePacket(firstByte, bytes, bodyStart, end, this.#line.version);
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      const refusal = refusalOfMalformedConnect(bytes, bodyStart, end, error);
      if (refusal !== undefined) this.#line.writer.append(refusal);
      this.#line.fault(error.reasonCode, error.message);
      return;
    }
    if (packet.type !== PacketType.connect) return;
    this.connect = packet;
    this.isAnswering = true;
    this.#line.begin(packet);
    this.#owner.handleConnect(packet);
  }

  #handleStep(packet: Packet): void {
    if (packet.type === PacketType.auth && packet.reasonCode === ReasonCode.continueAuthentication) {
      this.isAnswering = true;
      this.#owner.handleAuth(packet);
    } else if (packet.type === PacketType.disconnect) {
      this.#line.leave(packet);
    } else {
      const came = packet.type === PacketType.auth ? 'one with another' : packetTypeName(packet.type);
      this.#line.fault(ReasonCode.protocolError, `expected AUTH with Reason Code 0x18, ${came} came [MQTT-4.12.0-3]`);
    }
  }
}
