import { type ApplicationMessage, topicNameFault } from '@busbar/protocol';
import type { Authorization } from '../authorization/authorization.ts';
import { isReservedTopic } from '../authorization/reserved-topic.ts';
import { describeVerdict } from '../authorization/rule.ts';
import type { Clock } from '../clock/clock.ts';
import type { HookRefusal } from '../hook/broker-hooks.ts';
import { HookMessage } from '../hook/hook-message.ts';
import { type Hooks, isRefusal } from '../hook/hooks.ts';
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
  readonly clock: Clock;
  /** Hooks that see what clients publish. */
  readonly ask: Hooks['publish'];
}

/**
 * Publishes a Will if hooks let it, and its client may publish there by the rules as they are now, when it is due: they may have
 * changed since CONNECT.
 */
export function publishWill(
  rooms: WillPublicationRooms,
  message: ApplicationMessage,
  record: SessionRecord,
  publish: (message: ApplicationMessage) => void,
): void {
  if (rooms.ask === undefined) {
    publishAllowed(rooms, message, record, publish);
    return;
  }
  const identity = record.identity ?? { clientIdentifier: record.clientIdentifier };
  // Hooks see topics as the client names them.
  const prefix = identity.mountPoint ?? '';
  const { packet, version5 } = message.toRecord();
  const seen = new HookMessage({ packet, version5, topicName: message.topicName.slice(prefix.length) });
  const goOn = (passed: HookMessage | HookRefusal): void => {
    const allowed = passed === seen ? message : changedWill(passed, prefix, message, rooms.clock.now());
    if (allowed === undefined) rooms.ledger.countRefusal('refused-by-hook', message.topicName);
    else publishAllowed(rooms, allowed, record, publish);
  };
  const answer = rooms.ask(seen, identity);
  if (answer instanceof Promise) void answer.then(goOn);
  else goOn(answer);
}

/** What hooks have made of a Will; undefined where they refuse it, or where it cannot be published any more. */
function changedWill(
  passed: HookMessage | HookRefusal,
  prefix: string,
  message: ApplicationMessage,
  now: number,
): ApplicationMessage | undefined {
  if (isRefusal(passed)) return undefined;
  const topicName = prefix + passed.topicName;
  // Only the broker itself publishes to reserved topics.
  const fault = isReservedTopic(topicName) ? '$SYS' : topicNameFault(topicName);
  return fault === undefined ? passed.with({ topicName }).inPlaceOf(message, now) : undefined;
}

function publishAllowed(
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
