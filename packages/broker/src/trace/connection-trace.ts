import {
  decodePacket,
  decodeServerPacket,
  describeReasonCode,
  type Packet,
  PacketError,
  PacketSplitter,
  PacketType,
  type ProtocolVersion,
  ReasonCode,
} from '@busbar/codec';
import type { Closing } from '@busbar/protocol';
import { describePacket, type PacketDescription } from './describe-packet.ts';
import type { TracedPacket } from './traced-packet.ts';
import type { TraceListener } from './traces.ts';

/** The largest packet that there can be: what leaves is not bounded by what the broker takes. */
const LARGEST_PACKET = 268_435_460;

/** What a trace needs of the connection that it shows. */
export interface TracedConnection {
  readonly version: ProtocolVersion;
  readonly remote: string;
}

/** Shows what comes from and goes to one connection to those who trace its client. */
export class ConnectionTrace {
  readonly #connection: TracedConnection;
  readonly #listeners: ReadonlySet<TraceListener>;
  readonly #sent = new PacketSplitter(LARGEST_PACKET);
  /** Topics by their aliases, as far as they were seen. */
  readonly #aliases = { in: new Map<number, string>(), out: new Map<number, string>() };

  constructor(connection: TracedConnection, listeners: ReadonlySet<TraceListener>) {
    this.#connection = connection;
    this.#listeners = listeners;
  }

  /** A packet has come: it lies where the splitter says. */
  readonly handleReceived = ({ bytes, start, bodyStart, end }: PacketSplitter): void => {
    this.#show('in', end - start, () =>
      decodePacket(bytes[start] as number, bytes, bodyStart, end, this.#versionNow(bytes, start)),
    );
  };

  /** Bytes are handed to the socket: whole packets, in one piece or several. */
  handleSent(chunk: Uint8Array): void {
    const splitter = this.#sent;
    splitter.push(chunk);
    while (splitter.next()) {
      const { bytes, start, bodyStart, end } = splitter;
      const { version } = this.#connection;
      this.#show('out', end - start, () => decodeServerPacket(bytes[start] as number, bytes, bodyStart, end, version));
    }
  }

  /** The connection is over. */
  handleClosed({ cause, reasonCode, message }: Closing): void {
    // An ordinary end, and one without a word, have no reason but the message.
    const isPlain = cause === 'lost' || reasonCode === ReasonCode.normalDisconnection;
    this.#tell('end', { type: cause, message, ...(isPlain ? {} : { reasons: [describeReasonCode(reasonCode)] }) });
  }

  /** Before CONNECT has been read the machine does not know its version, and the packet says it itself. */
  #versionNow(bytes: Uint8Array, start: number): ProtocolVersion {
    return (bytes[start] as number) >> 4 === PacketType.connect ? 5 : this.#connection.version;
  }

  /** A packet that is none is shown as such: what becomes of it the machine decides. */
  #show(direction: 'in' | 'out', bytes: number, decode: () => Packet): void {
    let described: PacketDescription;
    try {
      described = this.#named(direction, describePacket(decode()));
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      described = { type: 'malformed', fault: error.message };
    }
    this.#tell(direction, { bytes, ...described });
  }

  /** A PUBLISH with nothing but an alias has the topic that the alias stands for. */
  #named(direction: 'in' | 'out', described: PacketDescription): PacketDescription {
    const { topicAlias, topicName } = described;
    if (topicAlias === undefined) return described;
    const aliases = this.#aliases[direction];
    if (topicName) aliases.set(topicAlias, topicName);
    const meant = aliases.get(topicAlias);
    return meant === undefined ? described : { ...described, topicName: meant };
  }

  #tell(direction: TracedPacket['direction'], described: PacketDescription & { readonly bytes?: number }): void {
    const { remote } = this.#connection;
    const packet: TracedPacket = { at: new Date().toISOString(), direction, remote, ...described };
    for (const listener of this.#listeners) listener(packet);
  }
}
