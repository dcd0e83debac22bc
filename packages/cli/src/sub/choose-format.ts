import type { PayloadView } from '../payload/payload-view.ts';
import type { MessageFormat, PrintedMessage } from '../tool/printed-message.ts';
import type { ToolSettings } from '../tool/tool-settings.ts';

const LINE_FEED = Buffer.from('\n');
const NOTHING: readonly Uint8Array[] = [];

/** The format that the options ask for; what goes beyond payload and topic is loaded when it is asked for. */
export async function chooseFormat(settings: ToolSettings, tellError: (line: string) => void): Promise<MessageFormat> {
  const { format, isVerbose, hasLineEnd, printsJson } = settings;
  const view = await viewOf(settings, tellError);
  if (printsJson) {
    const { formatJsonLine } = await import('./json-line.ts');
    return formatJsonLine(view);
  }
  if (format !== undefined) {
    const { compileFormat } = await import('../tool/message-format.ts');
    const compiled = compileFormat(format, settings, tellError);
    return view === undefined ? compiled : (message) => compiled({ ...message, payload: view(message.payload) });
  }
  const end = hasLineEnd ? [LINE_FEED] : [];
  const paint = topicPainter(settings);
  if (isVerbose) return (message) => verbose(message, view, end, paint);
  return ({ payload }) => (payload.length === 0 ? NOTHING : [view === undefined ? payload : view(payload), ...end]);
}

/** Topic, blank, payload; an empty payload is `(null)`, and without line ends nothing. */
function verbose(
  { topicName, payload }: PrintedMessage,
  view: PayloadView | undefined,
  end: readonly Uint8Array[],
  paint: (topicName: string) => string,
): readonly Uint8Array[] {
  if (payload.length > 0) {
    return [Buffer.from(`${paint(topicName)} `), view === undefined ? payload : view(payload), ...end];
  }
  return end.length === 0 ? NOTHING : [Buffer.from(`${paint(topicName)} (null)`), ...end];
}

/** In a terminal, and in our own voice, topics stand out. */
function topicPainter({ color }: ToolSettings): (topicName: string) => string {
  return color === true ? (topicName) => `\x1b[36m${topicName}\x1b[39m` : (topicName) => topicName;
}

async function viewOf(settings: ToolSettings, tellError: (line: string) => void): Promise<PayloadView | undefined> {
  if (settings.decoding === undefined) return undefined;
  const { openPayloadView } = await import('../payload/payload-view.ts');
  return openPayloadView(settings.decoding, settings, tellError);
}
