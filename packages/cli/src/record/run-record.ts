import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { PublishPacket } from '@busbar/codec';
import { ToolClient } from '../tool/tool-client.ts';
import { ToolExit } from '../tool/tool-exit.ts';
import type { ToolSettings } from '../tool/tool-settings.ts';
import { matchesFilter } from '../tool/topic-check.ts';
import { Voice } from '../tool/voice.ts';
import { RecordingWriter } from './recording-file.ts';

/** Writes what comes into a file until it is told to stop. @returns The exit code. */
export async function runRecord(settings: ToolSettings, path: string): Promise<number> {
  const voice = new Voice('sub', false);
  const exit = new ToolExit(voice);
  const file = createWriteStream(path);
  file.on('error', (error) => exit.end(1, undefined, `Error: cannot write ${path}: ${error.message}`));
  const writer = new RecordingWriter();
  const beganAt = Date.now();
  file.write(writer.begin(beganAt));
  let count = 0;
  let byteLength = 0;

  const handleMessage = (message: PublishPacket) => {
    if (exit.isReached || (message.retain && settings.hidesRetained)) return;
    if (settings.filteredOut.some((filter) => matchesFilter(filter, message.topicName))) return;
    const { subscriptionIdentifiers: _, topicAlias: __, ...properties } = message.properties;
    const bytes = writer.write({ ...message, properties, atMs: Date.now() - beganAt });
    count += 1;
    byteLength += bytes.length;
    if (!file.write(bytes)) client.pause(); // the disk is slower than the server
    if (count === settings.count) exit.end(0);
  };
  const client: ToolClient = new ToolClient(
    settings,
    voice,
    {
      handleConnected: () => {
        const filters = settings.topicFilters.length === 0 ? ['#'] : settings.topicFilters;
        const options = settings.qos | (settings.retainHandling << 4);
        client.subscribe(filters.map((topicFilter) => ({ topicFilter, options })));
      },
      handleSuback: (_, codes) => {
        if (codes.every((code) => code >= 0x80)) exit.end(1, undefined, 'Error: the server refused to subscribe us');
      },
      handleMessage,
    },
    exit,
    'always',
  );
  file.on('drain', () => client.resume());
  const stop = () => exit.end(0);
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const timeout = settings.timeoutSeconds > 0 ? setTimeout(stop, settings.timeoutSeconds * 1000) : undefined;
  void client.connect();
  const exitCode = await exit.reached;
  clearTimeout(timeout);
  process.off('SIGINT', stop).off('SIGTERM', stop);
  client.disconnect();
  await client.close();
  if (!file.errored) {
    file.end();
    await once(file, 'close');
    const seconds = ((Date.now() - beganAt) / 1000).toFixed(1);
    if (exitCode === 0) process.stderr.write(`${count} messages in ${seconds} s, ${byteLength} bytes in ${path}\n`);
  }
  return exitCode;
}
