import { ByteSlab } from '@busbar/protocol';
import { Authorization } from '../authorization/authorization.ts';
import { DurabilityRules } from '../config/durability.ts';
import { LocalClient } from '../local/local-client.ts';
import { QuietWarning } from '../observe/quiet-warning.ts';
import { RetainedMessages } from '../retained/retained-messages.ts';
import { Router } from '../router/router.ts';
import type { SessionSurroundings } from '../session/session-surroundings.ts';
import { SessionTable } from '../session/session-table.ts';
import { QueueAccount } from '../session/waiting-messages.ts';
import { sharedStrategyOf } from '../subscription/shared-strategy.ts';
import { SubscriptionTable } from '../subscription/subscription-table.ts';
import { publishWill } from '../will/will-publication.ts';
import { Wills } from '../will/wills.ts';
import type { BrokerOptions } from './broker-options.ts';
import type { Ground } from './ground.ts';

/** The rooms that messages go through, from the router to the sessions. */
export interface MessageRooms {
  readonly authorization: Authorization;
  readonly subscriptions: SubscriptionTable;
  readonly retained: RetainedMessages;
  readonly router: Router;
  /** What waits in all sessions together. */
  readonly queued: QueueAccount;
  readonly sessions: SessionTable;
  readonly wills: Wills;
  readonly local: LocalClient;
}

/** @throws {UsageError} Rules that are none. */
export function wireMessages(ground: Ground, options: BrokerOptions): MessageRooms {
  const { limits, capabilities, clock, wheel, log, hooks, store, counters, ledger, limitWatch, deliveryTimes } = ground;
  const subscriptions = new SubscriptionTable(sharedStrategyOf(capabilities.sharedSubscriptionStrategy));
  const authorization = new Authorization(options.authorization, hooks.authorize);
  const retained = new RetainedMessages(store, limits, authorization);
  const durability = new DurabilityRules(options.durability);
  const router = new Router(subscriptions, retained, counters, ledger, limits, authorization, durability, limitWatch);
  const queued = new QueueAccount();
  const around: SessionSurroundings = {
    limits,
    capabilities,
    counters,
    ledger,
    slab: new ByteSlab(),
    queued,
    limitWatch,
    authorization,
    deliver: hooks.deliver,
    deliveryTimes,
  };
  const sessions = new SessionTable({ store, subscriptions, retained, clock, wheel, around });
  const wills = wireWills(ground, authorization, router);
  sessions.onEnd = ({ record }) => wills.handleSessionEnd(record);
  const tellOfSession = hooks.session;
  if (tellOfSession !== undefined) sessions.onOver = ({ identity }, kind) => tellOfSession({ kind, identity });
  const local = new LocalClient({ router, subscriptions, retained, store, clock, log, around });
  return { authorization, subscriptions, retained, router, queued, sessions, wills, local };
}

function wireWills(ground: Ground, authorization: Authorization, router: Router): Wills {
  const { clock, wheel, store, log, later, ledger, tallies, hooks } = ground;
  const denied = new QuietWarning(log, 'a Will may not be published', later);
  const deniedWill = (fields: object): void => denied.warn(fields, clock.now());
  const rooms = { authorization, ledger, tallies, deniedWill, clock, ask: hooks.publish };
  return new Wills(clock, wheel, store, (message, record) =>
    publishWill(rooms, message, record, (allowed) => router.publishOwn(allowed, clock.now())),
  );
}
