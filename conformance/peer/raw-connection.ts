import type { Socket } from 'node:net';
import { Violation } from '../run/violation.ts';
import { type Frame, FrameReader } from '../wire/frame-reader.ts';
import type { Version } from '../wire/packet-writer.ts';
import { Inbox, PATIENCE_MS } from './inbox.ts';

interface Named {
  readonly name: string;
}

/** The packet type of this name; a type may have several names. */
export type PacketOf<Name, Packet> = Packet extends { readonly name: infer Own }
  ? Name extends Own
    ? Packet
    : never
  : never;

/** One end of a Network Connection that sends any bytes and reads what comes with the strictness of the standard. */
export abstract class RawConnection<Packet extends Named> {
  readonly version: Version;
  protected readonly inbox: Inbox<Packet>;
  readonly #socket: Socket;
  readonly #frames = new FrameReader();
  readonly #describe: (packet: Packet) => string;

  constructor(socket: Socket, version: Version, describe: (packet: Packet) => string) {
    this.#socket = socket;
    this.#describe = describe;
    this.version = version;
    this.inbox = new Inbox(describe);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Uint8Array) => this.#handleBytes(chunk));
    socket.on('close', () => this.inbox.add({ kind: 'closed' }));
    socket.on('error', () => {});
  }

  /** Reads a packet of the other side, and watches what it does. @throws {Violation} It may not send that. */
  protected abstract readFrame(frame: Frame): Packet;

  /** Sends bytes as they are, in one write. */
  send(...bytes: readonly Uint8Array[]): void {
    this.#socket.write(Buffer.concat(bytes));
  }

  /** The next packet, whatever it is. */
  async next(expected = 'a packet'): Promise<Packet> {
    const arrival = await this.inbox.take(expected, ({ kind }) => kind === 'packet');
    if (arrival.kind !== 'packet') throw new Violation(expected, 'none');
    return arrival.packet;
  }

  /** The next packet, which is to be of this type. */
  async expect<Name extends Packet['name']>(name: Name, expected: string = name): Promise<PacketOf<Name, Packet>> {
    const packet = await this.next(expected);
    if (packet.name !== name) throw new Violation(expected, this.#describe(packet));
    return packet as PacketOf<Name, Packet>;
  }

  /** The first packet of this type; others that come before it stay. */
  async take<Name extends Packet['name']>(
    name: Name,
    matches: (packet: PacketOf<Name, Packet>) => boolean = () => true,
    expected: string = name,
  ): Promise<PacketOf<Name, Packet>> {
    const arrival = await this.inbox.take(expected, (each) => {
      return each.kind === 'packet' && each.packet.name === name && matches(each.packet as PacketOf<Name, Packet>);
    });
    if (arrival.kind !== 'packet') throw new Violation(expected, 'none');
    return arrival.packet as PacketOf<Name, Packet>;
  }

  /** The other side closes the connection, and sends nothing before it. */
  async expectEnd(timeoutMs = PATIENCE_MS): Promise<void> {
    const expected = 'the end of the connection';
    const arrival = await this.inbox.take(expected, () => true, timeoutMs);
    if (arrival.kind === 'packet') throw new Violation(expected, this.#describe(arrival.packet));
  }

  /** Closes the connection without a word, and waits until the other side has, too; what comes meanwhile stays. */
  async drop(): Promise<void> {
    this.#socket.end();
    await this.inbox.take('that the other side closes, too', ({ kind }) => kind === 'closed');
  }

  /** Closes the connection at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  #handleBytes(chunk: Uint8Array): void {
    try {
      for (const frame of this.#frames.push(chunk)) this.inbox.add({ kind: 'packet', packet: this.readFrame(frame) });
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.inbox.add({ kind: 'violation', violation: error });
      this.#socket.destroy();
    }
  }
}
