import {
  type ConnectPacket,
  decodePacket,
  encodePacket,
  FIRST_FAILURE,
  type Packet,
  PacketError,
  PacketSplitter,
  PacketType,
  type PublishPacket,
  packetTypeName,
  ReasonCode,
} from '@busbar/codec';
import { acknowledgementPacket } from '@busbar/testkit';
import type { MemoryTransport, TransportReceiver } from '@busbar/transport';
import { AuthenticationOutcome, FUZZ_METHOD, type Step } from './session-script.ts';

const LARGEST_RECEIVE_MAXIMUM = 65_535;

/**
 * One connection of a client that sends what a script says, and watches what the broker sends: whole packets of the
 * client's version, CONNACK first and nothing after a refusal or DISCONNECT, within the Maximum Packet Size, the Receive
 * Maximum and the Topic Aliases that its CONNECT gave.
 *
 * @throws {Error} From within the event loop: the broker sent what it must not send.
 */
export class FuzzPeer implements TransportReceiver {
  isClosed = false;
  readonly #transport: MemoryTransport;
  readonly #isAnswering: boolean;
  readonly #received = new PacketSplitter(Number.POSITIVE_INFINITY);
  /** What was sent, read as the broker reads it: until it is malformed. */
  readonly #sent = new PacketSplitter(Number.POSITIVE_INFINITY);
  #isUnderstood = true;
  #connect: ConnectPacket | undefined = undefined;
  #isAnswered = false;
  #isOver = false;
  readonly #inFlight = new Set<number>();
  #isCounting = true;
  readonly #topicAliases = new Set<number>();
  #held: Uint8Array[] = [];

  constructor(transport: MemoryTransport, isAnswering: boolean) {
    this.#transport = transport;
    this.#isAnswering = isAnswering;
    transport.attach(this);
  }

  send({ bytes, cuts, isHeld }: Extract<Step, { kind: 'send' }>): void {
    let start = 0;
    for (const cut of cuts) {
      this.#held.push(bytes.subarray(start, cut));
      this.#flush();
      start = cut;
    }
    this.#held.push(bytes.subarray(start));
    if (!isHeld) this.#flush();
  }

  setReading(isReading: boolean): void {
    if (isReading) this.#transport.resume();
    else this.#transport.pause();
  }

  end(): void {
    this.#transport.end();
  }

  cut(): void {
    this.#transport.cut();
  }

  // --- transport -------------------------------------------------------------------------------------------------------

  handleBytes(bytes: Uint8Array): void {
    this.#received.push(new Uint8Array(bytes));
    while (this.#received.next()) this.#handleFrame(this.#received);
  }

  handleWritable(): void {}

  handleClosed(): void {
    this.isClosed = true;
  }

  // --- what is sent ----------------------------------------------------------------------------------------------------

  #flush(): void {
    this.#write(Buffer.concat(this.#held));
    this.#held = [];
  }

  #write(bytes: Uint8Array): void {
    this.#transport.write(bytes);
    if (this.#isUnderstood) this.#readSent(bytes);
  }

  #readSent(bytes: Uint8Array): void {
    const sent = this.#sent;
    try {
      sent.push(bytes);
      while (sent.next()) this.#noteSent(decodeRange(sent, this.#connect));
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      this.#isUnderstood = false;
    }
  }

  #noteSent(packet: Packet): void {
    if (packet.type === PacketType.connect) this.#connect ??= packet;
    const { puback, pubrec, pubcomp } = PacketType;
    const isRefusal = packet.type === pubrec && packet.reasonCode >= FIRST_FAILURE;
    if (packet.type !== puback && packet.type !== pubcomp && !isRefusal) return;
    // What is acknowledged before it was seen may be under way, and makes room for another.
    if (!this.#inFlight.delete(packet.packetId)) this.#isCounting = false;
  }

  // --- what comes ------------------------------------------------------------------------------------------------------

  #handleFrame(range: PacketSplitter): void {
    const { bytes, start, end } = range;
    const type = ((bytes[start] ?? 0) >> 4) as PacketType;
    if (this.#isOver) throw new Error(`${packetTypeName(type)} came after the last packet of the connection`);
    if (!this.#isAnswered && type !== PacketType.connack && type !== PacketType.auth) {
      throw new Error(`${packetTypeName(type)} came before CONNACK`);
    }
    if (this.#connect === undefined) {
      // A CONNECT that was not understood is refused in a version of the broker's choice.
      this.#isOver = true;
      return;
    }
    const maximum = this.#connect.properties.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    if (end - start > maximum) {
      throw new Error(`${packetTypeName(type)} of ${end - start} bytes came, the client takes ${maximum}`);
    }
    this.#handlePacket(decodeRange(range, this.#connect));
  }

  #handlePacket(packet: Packet): void {
    switch (packet.type) {
      case PacketType.connack:
        if (this.#isAnswered) throw new Error('CONNACK came twice');
        this.#isAnswered = true;
        this.#isOver = packet.reasonCode >= FIRST_FAILURE;
        return;
      case PacketType.disconnect:
        this.#isOver = true;
        return;
      case PacketType.publish:
        this.#watchPublish(packet);
        if (packet.qos === 1) this.#answer(acknowledgementPacket('puback', packet.packetId));
        if (packet.qos === 2) this.#answer(acknowledgementPacket('pubrec', packet.packetId));
        return;
      case PacketType.pubrec:
        if (packet.reasonCode < FIRST_FAILURE) this.#answer(acknowledgementPacket('pubrel', packet.packetId));
        return;
      case PacketType.pubrel:
        this.#answer(acknowledgementPacket('pubcomp', packet.packetId));
        return;
      case PacketType.auth:
        if (packet.reasonCode === ReasonCode.continueAuthentication) this.#answerAuth();
        return;
    }
  }

  #watchPublish({ qos, packetId, topicName, properties }: PublishPacket): void {
    const { receiveMaximum = LARGEST_RECEIVE_MAXIMUM, topicAliasMaximum = 0 } = this.#connect?.properties ?? {};
    const { topicAlias } = properties;
    if (topicAlias !== undefined) {
      if (topicAlias > topicAliasMaximum) throw new Error(`Topic Alias ${topicAlias} came, over ${topicAliasMaximum}`);
      if (topicName === '' && !this.#topicAliases.has(topicAlias))
        throw new Error('a Topic Alias came that was not set');
      this.#topicAliases.add(topicAlias);
    } else if (topicName === '') {
      throw new Error('a PUBLISH came without Topic Name and Topic Alias');
    }
    if (qos === 0) return;
    this.#inFlight.add(packetId);
    if (this.#isCounting && this.#inFlight.size > receiveMaximum)
      throw new Error(`more came than the Receive Maximum of ${receiveMaximum}`);
  }

  #answerAuth(): void {
    const authenticationData = Uint8Array.of(AuthenticationOutcome.accept);
    const properties = { authenticationMethod: FUZZ_METHOD, authenticationData };
    this.#answer({ type: PacketType.auth, reasonCode: ReasonCode.continueAuthentication, properties });
  }

  /** Between the packets of the script only: in the midst of one an answer would be part of it. */
  #answer(packet: Packet): void {
    if (!this.#isAnswering || this.#connect === undefined || this.#sent.unfinished !== undefined) return;
    if (this.#held.length > 0) return;
    this.#write(encodePacket(packet, this.#connect.protocolVersion));
  }
}

function decodeRange({ bytes, start, bodyStart, end }: PacketSplitter, connect: ConnectPacket | undefined): Packet {
  return decodePacket(bytes[start] ?? 0, bytes, bodyStart, end, connect?.protocolVersion ?? 5);
}
