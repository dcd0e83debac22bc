import { describeReasonCode, ReasonCode } from '@busbar/codec';
import type { Closing } from '@busbar/protocol';
import type { Session } from '../session/session.ts';
import { endsWithoutWill } from '../will/wills.ts';
import type { BrokerRooms } from './broker-rooms.ts';
import { limitOf } from './closing-limit.ts';

/**
 * Says and counts how a connection has ended.
 *
 * @param client The Client Identifier that it has, or says it has; `''` before CONNECT.
 * @param isStranger Whether it was not let in.
 */
export function tellEnd(
  closing: Closing,
  { client, remote }: { readonly client: string; readonly remote: string },
  isStranger: boolean,
  rooms: BrokerRooms,
): void {
  const { lines, clock, tallies, limitWatch } = rooms;
  const { cause, reasonCode, message } = closing;
  tallies.ends.count(cause);
  const limit = limitOf(closing, !isStranger);
  if (limit !== undefined) limitWatch.count(limit);
  // An ordinary end, and one without a word, have no reason but the message.
  const isPlain = cause === 'lost' || reasonCode === ReasonCode.normalDisconnection;
  const reason = isPlain ? {} : { reason: describeReasonCode(reasonCode) };
  const isFault = cause === 'fault' || cause === 'timeout';
  const faulted = isStranger ? lines.strangerFaulted : lines.faulted;
  const ended = isStranger ? lines.strangerEnded : lines.ended;
  const who = client === '' ? { remote } : { client, remote };
  (isFault ? faulted : ended).write({ ...who, ...reason }, clock.now(), message);
}

/** The connection of a session has ended: it is over as well, or waits for the next one, and so does its Will. */
export function leaveSession(session: Session, closing: Closing, remote: string, rooms: BrokerRooms): void {
  const { hooks, counters, census, limits, clock, wills, sessions } = rooms;
  const { cause, reasonCode, message } = closing;
  const { record, identity } = session;
  hooks.disconnect?.({ identity, remote, cause, reasonCode, message });
  counters.clients--;
  census.handleClientEnd(identity.userName);
  if (endsWithoutWill(closing)) record.will = undefined;
  const expiry = closing.disconnect?.properties.sessionExpiryInterval;
  if (expiry !== undefined) record.expiryInterval = Math.min(expiry, limits.maximumSessionExpiryInterval);
  // Before the Will is published: it may be for this very session, and nothing follows a DISCONNECT [MQTT-3.14.4-1].
  session.disconnect(clock.now());
  wills.handleDisconnected(record);
  sessions.handleDisconnected(session);
}
