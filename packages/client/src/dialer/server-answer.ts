import { type DisconnectProperties, ReasonCode } from '@busbar/codec';
import type { ClientClosing } from '@busbar/protocol';

/** The User Property with which a server says when to come again, as HTTP's header of that name does. */
const RETRY_AFTER = 'retry-after';
const MOST_RETRY_SECONDS = 3_600;

/** Where else to go, as a server says when it refuses a connection or ends one (section 4.11). */
export interface Redirection {
  readonly reference: string;
  readonly isForGood: boolean;
}

/** @returns Undefined when the server names no other. */
export function redirectionIn(closing: ClientClosing): Redirection | undefined {
  const { reasonCode } = closing;
  const reference = propertiesIn(closing).serverReference;
  const isForGood = reasonCode === ReasonCode.serverMoved;
  if (reference === undefined || !(isForGood || reasonCode === ReasonCode.useAnotherServer)) return undefined;
  return { reference, isForGood };
}

/**
 * Milliseconds that the server wants to be left alone: a User Property `retry-after` with a number of seconds, in the packet
 * with which it refused or ended the connection. At most an hour is believed.
 */
export function retryHintIn(closing: ClientClosing | undefined): number {
  const hint = propertiesIn(closing).userProperties?.find(([name]) => name.toLowerCase() === RETRY_AFTER);
  const seconds = Number(hint?.[1]);
  return seconds > 0 ? Math.min(seconds, MOST_RETRY_SECONDS) * 1_000 : 0;
}

function propertiesIn(closing: ClientClosing | undefined): Readonly<DisconnectProperties> {
  return (closing?.connack ?? closing?.disconnect)?.properties ?? {};
}
