import type { Duplex } from 'node:stream';
import { type ConnackPacket, describeReasonCode, type PublishPacket, ReasonCode } from '@busbar/codec';
import { OutgoingMessages } from './outgoing-messages.ts';
import { refusalWords } from './reason-words.ts';
import { DialFailure } from './system-words.ts';
import type { ToolExit } from './tool-exit.ts';
import type { ToolSettings } from './tool-settings.ts';
import type { Voice } from './voice.ts';
import { connackNumber, WireConnection, type WireOwner } from './wire-connection.ts';
import { describePlace, dialWire } from './wire-dial.ts';
import type { ConnectContent, PublishContent, Subscription } from './wire-packets.ts';

const RECEIVE_MAXIMUM = 33;
const RECONNECT_DELAY_MS = 1000;
const CONNACK_TIMEOUT_MS = 30_000;
/** How long a server has to close the connection after our DISCONNECT. */
const CLOSE_TIMEOUT_MS = 1000;
const ID_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** What a tool does when something happens on its connection. */
export interface ToolEvents {
  /** The server has accepted us: for the first time, or again. */
  handleConnected(connack: ConnackPacket): void;
  handleMessage?(message: PublishPacket): void;
  handlePublished?(packetId: number, reasonCode: number, reason: string | undefined): void;
  handleSuback?(packetId: number, reasonCodes: readonly number[]): void;
  handleUnsuback?(packetId: number): void;
  /** The output buffer has drained after `isCongested`. */
  handleDrained?(): void;
}

/** Whether a tool comes back after its connection was lost. */
export type ReconnectPolicy = 'always' | 'never';

/**
 * The connection of a tool over its life: dials, speaks through a {@link WireConnection}, comes back when it may, and tells
 * of it in the tool's voice.
 */
export class ToolClient {
  readonly #settings: ToolSettings;
  readonly #voice: Voice;
  readonly #events: ToolEvents;
  readonly #exit: ToolExit;
  readonly #policy: ReconnectPolicy;
  readonly #outgoing: OutgoingMessages;
  readonly #incoming = new Map<number, PublishPacket>();
  #identifier: string;
  #stream: Duplex | undefined;
  #connection: WireConnection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isCorked = false;
  #hasEnded = false;
  #wasAccepted = false;
  #isLossTold = false;

  constructor(settings: ToolSettings, voice: Voice, events: ToolEvents, exit: ToolExit, policy: ReconnectPolicy) {
    this.#settings = settings;
    this.#voice = voice;
    this.#events = events;
    this.#exit = exit;
    this.#policy = settings.reconnects ? policy : 'never';
    this.#outgoing = new OutgoingMessages(settings.maximumInFlight);
    this.#identifier = identifierOf(settings);
    completeProperties(settings);
  }

  /** Whether the server has accepted this connection. */
  get isConnected(): boolean {
    return this.#connection?.isAccepted === true && this.#stream !== undefined;
  }

  /** Whether a server has ever accepted us. */
  get wasAccepted(): boolean {
    return this.#wasAccepted;
  }

  /** Messages of QoS 1 and 2 that are not finished. */
  get unfinished(): number {
    return this.#outgoing.size;
  }

  /** Whether the socket takes less than we write: `handleDrained` follows. */
  get isCongested(): boolean {
    return this.#stream?.writableNeedDrain === true;
  }

