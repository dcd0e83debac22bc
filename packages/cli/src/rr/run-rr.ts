import type { PublishPacket } from '@busbar/codec';
import { chooseFormat } from '../sub/choose-format.ts';
import { MessageOutput } from '../sub/message-output.ts';
import { loadPayload } from '../tool/load-payload.ts';
import { reasonWords } from '../tool/reason-words.ts';
import { ToolClient } from '../tool/tool-client.ts';
import { ToolExit } from '../tool/tool-exit.ts';
import type { ToolSettings } from '../tool/tool-settings.ts';
import type { Voice } from '../tool/voice.ts';

const TIMED_OUT = 27;
const DISCONNECT_WITH_WILL = 0x04;
/** What libmosquitto calls MOSQ_ERR_INVAL. */
const INVALID_ARGUMENT = 3;
const RESPONSE_TOPIC = 8;
const NO_PROPERTIES = new Uint8Array(0);

/** Publishes a request and prints the first answer. @returns The exit code. */
export async function runRr(settings: ToolSettings, voice: Voice): Promise<number> {
  const { source, responseTopic = '', topicName = '', qos, version, timeoutSeconds, isDebug } = settings;
  if (source === undefined) return 1;
  const payload = await loadPayload(source, voice);
  if (payload === undefined) return 1;
  settings.properties.publish.addText(RESPONSE_TOPIC, responseTopic);
  if (settings.properties.publish.faultOf(false) !== undefined) {
    const theirs = 'Error in PUBLISH properties: Duplicate response topic.';
    voice.tell(theirs, 'Error: the response topic is given with -e, not with -D');
    return 1;
  }
  const exit = new ToolExit(voice);
  const format = await chooseFormat(settings, (line) => voice.tell(line, line));
  const output = new MessageOutput(process.stdout, { handleClosed: () => exit.end(0) });
  const latency = new Latency();
  let reasonCode: number | undefined;

  const handleMessage = (message: PublishPacket) => {
    if (exit.isReached || (message.retain && settings.hidesRetained)) return;
    latency.stop();
    output.write(format(message));
    if (isDebug) output.flush(); // in its place among the packets
    exit.end(0);
    client.stop();
  };
  const client: ToolClient = new ToolClient(
    settings,
    voice,
    {
      handleConnected: () => {
        const options = qos | (settings.retainAsPublished ? 0x08 : 0) | (settings.retainHandling << 4);
        client.subscribe([{ topicFilter: responseTopic, options }]);
      },
      handleSuback: (_, [code = 0]) => {
        if (code >= 0x80) {
          exit.end(0, reasonWords(code), `Error: the server refused to subscribe us to ${responseTopic}`);
          return;
        }
        if (topicName === '' && !settings.hasTopicAlias) {
          exit.end(INVALID_ARGUMENT, 'Error: Invalid function arguments provided.', 'Error: the topic is empty');
          client.stop();
          return;
        }
        const properties = version === 5 ? settings.properties.publish.bytes : NO_PROPERTIES;
        latency.start();
        client.publish({ topicName, payload, qos, retain: false, properties });
      },
      handleMessage,
    },
    exit,
    'never',
  );
  const timeout = setTimeout(() => {
    reasonCode = DISCONNECT_WITH_WILL;
    exit.end(TIMED_OUT, 'Timed out', 'Timed out');
  }, timeoutSeconds * 1000);
  if (timeoutSeconds === 0) clearTimeout(timeout);
  void client.connect();
  const exitCode = await exit.reached;
  clearTimeout(timeout);
  if (settings.measuresLatency && exitCode === 0) output.write([Buffer.from(`Latency: ${latency.text}\n`)]);
  output.flush();
  // As mosquitto_rr does it, DISCONNECT is said only when time is over.
  if (reasonCode !== undefined) client.disconnect(reasonCode);
  await client.close();
  const lost = await output.close();
  if (lost === undefined || exitCode !== 0 || voice.isMosquitto) return exitCode;
  voice.tell(undefined, `Error: cannot write to stdout: ${lost.message}`);
  return 1;
}

/** The time between the request and its answer. */
class Latency {
  #startedAt = 0n;
  #nanoseconds = 0n;

  start(): void {
    this.#startedAt = process.hrtime.bigint();
  }

  stop(): void {
    this.#nanoseconds = process.hrtime.bigint() - this.#startedAt;
  }

  get text(): string {
    const nanoseconds = Number(this.#nanoseconds);
    if (nanoseconds >= 1e9) {
      return `${Math.floor(nanoseconds / 1e9)}.${String(nanoseconds % 1e9).padStart(9, '0')}`;
    }
    if (nanoseconds < 1000) return `${nanoseconds}ns`;
    return nanoseconds < 1e6 ? `${(nanoseconds / 1000).toFixed(6)}µs` : `${(nanoseconds / 1e6).toFixed(6)}ms`;
  }
}
