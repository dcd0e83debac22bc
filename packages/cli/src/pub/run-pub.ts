import type { ConnackPacket } from '@busbar/codec';
import { messageOf } from '../command/message-of.ts';
import { loadPayload } from '../tool/load-payload.ts';
import { ToolClient } from '../tool/tool-client.ts';
import { ToolExit } from '../tool/tool-exit.ts';
import type { ToolSettings } from '../tool/tool-settings.ts';
import type { Voice } from '../tool/voice.ts';
import { Publishing } from './publishing.ts';

/** Publishes everything that the options say. @returns The exit code. */
export async function runPub(settings: ToolSettings, voice: Voice): Promise<number> {
  const { source } = settings;
  if (source === undefined) return 1;
  const isStream = source.kind === 'stdin-lines';
  const payload = isStream ? undefined : await loadPayload(source, voice);
  if (payload === undefined && !isStream) return 1;

  const exit = new ToolExit(voice);
  let begin: (connack: ConnackPacket) => void = () => {};
  const begun = new Promise<ConnackPacket>((resolve) => {
    begin = resolve;
  });
  const client: ToolClient = new ToolClient(
    settings,
    voice,
    {
      handleConnected: (connack) => {
        publishing.handleConnected();
        begin(connack);
      },
      handlePublished: (packetId, reasonCode, reason) => publishing.handlePublished(packetId, reasonCode, reason),
      handleDrained: () => publishing.wake(),
    },
    exit,
    isStream ? 'always' : 'never',
  );
  const publishing = new Publishing(settings, voice, client);
  void client.connect();
  void begun.then(async (connack) => {
    try {
      exit.end(await publishing.run(connack, payload));
    } catch (error) {
      const line = `Error: ${messageOf(error)}`;
      exit.end(1, line, line);
    }
  });
  const exitCode = await exit.reached;
  client.disconnect();
  await client.close();
  return exitCode;
}