  async connect(): Promise<void> {
    try {
      const stream = await dialWire(this.#settings);
      if (this.#hasEnded) stream.destroy();
      else this.#attach(stream);
    } catch (error) {
      if (!(error instanceof DialFailure)) throw error;
      if (this.#wasAccepted) this.#retry();
      else this.#exit.end(1, error.theirs, `Error: ${error.message}`);
    }
  }

  publish(content: PublishContent): number {
    return this.#expectConnection().publish(content, Date.now());
  }

  subscribe(subscriptions: readonly Subscription[]): number {
    return this.#expectConnection().subscribe(subscriptions, this.#settings.properties.subscribe.bytes, Date.now());
  }

  unsubscribe(topicFilter: string): number {
    return this.#expectConnection().unsubscribe(topicFilter, this.#settings.properties.unsubscribe.bytes, Date.now());
  }

  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  /** Looks at nothing more that the server sends. */
  stop(): void {
    this.#connection?.stop();
  }

  /** Says DISCONNECT where there is somebody to hear it. */
  disconnect(reasonCode = 0): void {
    if (!this.isConnected) return;
    this.#connection?.disconnect(reasonCode, this.#settings.properties.disconnect.bytes, Date.now());
  }

  /** Closes the connection; what was written gets out. */
  async close(): Promise<void> {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    const stream = this.#stream;
    if (stream === undefined || stream.destroyed) return;
    this.#uncork();
    await new Promise<void>((resolve) => {
      stream.once('close', resolve);
      stream.resume(); // what still comes must not make the system say RST
      stream.end(() => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref());
    });
    stream.destroy();
  }

  #attach(stream: Duplex): void {
    this.#stream = stream;
    const connection = new WireConnection(this.#connectContent(), this.#owner(stream), this.#outgoing, this.#incoming);
    this.#connection = connection;
    let lastError: Error | undefined;
    stream.on('error', (error) => {
      lastError = error;
    });
    stream.on('data', (bytes: Buffer) => {
      connection.handleBytes(bytes, Date.now());
      this.#schedule();
    });
    stream.resume(); // a handshake may have paused it
    stream.on('drain', () => this.#events.handleDrained?.());
    stream.on('end', () => stream.end());
    stream.on('close', () => this.#handleClosed(stream, lastError));
    connection.open(Date.now());
    if (!this.#voice.isMosquitto) this.#timer = setTimeout(() => this.#handleSilence(), CONNACK_TIMEOUT_MS);
  }

  #owner(stream: Duplex): WireOwner {
    const { isDebug } = this.#settings;
    return {
      write: (bytes) => this.#write(stream, bytes),
      log: isDebug ? (line) => process.stdout.write(`${line}\n`) : () => {},
      handleConnack: (connack) => this.#handleConnack(connack),
      handleMessage: (message) => this.#events.handleMessage?.(message),
      handlePublished: (packetId, reasonCode, reason) => this.#events.handlePublished?.(packetId, reasonCode, reason),
      handleSuback: (packetId, reasonCodes) => this.#events.handleSuback?.(packetId, reasonCodes),
      handleUnsuback: (packetId) => this.#events.handleUnsuback?.(packetId),
      handleDisconnect: ({ reasonCode, properties: { reasonString } }) => {
        const told = reasonString === undefined ? '' : `: ${reasonString}`;
        this.#lose(`the server disconnected: ${describeReasonCode(reasonCode)}${told}`, reasonCode);
      },
      handleFault: (message) => this.#lose(message),
    };
  }

  /** Everything of one turn leaves together. */
  #write(stream: Duplex, bytes: Uint8Array): void {
    if (!this.#isCorked) {
      this.#isCorked = true;
      stream.cork();
      process.nextTick(() => this.#uncork());
    }
    stream.write(bytes);
  }

  #uncork(): void {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.#stream?.uncork();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const connection = this.#connection;
    if (connection === undefined || this.#hasEnded || connection.nextDeadline === Number.POSITIVE_INFINITY) return;
    const check = () => {
      connection.handleTimeout(Date.now());
      this.#schedule();
    };
    this.#timer = setTimeout(check, Math.max(0, connection.nextDeadline - Date.now()));
  }

  #handleConnack(connack: ConnackPacket): void {
    clearTimeout(this.#timer);
    if (connack.reasonCode !== ReasonCode.success) {
      const { theirs, ours } = refusalWords(connack, this.#settings);
      // mosquitto_pub tells what its loop ended with, too.
      const loop =
        this.#settings.version === 5
          ? 'A network protocol error occurred when communicating with the broker.'
          : 'The connection was refused.';
      const more = this.#settings.tool === 'pub' ? `\nError: ${loop}` : '';
      this.#exit.end(connackNumber(connack, this.#settings.version), `${theirs}${more}`, ours);
      return;
    }
    const { assignedClientIdentifier } = connack.properties;
    if (assignedClientIdentifier !== undefined) this.#identifier = assignedClientIdentifier;
    if (this.#isLossTold) {
      this.#isLossTold = false;
      this.#voice.tell(undefined, `Connected again${connack.sessionPresent ? ', the session goes on' : ''}`);
    }
    this.#wasAccepted = true;
    this.#events.handleConnected(connack);
    this.#schedule();
  }

  #handleSilence(): void {
    this.#exit.end(1, undefined, `Error: ${describePlace(this.#settings)} does not answer to CONNECT`);
  }

  #handleClosed(stream: Duplex, error: Error | undefined): void {
    if (this.#stream !== stream) return;
    this.#lose(error?.message ?? 'the server closed it without a word');
  }

  /** The connection is of no use any more. @param reasonCode The server's, when it said DISCONNECT. */
  #lose(why: string, reasonCode?: number): void {
    const stream = this.#stream;
    this.#stream = undefined;
    clearTimeout(this.#timer);
    stream?.destroy();
    if (this.#hasEnded || this.#exit.isReached) return;
    const isTaken = reasonCode === ReasonCode.sessionTakenOver;
    if (this.#policy === 'never' || isTaken || (!this.#wasAccepted && reasonCode === undefined)) {
      const isTold = reasonCode !== undefined;
      const theirs = isTold ? 'Error: The client is not currently connected.' : 'Error: The connection was lost.';
      this.#exit.end(isTold ? 4 : 7, theirs, `Error: the connection was lost: ${why}`);
      return;
    }
    if (!this.#isLossTold) this.#voice.tell(undefined, `Connection lost, trying again: ${why}`);
    this.#isLossTold = true;
    this.#retry();
  }

  #retry(): void {
    if (this.#hasEnded) return;
    this.#timer = setTimeout(() => void this.connect(), RECONNECT_DELAY_MS);
  }

  #expectConnection(): WireConnection {
    if (this.#connection === undefined) throw new Error('not connected');
    return this.#connection;
  }

  #connectContent(): ConnectContent {
    const { willTopic, willPayload = '', willQos, willRetain, properties, ...settings } = this.#settings;
    const will =
      willTopic === undefined
        ? undefined
        : {
            topicName: willTopic,
            payload: willPayload,
            qos: willQos,
            retain: willRetain,
            properties: properties.will.bytes,
          };
    return { ...settings, clientIdentifier: this.#identifier, will, properties: properties.connect.bytes };
  }
}

/** As libmosquitto makes them up: nothing where the server may choose, letters for 3.1, which cannot. */
function identifierOf({ id, idPrefix, version }: ToolSettings): string {
  if (id !== undefined) return id;
  if (idPrefix !== undefined) return `${idPrefix}${process.pid}`;
  if (version !== 3) return '';
  const letters = Array.from({ length: 18 }, () => ID_LETTERS.charAt(Math.floor(Math.random() * ID_LETTERS.length)));
  return `mosq-${letters.join('')}`;
}

/** libmosquitto names a Receive Maximum always, and no more than the messages that are wanted. */
function completeProperties({ properties, count, version }: ToolSettings): void {
  if (version !== 5 || properties.connect.has(RECEIVE_MAXIMUM)) return;
  properties.connect.addNumber(RECEIVE_MAXIMUM, 2, count > 0 && count < 20 ? count : 20);
}
