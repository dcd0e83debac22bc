import type { PublishPacket } from '@busbar/codec';
import type { MessageFormat } from '../tool/printed-message.ts';
import { ToolClient } from '../tool/tool-client.ts';
import { ToolExit } from '../tool/tool-exit.ts';
import type { ToolSettings } from '../tool/tool-settings.ts';
import { matchesFilter } from '../tool/topic-check.ts';
import type { Voice } from '../tool/voice.ts';
import { chooseFormat } from './choose-format.ts';
import { MessageOutput } from './message-output.ts';
import { TopicLines } from './topic-lines.ts';

const TIMED_OUT = 27;
const DISCONNECT_WITH_WILL = 0x04;
const NO_BYTES = new Uint8Array(0);

/** Subscribes and prints what comes, until one of the ends comes. @returns The exit code. */
export async function runSub(settings: ToolSettings, voice: Voice): Promise<number> {
  if (settings.hidesRetained && settings.retainedOnly) {
    process.stderr.write("\nError: Combining '-R' and '--retained-only' makes no sense.\n");
    return 1;
  }
  const exit = new ToolExit(voice);
  const format = await chooseFormat(settings, (line) => voice.tell(line, line));
  const receiver = new Receiver(settings, voice, exit, format);
  return receiver.run();
}

/** One run of `sub`. */
class Receiver {
  readonly #settings: ToolSettings;
  readonly #voice: Voice;
  readonly #exit: ToolExit;
  readonly #format: MessageFormat;
  readonly #client: ToolClient;
  readonly #output: MessageOutput;
  readonly #lines: TopicLines | undefined;
  /** With what DISCONNECT is said. */
  #reasonCode = 0;
  #left: number;
  #isDone = false;
  #unsubscribing = 0;
  #sinceLastSecond = 0;

