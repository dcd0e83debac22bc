import type { Properties } from '@busbar/codec';

/** What is printed of a message. */
export interface PrintedMessage {
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly retain: boolean;
  readonly properties: Readonly<Properties>;
}

/** How a message becomes bytes on stdout. */
export type MessageFormat = (message: PrintedMessage, receivedAt: Date) => readonly Uint8Array[];

const LINE_FEED = Buffer.from('\n');
const NOTHING: readonly Uint8Array[] = [];

/** The payload's bytes as they are and a line feed; an empty payload prints nothing. */
export const formatPayload: MessageFormat = ({ payload }) => (payload.length === 0 ? NOTHING : [payload, LINE_FEED]);

/** Topic, blank, payload and a line feed; an empty payload is `(null)`. */
export const formatVerbose: MessageFormat = ({ topicName, payload }) => {
  if (payload.length === 0) return [Buffer.from(`${topicName} (null)\n`)];
  return [Buffer.from(`${topicName} `), payload, LINE_FEED];
};

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * One JSON object and a line feed. The names are those of mosquitto_sub's `%j`; a payload that is not UTF-8 is given as
 * `payloadBase64` in place of `payload`.
 */
export const formatJson: MessageFormat = ({ topicName, payload, qos, retain, properties }, receivedAt) => {
  const given = jsonProperties(properties);
  const fields = {
    tst: receivedAt.toISOString(),
    topic: topicName,
    qos,
    retain: retain ? 1 : 0,
    payloadlen: payload.length,
    ...(Object.keys(given).length > 0 && { properties: given }),
    ...jsonPayload(payload),
  };
  return [Buffer.from(`${JSON.stringify(fields)}\n`)];
};

function jsonPayload(payload: Uint8Array): { payload: string } | { payloadBase64: string } {
  try {
    return { payload: strictUtf8.decode(payload) };
  } catch {
    return { payloadBase64: Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('base64') };
  }
}

/** Without the Subscription Identifiers: they are between the client library and the server. */
function jsonProperties({ subscriptionIdentifiers: _, ...properties }: Readonly<Properties>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [dashed(name), jsonValue(value)]));
}

function jsonValue(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
