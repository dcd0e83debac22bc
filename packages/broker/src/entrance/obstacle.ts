import { type ConnectPacket, ReasonCode } from '@busbar/codec';
import type { Identity } from '../authorization/identity.ts';
import { isKeepAliveTooLong, type Refusal } from './admission.ts';
import type { BrokerRooms } from './broker-rooms.ts';

/**
 * What keeps a client out that may come in: what it asks for, or what the broker lacks at the moment; undefined where nothing does.
 *
 * @param sessionExpiry Seconds that its session is to outlive the connection.
 */
export function obstacleTo(
  packet: ConnectPacket,
  { clientIdentifier, userName }: Identity,
  sessionExpiry: number,
  { store, sessions, census, limits }: BrokerRooms,
): Refusal | undefined {
  if (isKeepAliveTooLong(packet, limits)) {
    const message = `expected a Keep Alive of 1 to ${limits.maximumKeepAlive} seconds, ${packet.keepAlive} came`;
    return { reasonCode: ReasonCode.clientIdentifierNotValid, message, limit: 'maximumKeepAlive' };
  }
  const known = sessions.get(clientIdentifier);
  const isKept = known?.isLasting === true;
  // A session that is there is let in, so that what waits for it can leave; whatever has to be kept anew cannot be promised.
  const needsStore = isKept ? packet.cleanStart : sessionExpiry > 0 || packet.will !== undefined;
  if (store.failure !== undefined && needsStore) {
    const message = `the store cannot keep ${isKept ? 'the end of the session' : 'sessions'}: ${store.failure}`;
    return { reasonCode: ReasonCode.quotaExceeded, message, retryAfterSeconds: limits.retryAfterSeconds };
  }
  const { maximumConnectionsPerUser } = limits;
  if (maximumConnectionsPerUser === 0 || userName === undefined) return undefined;
  const isTakenOver = known?.isConnected === true && known.identity.userName === userName;
  if (census.clientsOf(userName) - (isTakenOver ? 1 : 0) < maximumConnectionsPerUser) return undefined;
  const message = `at most ${maximumConnectionsPerUser} clients of a user may be connected`;
  return { reasonCode: ReasonCode.quotaExceeded, message, limit: 'maximumConnectionsPerUser' };
}
