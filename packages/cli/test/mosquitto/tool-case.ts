import type { Script } from './recording-server.ts';

/** A command line that both are called with, and what the server says. */
export interface ToolCase {
  readonly tool: 'pub' | 'sub' | 'rr';
  readonly args: readonly string[];
  readonly script?: Script;
  readonly input?: string;
  /** What Debian's 2.0.11 does otherwise than 2.1, which is what ours does: not compared, but told here. */
  readonly differs?: { readonly in: readonly ('stdout' | 'stderr' | 'exitCode' | 'packets')[]; readonly why: string };
}

interface Sent {
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly dup?: boolean;
  /** Hex, for 5.0. */
  readonly properties?: string;
  readonly version5?: boolean;
}

/** A PUBLISH packet of the server, as hex; its Packet Identifier is 7. */
export function publish(topic: string, payload: string | Uint8Array, sent: Sent = {}): string {
  const { qos = 0, retain = false, dup = false, properties = '', version5 = properties !== '' } = sent;
  const name = Buffer.from(topic);
  const body = Buffer.concat([
    Buffer.of(name.length >> 8, name.length & 255),
    name,
    ...(qos > 0 ? [Buffer.of(0, 7)] : []),
    ...(version5 ? [Buffer.of(properties.length / 2), Buffer.from(properties, 'hex')] : []),
    Buffer.from(payload),
  ]);
  const first = 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  const length = body.length < 128 ? Buffer.of(body.length) : Buffer.of((body.length & 127) | 128, body.length >> 7);
  return Buffer.concat([Buffer.of(first), length, body]).toString('hex');
}

/** PUBREL for it. */
export const pubrel = '62020007';
/** A server that sends messages after SUBACK. */
export const messages = (...afterSubscribe: string[]): Script => ({ afterSubscribe });
/** See {@link Script.ignoresUnsubscribe}. */
export const silent: Script = { ignoresUnsubscribe: true };
/** One plain message. */
export const one = messages(publish('a/b', 'hello'));

/** `sub` that ends after one message. */
export const sub = (script: Script, ...args: string[]): ToolCase => ({
  tool: 'sub',
  args: ['-t', 'a/b', '-C', '1', ...args],
  script,
});
