import { constants, createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { type ConnackPacket, encodePacket, PacketType } from '@busbar/codec';
import { lowerFirst, systemWords } from '../tool/system-words.ts';
import { ToolClient } from '../tool/tool-client.ts';
import { ToolExit } from '../tool/tool-exit.ts';
import type { ToolSettings } from '../tool/tool-settings.ts';
import { matchesFilter } from '../tool/topic-check.ts';
import { Voice } from '../tool/voice.ts';
import type { Playing } from './playing.ts';
import { type RecordedMessage, readRecording } from './recording-file.ts';

/** Messages of QoS 1 and 2 that are not acknowledged at the most. */
const WINDOW = 100;

/** Publishes a recording. @returns The exit code. */
export async function runReplay(settings: ToolSettings, path: string, playing: Playing): Promise<number> {
  try {
    await access(path, constants.R_OK); // without it there is no need to bother the server
  } catch (error) {
    process.stderr.write(`Error: cannot read ${path}: ${lowerFirst(systemWords(error))}\n`);
    return 1;
  }
  const exit = new ToolExit(new Voice('pub', false));
  const player = new Player(settings, path, playing, exit);
  return player.run();
}

class Player {
  readonly #settings: ToolSettings;
  readonly #path: string;
  readonly #playing: Playing;
  readonly #exit: ToolExit;
  readonly #client: ToolClient;
  #begin: (connack: ConnackPacket) => void = () => {};
  #wake: () => void = () => {};
  #count = 0;

  constructor(settings: ToolSettings, path: string, playing: Playing, exit: ToolExit) {
    this.#settings = settings;
    this.#path = path;
    this.#playing = playing;
    this.#exit = exit;
    this.#client = new ToolClient(
      { ...settings, maximumInFlight: WINDOW },
      new Voice('pub', false),
      {
        handleConnected: (connack) => this.#begin(connack),
        handlePublished: () => this.#wake(),
        handleDrained: () => this.#wake(),
      },
      exit,
      'never',
    );
  }

  async run(): Promise<number> {
    const begun = new Promise<ConnackPacket>((resolve) => {
      this.#begin = resolve;
    });
    const stop = () => this.#exit.end(0);
    process.on('SIGINT', stop).on('SIGTERM', stop);
    void this.#client.connect();
    void begun
      .then(() => this.#play())
      .then(
        () => this.#exit.end(0),
        (error: Error) => this.#exit.end(1, undefined, `Error: ${this.#path}: ${error.message}`),
      );
    const exitCode = await this.#exit.reached;
    process.off('SIGINT', stop).off('SIGTERM', stop);
    this.#client.disconnect();
    await this.#client.close();
    if (exitCode === 0) process.stderr.write(`${this.#count} messages published\n`);
    return exitCode;
  }

  async #play(): Promise<void> {
    do {
      const startedAt = performance.now();
      for await (const message of readRecording(createReadStream(this.#path))) {
        if (this.#exit.isReached) return;
        if (!this.#isWanted(message)) continue;
        await this.#waitUntil(startedAt + message.atMs / this.#playing.speed);
        await this.#until(() => this.#client.unfinished < WINDOW && !this.#client.isCongested);
        this.#publish(message);
      }
    } while (this.#playing.loops && !this.#exit.isReached);
    await this.#until(() => this.#client.unfinished === 0);
  }

  #isWanted({ topicName }: RecordedMessage): boolean {
    const { topicFilters, filteredOut } = this.#settings;
    if (filteredOut.some((filter) => matchesFilter(filter, topicName))) return false;
    return topicFilters.length === 0 || topicFilters.some((filter) => matchesFilter(filter, topicName));
  }

  #publish({ topicName, payload, qos, retain, properties }: RecordedMessage): void {
    if (this.#exit.isReached || !this.#client.isConnected) return;
    this.#client.publish({
      topicName: this.#map(topicName),
      payload,
      qos,
      retain,
      properties: this.#settings.version === 5 ? encodedProperties(properties) : new Uint8Array(0),
    });
    this.#count += 1;
  }

  /** The longest beginning that is mapped counts. */
  #map(topicName: string): string {
    const fits = this.#playing.mappings.filter(([from]) => topicName === from || topicName.startsWith(`${from}/`));
    const [best] = fits.sort(([one], [other]) => other.length - one.length);
    return best === undefined ? topicName : `${best[1]}${topicName.slice(best[0].length)}`;
  }

  async #waitUntil(time: number): Promise<void> {
    const left = time - performance.now();
    if (left <= 1) return;
    await Promise.race([this.#exit.reached, new Promise((resolve) => setTimeout(resolve, left))]);
  }

  async #until(isMet: () => boolean): Promise<void> {
    while (!isMet() && !this.#exit.isReached) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        void this.#exit.reached.then(() => resolve());
      });
    }
  }
}

/** The properties as PUBLISH has them, without their length: the codec writes a packet, and the rest is cut away. */
function encodedProperties(properties: RecordedMessage['properties']): Uint8Array {
  if (Object.keys(properties).length === 0) return new Uint8Array(0);
  const empty = { type: PacketType.publish, dup: false, qos: 0, retain: false, topicName: 'a', packetId: 0 } as const;
  const bytes = encodePacket({ ...empty, properties, payload: new Uint8Array(0) }, 5);
  // Fixed header, topic of one letter, Property Length: each length is one byte or more.
  let at = 1;
  while ((bytes[at] ?? 0) >= 128) at += 1;
  at += 1 + 3;
  while ((bytes[at] ?? 0) >= 128) at += 1;
  return bytes.subarray(at + 1);
}
