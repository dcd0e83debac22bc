import type { Properties } from '@busbar/codec';

/** What is printed of a message. */
export interface PrintedMessage {
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly retain: boolean;
  readonly packetId: number;
  readonly properties: Readonly<Properties>;
}

/** How a message becomes bytes on stdout; nothing of some. */
export type MessageFormat = (message: PrintedMessage) => readonly Uint8Array[];

/** A property as `-D` and JSON name it. */
export function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
