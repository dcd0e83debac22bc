import { NO_PROPERTIES, ReasonCode } from '@busbar/codec';
import { ClientError } from '../errors.ts';
import type { PublishOutcome } from './publication.ts';

/** What everyone gets who publishes at QoS 0 while the way is free: it costs nothing. */
export const SENT: Promise<PublishOutcome> = Promise.resolve(
  Object.freeze({ reasonCode: ReasonCode.success, packetId: undefined, properties: NO_PROPERTIES }),
);

/** A message of QoS 0, and no connection. */
export function offline(): ClientError {
  return new ClientError('offline', 'there is no connection, and messages of QoS 0 do not wait for one');
}

/** A message of QoS 2 whose session the server has lost. */
export function sessionLost(): ClientError {
  return new ClientError('session-lost', 'the server has lost the session: whether the message arrived is not known');
}

/** A message that had to make room. */
export function dropped(): ClientError {
  return new ClientError('dropped', 'the queue was full, and a newer message took the place');
}

/** A message that has waited too long. */
export function expired(): ClientError {
  return new ClientError('expired', 'the message expired while it waited to be sent');
}
