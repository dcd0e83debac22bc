import type { ApplicationMessage } from '@busbar/protocol';
import type { Authorization } from '../authorization/authorization.ts';
import { describeVerdict } from '../authorization/rule.ts';
import type { LossLedger } from '../observe/loss-ledger.ts';
import type { Tallies } from '../observe/tallies.ts';
import type { SessionRecord } from '../store/store.ts';

/** What the publication of Wills needs of the rooms around it. */
export interface WillPublicationRooms {
  readonly authorization: Authorization;
  readonly ledger: LossLedger;
  readonly tallies: Tallies;
  /** Says that a Will may not be published. */
  readonly deniedWill: (fields: object) => void;
}

/**
 * Publishes a Will if its client may publish there by the rules as they are now, when it is due: they may have changed since
 * CONNECT.
 */
export function publishWill(
  { authorization, ledger, tallies, deniedWill }: WillPublicationRooms,
  message: ApplicationMessage,
  record: SessionRecord,
  publish: (message: ApplicationMessage) => void,
): void {
  const { clientIdentifier, identity } = record;
  const verdict = authorization.publishVerdict(identity ?? { clientIdentifier }, message.topicName);
  if (verdict.isAllowed) {
    if (message.retain) authorization.rememberSource(message, identity ?? { clientIdentifier });
    publish(message);
    return;
  }
  tallies.denials.count('will');
  ledger.countRefusal('publish-not-authorized', message.topicName);
  deniedWill({ client: clientIdentifier, rule: describeVerdict(verdict) });
}
