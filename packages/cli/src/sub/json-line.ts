import type { Properties } from '@busbar/codec';
import type { PayloadView } from '../payload/payload-view.ts';
import { dashed, type MessageFormat } from '../tool/printed-message.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * `--json`: one JSON object and a line feed. The names are those of `%j`; a payload that is not UTF-8 is given as
 * `payloadBase64` in place of `payload`, the time is UTC.
 */
export function formatJsonLine(view: PayloadView | undefined): MessageFormat {
  return ({ topicName, payload, qos, retain, packetId, properties }) => {
    const given = jsonProperties(properties);
    const shown = view === undefined ? payload : view(payload);
    const fields = {
      tst: new Date().toISOString(),
      topic: topicName,
      qos,
      retain: retain ? 1 : 0,
      payloadlen: payload.length,
      ...(qos > 0 && { mid: packetId }),
      ...(Object.keys(given).length > 0 && { properties: given }),
      ...jsonPayload(shown),
    };
    return [Buffer.from(`${JSON.stringify(fields)}\n`)];
  };
}

function jsonPayload(payload: Uint8Array): { payload: string } | { payloadBase64: string } {
  try {
    return { payload: strictUtf8.decode(payload) };
  } catch {
    return { payloadBase64: Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('base64') };
  }
}

/** Without the Subscription Identifiers: they are between the client and the server. */
function jsonProperties({ subscriptionIdentifiers: _, ...properties }: Readonly<Properties>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      dashed(name),
      value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
    ]),
  );
}
