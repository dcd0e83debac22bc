import { decodeServerPacket, encodeClientPacket, PacketSplitter, PacketType } from '@busbar/codec';
import { type InFlight, type MessageContent, SessionState, Stage } from '@busbar/protocol';
import { ClientError } from '../errors.ts';
import { Publication } from '../publish/publication.ts';

/** The layout of the records, to be refused when it is another one. */
const LAYOUT = '1';
const LARGEST_PACKET = 268_435_460;
const TIME_LENGTH = 6;

/** The keys of records: one for each message, one for where it stands once it has been sent. */
export const Key = {
  layout: 'layout',
  clientIdentifier: 'client',
  message: (key: number) => `m/${key}`,
  flow: (key: number) => `f/${key}`,
  accepted: (packetId: number) => `a/${packetId}`,
} as const;

/** What an earlier run of the program has left in a store. */
export interface StoredSession {
  readonly isNew: boolean;
  readonly clientIdentifier: string | undefined;
  readonly session: SessionState<MessageContent>;
  readonly inFlight: ReadonlyMap<number, Publication>;
  readonly waiting: readonly Publication[];
  /** Above all keys of the store: with it as zero, those of an earlier run are negative. */
  readonly base: number;
}

/** A message with the time since when it waits, in milliseconds since 1970. */
export function encodeMessage(message: MessageContent, waitsSince: number): Uint8Array {
  const packet = { ...message, type: PacketType.publish, packetId: 1, dup: false };
  const bytes = encodeClientPacket(packet, 5);
  const value = new Uint8Array(TIME_LENGTH + bytes.length);
  let rest = Math.max(0, Math.floor(waitsSince));
  for (let at = TIME_LENGTH - 1; at >= 0; at--) {
    value[at] = rest % 0x100;
    rest = Math.floor(rest / 0x100);
  }
  value.set(bytes, TIME_LENGTH);
  return value;
}

/** Where a message stands on its way out. */
export function encodeFlow(stage: Stage, packetId: number): Uint8Array {
  return Uint8Array.of(stage, packetId >> 8, packetId);
}

/** The mark of the layout, with which a new store begins. */
export function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export const LAYOUT_MARK = encodeText(LAYOUT);

/**
 * Makes a session of a store's records.
 *
 * @param toClientTime Turns milliseconds since 1970 into those of the client's clock.
 * @throws {ClientError} `store-mismatch`: they are not of this layout.
 */
export function readSession(
  records: Iterable<readonly [string, Uint8Array]>,
  toClientTime: (wallMs: number) => number,
  maximumAgeMs: number,
): StoredSession {
  const all = new Map(records);
  const layout = textOf(all.get(Key.layout));
  if (all.size > 0 && layout !== LAYOUT) {
    throw new ClientError(
      'store-mismatch',
      `expected records of layout ${LAYOUT}, the store has ${layout ?? 'others'}`,
    );
  }
  const keys = new Set<number>();
  const accepted: number[] = [];
  for (const name of all.keys()) {
    const [kind, number] = [name.slice(0, 2), Number(name.slice(2))];
    if (kind === 'm/' || kind === 'f/') keys.add(number);
    if (kind === 'a/') accepted.push(number);
  }
  const flows: InFlight<MessageContent>[] = [];
  const inFlight = new Map<number, Publication>();
  const waiting: Publication[] = [];
  const ordered = [...keys].sort((a, b) => a - b);
  const base = (ordered.at(-1) ?? 0) + 1;
  for (const key of ordered) {
    const stored = all.get(Key.message(key));
    const flow = all.get(Key.flow(key));
    const message = stored && decodeMessage(stored);
    const publication = new Publication(message ?? NOTHING, key - base);
    if (flow !== undefined) {
      const [stage = 0, high = 0, low = 0] = flow;
      const packetId = (high << 8) | low;
      flows.push({ packetId, stage: stage as Stage, message: stage === Stage.awaitingPubcomp ? undefined : message });
      inFlight.set(packetId, publication);
    } else if (stored !== undefined) {
      publication.wait(toClientTime(timeOf(stored)), maximumAgeMs);
      waiting.push(publication);
    }
  }
  const session = SessionState.fromPlain<MessageContent>({ inFlight: flows, accepted });
  const clientIdentifier = textOf(all.get(Key.clientIdentifier));
  return { isNew: all.size === 0, clientIdentifier, session, inFlight, waiting, base };
}

/** What is left of a QoS 2 message once its receiver has it. */
const NOTHING: MessageContent = { topicName: '', payload: new Uint8Array(0), qos: 2, retain: false, properties: {} };

function decodeMessage(value: Uint8Array): MessageContent {
  const splitter = new PacketSplitter(LARGEST_PACKET);
  splitter.push(value.subarray(TIME_LENGTH));
  splitter.next();
  const { bytes, start, bodyStart, end } = splitter;
  const packet = decodeServerPacket(bytes[start] ?? 0, bytes, bodyStart, end, 5);
  if (packet.type !== PacketType.publish) throw new ClientError('store-damaged', 'a stored message is none');
  const { topicName, payload, qos, retain, properties } = packet;
  return { topicName, payload, qos, retain, properties };
}

function timeOf(value: Uint8Array): number {
  return value.subarray(0, TIME_LENGTH).reduce((sum, byte) => sum * 0x100 + byte, 0);
}

function textOf(value: Uint8Array | undefined): string | undefined {
  return value && new TextDecoder().decode(value);
}