  constructor(settings: ToolSettings, voice: Voice, exit: ToolExit, format: MessageFormat) {
    this.#settings = settings;
    this.#voice = voice;
    this.#exit = exit;
    this.#format = format;
    this.#left = settings.count > 0 ? settings.count : Number.POSITIVE_INFINITY;
    this.#client = new ToolClient(
      settings,
      voice,
      {
        handleConnected: () => this.#subscribe(),
        handleMessage: (message) => this.#handleMessage(message),
        handlePublished: () => this.#endWhenCleared(),
        handleSuback: (packetId, reasonCodes) => this.#handleSuback(packetId, reasonCodes),
        handleUnsuback: () => this.#handleUnsuback(),
      },
      exit,
      'always',
    );
    this.#output = new MessageOutput(process.stdout, {
      handleClosed: (error) => {
        if (error === undefined) exit.end(0);
        else exit.end(1, `Error: ${error.message}`, `Error: cannot write to stdout: ${error.message}`);
      },
      handleCongested: () => this.#client.pause(),
      handleDrained: () => this.#client.resume(),
    });
    this.#lines = settings.watches && !settings.printsRate ? new TopicLines(settings.host ?? 'localhost') : undefined;
  }

  async run(): Promise<number> {
    const { timeoutSeconds, printsRate } = this.#settings;
    if (this.#lines !== undefined) this.#output.write([this.#lines.begin()]);
    const stopListening = this.#listenToSignals();
    this.#exit.atOnce(() => this.#client.disconnect(this.#reasonCode));
    const timeout = timeoutSeconds > 0 ? setTimeout(() => this.#timeOut(), timeoutSeconds * 1000) : undefined;
    const rate = printsRate ? setInterval(() => this.#printRate(), 1000) : undefined;
    void this.#client.connect();
    const exitCode = await this.#exit.reached;
    clearTimeout(timeout);
    clearInterval(rate);
    await this.#client.close();
    const lost = await this.#output.close();
    stopListening();
    return lost === undefined || exitCode !== 0 ? exitCode : this.#tellLost(lost);
  }

  /** Mosquitto's tool does not look. */
  #tellLost({ message }: Error): number {
    this.#voice.tell(undefined, `Error: cannot write to stdout: ${message}`);
    return this.#voice.isMosquitto ? 0 : 1;
  }

  #listenToSignals(): () => void {
    const stop = () => {
      if (this.#exit.isReached) process.exit(130);
      this.#reasonCode = DISCONNECT_WITH_WILL;
      this.#exit.end(this.#client.wasAccepted || !this.#voice.isMosquitto ? 0 : 255);
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
    return () => process.off('SIGINT', stop).off('SIGTERM', stop);
  }

  #timeOut(): void {
    this.#reasonCode = DISCONNECT_WITH_WILL;
    if (this.#voice.isMosquitto && !this.#client.wasAccepted) this.#exit.end(255);
    else this.#exit.end(TIMED_OUT, 'Timed out', 'Timed out');
  }

  #subscribe(): void {
    const { topicFilters, unsubscribed, qos, retainHandling, retainAsPublished } = this.#settings;
    const options = qos | (retainAsPublished ? 0x08 : 0) | (retainHandling << 4);
    if (topicFilters.length > 0) this.#client.subscribe(topicFilters.map((topicFilter) => ({ topicFilter, options })));
    this.#unsubscribing = unsubscribed.length;
    for (const topicFilter of unsubscribed) this.#client.unsubscribe(topicFilter);
  }

  #handleSuback(packetId: number, reasonCodes: readonly number[]): void {
    const { isDebug, isQuiet, endsAfterSubscribing, topicFilters } = this.#settings;
    if (isDebug && !isQuiet) process.stdout.write(`Subscribed (mid: ${packetId}): ${reasonCodes.join(', ')}\n`);
    const refused = reasonCodes.flatMap((code, at) => (code >= 0x80 ? [topicFilters[at] ?? ''] : []));
    if (refused.length === reasonCodes.length) {
      this.#exit.end(0, 'All subscription requests were denied.', 'All subscription requests were denied.');
      return;
    }
    for (const topicFilter of refused)
      this.#voice.tell(undefined, `Warning: the server refused to subscribe us to ${topicFilter}`);
    if (endsAfterSubscribing) this.#exit.end(0);
  }

  #handleUnsuback(): void {
    this.#unsubscribing -= 1;
    const { topicFilters, endsAfterSubscribing } = this.#settings;
    const isAll = this.#unsubscribing === 0 && topicFilters.length === 0;
    if (isAll && (endsAfterSubscribing || !this.#voice.isMosquitto)) this.#exit.end(0);
  }

  #handleMessage(message: PublishPacket): void {
    this.#sinceLastSecond += 1;
    const { retainedOnly, hidesRetained, filteredOut, removesRetained, printsRate } = this.#settings;
    if (this.#isDone || printsRate || this.#exit.isReached) return;
    if (retainedOnly && !message.retain) return this.#finish();
    if (message.retain && hidesRetained) return;
    if (filteredOut.some((filter) => matchesFilter(filter, message.topicName))) return;
    if (removesRetained && message.retain) this.#clear(message.topicName);
    this.#print(message);
    this.#left -= 1;
    if (this.#left === 0) this.#finish();
  }

  #clear(topicName: string): void {
    this.#client.publish({ topicName, payload: NO_BYTES, qos: 1, retain: true, properties: NO_BYTES });
  }

  #print(message: PublishPacket): void {
    const { randomFilter, isDebug } = this.#settings;
    if (randomFilter < 10_000 && Math.random() * 10_000 >= randomFilter) return;
    if (this.#lines !== undefined) this.#output.write([this.#lines.goTo(message.topicName)]);
    this.#output.write(this.#format(message));
    if (this.#lines !== undefined) this.#output.write([this.#lines.goBelow()]);
    if (isDebug) this.#output.flush(); // in its place among the packets
  }

  #printRate(): void {
    this.#output.write([Buffer.from(`${this.#sinceLastSecond} msgs/s\n`)]);
    this.#sinceLastSecond = 0;
  }

  /** Nothing more is printed; what is being cleared on the server is cleared first. */
  #finish(): void {
    this.#isDone = true;
    this.#endWhenCleared();
  }

  #endWhenCleared(): void {
    if (this.#isDone && this.#client.unfinished === 0) this.#exit.end(0);
  }
}
