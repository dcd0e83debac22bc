import { type ConnackPacket, describeReasonCode, FIRST_FAILURE } from '@busbar/codec';
import { reasonWords } from '../tool/reason-words.ts';
import type { ToolClient } from '../tool/tool-client.ts';
import type { ToolSettings } from '../tool/tool-settings.ts';
import type { Voice } from '../tool/voice.ts';
import { type PublishContent, publishPacket } from '../tool/wire-packets.ts';
import { inputLines } from './input-lines.ts';

const NO_PROPERTIES = new Uint8Array(0);

/** The messages of one run of `pub`, one after the other, no faster than connection and server take them. */
export class Publishing {
  readonly #settings: ToolSettings;
  readonly #voice: Voice;
  readonly #client: ToolClient;
  /** Messages that are not acknowledged, by their number, and what they are called in a warning. */
  readonly #pending = new Map<number, string>();
  readonly #properties: Uint8Array;
  #usesAlias = false;
  #wake: () => void = () => {};

  constructor(settings: ToolSettings, voice: Voice, client: ToolClient) {
    this.#settings = settings;
    this.#voice = voice;
    this.#client = client;
    this.#properties = settings.version === 5 ? settings.properties.publish.bytes : NO_PROPERTIES;
  }

  /** On a new connection no alias is known. */
  handleConnected(): void {
    this.#usesAlias = false;
    this.wake();
  }

  handlePublished(packetId: number, reasonCode: number, reason: string | undefined): void {
    const what = this.#pending.get(packetId) ?? 'the message';
    this.#pending.delete(packetId);
    if (reasonCode >= FIRST_FAILURE) {
      const theirs = `Warning: Publish ${packetId} failed: ${reasonWords(reasonCode)}.`;
      const ours = `Warning: ${what} was not accepted: ${describeReasonCode(reasonCode)}`;
      this.#voice.tell(
        reason === undefined ? theirs : `${theirs}\n${reason}`,
        reason === undefined ? ours : `${ours}: ${reason}`,
      );
    }
    this.wake();
  }

  /** Something has changed that {@link run} may be waiting for. */
  wake(): void {
    this.#wake();
  }

  /** @param payload Undefined: the lines of stdin. @returns The exit code. */
  async run(connack: ConnackPacket, payload: Uint8Array | undefined): Promise<number> {
    if (this.#settings.topicName === '' && this.#settings.version !== 5) {
      this.#voice.tell("Error: Invalid input. Does your topic contain '+' or '#'?", 'Error: the topic is empty');
      return 0;
    }
    if (payload === undefined) return this.#publishLines(connack);
    const { repeat, repeatDelayMs } = this.#settings;
    for (let count = 1; count <= repeat; count++) {
      const refused = this.#publish(payload, 'the message', connack);
      if (refused !== undefined) return refused;
      await this.#until(() => this.#pending.size === 0 && !this.#client.isCongested);
      if (count < repeat && repeatDelayMs > 0) await delay(repeatDelayMs);
    }
    return 0;
  }

  async #publishLines(connack: ConnackPacket): Promise<number> {
    const most = 2 * this.#settings.maximumInFlight;
    let count = 0;
    let exitCode = 0;
    for await (const line of inputLines(process.stdin)) {
      count += 1;
      if (!this.#hasRoom(most)) await this.#until(() => this.#hasRoom(most));
      // A line that cannot be sent is told; those after it may well be.
      exitCode = this.#publish(line, `line ${count}`, connack) ?? exitCode;
    }
    await this.#until(() => this.#pending.size === 0);
    return exitCode;
  }

  #hasRoom(most: number): boolean {
    return this.#client.isConnected && this.#pending.size < most && !this.#client.isCongested;
  }

  /** @returns The exit code when the server takes no such message. */
  #publish(payload: Uint8Array, what: string, connack: ConnackPacket): number | undefined {
    const { topicName = '', qos, retain, version, hasTopicAlias } = this.#settings;
    const { maximumQoS = 2, retainAvailable = true, maximumPacketSize = Number.POSITIVE_INFINITY } = connack.properties;
    if (qos > maximumQoS) {
      const theirs = 'Error: Message QoS not supported on broker, try a lower QoS.';
      return this.#refuse(theirs, `${what} was not sent: the server takes messages up to QoS ${maximumQoS}`);
    }
    if (retain && !retainAvailable) {
      this.#voice.tell(undefined, `Warning: ${what} is not retained: the server does not keep messages`);
    }
    const content: PublishContent = {
      topicName: hasTopicAlias && this.#usesAlias ? '' : topicName,
      payload,
      qos,
      retain: retain && retainAvailable,
      properties: this.#properties,
    };
    const isLimited = maximumPacketSize < Number.POSITIVE_INFINITY;
    if (isLimited && publishPacket(version, content, 1).length > maximumPacketSize) {
      return this.#refuse(undefined, `${what} was not sent: the server takes packets up to ${maximumPacketSize} bytes`);
    }
    this.#usesAlias = true;
    const packetId = this.#client.publish(content);
    if (qos > 0) this.#pending.set(packetId, what);
    return undefined;
  }

  /** Mosquitto's tool ends with 0 here; ours says with its exit code that nothing was sent. */
  #refuse(theirs: string | undefined, ours: string): number {
    this.#voice.tell(theirs, `Error: ${ours}`);
    return this.#voice.isMosquitto ? 0 : 1;
  }

  async #until(isMet: () => boolean): Promise<void> {
    while (!isMet()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
