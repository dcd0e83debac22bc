import { FIRST_FAILURE, type QoS, ReasonCode, RetainHandling, UsageError } from '@busbar/codec';
import { ApplicationMessage, isSharedSubscription, subscriptionFilterFault } from '@busbar/protocol';
import { Authorization } from '../authorization/authorization.ts';
import type { Identity } from '../authorization/identity.ts';
import type { Rights } from '../authorization/rights.ts';
import { describeVerdict } from '../authorization/rule.ts';
import type { Clock } from '../clock/clock.ts';
import type {
  InProcessClient,
  InProcessHandler,
  InProcessPublishOptions,
  InProcessSubscribeOptions,
  InProcessSubscription,
} from '../hook/in-process-client.ts';
import type { BrokerLog } from '../observe/log.ts';
import type { RetainedMessages } from '../retained/retained-messages.ts';
import type { Route } from '../router/route.ts';
import type { Router } from '../router/router.ts';
import { RetainedReplay } from '../session/retained-replay.ts';
import { Session } from '../session/session.ts';
import type { SessionSurroundings } from '../session/session-surroundings.ts';
import type { Store } from '../store/store.ts';
import { memoryRecord } from '../store/volatile-store.ts';
import type { SubscriptionTable } from '../subscription/subscription-table.ts';
import { LocalSubscription } from './local-subscription.ts';
import { PublishRefusedError } from './publish-refused-error.ts';

/** What the program's own client needs of the rooms around it. */
export interface LocalRooms {
  readonly router: Router;
  readonly subscriptions: SubscriptionTable;
  readonly retained: RetainedMessages;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: BrokerLog;
  readonly around: SessionSurroundings;
}

const LARGEST_IN_FLIGHT = 65_535;
const DEFAULT_IN_FLIGHT = 64;

/**
 * The broker's own program as its client: publishes to the router and subscribes with sessions that no socket and no packet
 * belongs to, and that are bounded, counted and judged like all others.
 */
export class LocalClient implements InProcessClient {
  readonly #rooms: LocalRooms;
  /** For subscriptions of the program itself, which may receive everything. */
  readonly #aroundProgram: SessionSurroundings;
  readonly #subscriptions = new Set<LocalSubscription>();
  readonly #rights = new WeakMap<Identity, Rights>();
  #isClosed = false;

  constructor(rooms: LocalRooms) {
    this.#rooms = rooms;
    this.#aroundProgram = { ...rooms.around, authorization: new Authorization(undefined) };
  }

  readonly publish = async (
    topicName: string,
    payload: string | Uint8Array,
    options: InProcessPublishOptions = {},
  ): Promise<{ readonly reasonCode: ReasonCode }> => {
    const { router, store, clock, around } = this.#rooms;
    this.#checkOpen();
    const { qos = 0, retain = false, properties = {}, identity } = options;
    checkQos(qos);
    checkContent(topicName, properties);
    const name = (identity?.mountPoint ?? '') + topicName;
    const content = { topicName: name, payload: bytesOf(payload), qos, retain, properties };
    const now = clock.now();
    const message = ApplicationMessage.of(content, identity?.clientIdentifier ?? '', now);
    const { topicBytes } = message;
    const route = router.routeOf(topicBytes, 0, topicBytes.length);
    if (route.fault !== undefined) throw new UsageError('topic-name-invalid', route.fault.message);
    this.#checkRights(route, identity);
    const waits = qos !== 0 && (route.durability ?? 'disk') === 'disk';
    if (waits && store.failure !== undefined && (retain || router.reachesLasting(route))) {
      throw new PublishRefusedError(ReasonCode.quotaExceeded, 'the store cannot keep messages');
    }
    around.counters.messagesReceived++;
    if (retain && identity !== undefined) around.authorization.rememberSource(message, identity);
    const changesBefore = store.changes;
    const reasonCode = router.publish(message, route, qos !== 0, now);
    if (reasonCode >= FIRST_FAILURE) {
      throw new PublishRefusedError(reasonCode, 'as many messages wait or are retained as may');
    }
    if (waits && store.changes !== changesBefore) {
      await new Promise<void>((resolve) => store.whenKept({ handleKept: resolve }));
    }
    return { reasonCode };
  };

  readonly subscribe = (
    topicFilter: string,
    handlerOrOptions?: InProcessHandler | InProcessSubscribeOptions,
    further?: InProcessSubscribeOptions,
  ): InProcessSubscription => {
    this.#checkOpen();
    const handler = typeof handlerOrOptions === 'function' ? handlerOrOptions : undefined;
    const options = (typeof handlerOrOptions === 'function' ? further : handlerOrOptions) ?? {};
    const { qos = 1, identity, maximumInFlight = DEFAULT_IN_FLIGHT } = options;
    if (typeof options !== 'object') throw new UsageError('option-invalid', `expected options, ${typeof options} came`);
    const { around, log, clock, subscriptions } = this.#rooms;
    const { maximumTopicLevels } = around.limits;
    checkQos(qos);
    if (!Number.isInteger(maximumInFlight) || maximumInFlight < 1 || maximumInFlight > LARGEST_IN_FLIGHT) {
      const range = `a whole number from 1 to ${LARGEST_IN_FLIGHT}`;
      throw new UsageError('option-invalid', `maximumInFlight must be ${range}, not ${maximumInFlight}`);
    }
    const fault = subscriptionFilterFault(topicFilter, { maxLevels: maximumTopicLevels });
    if (fault !== undefined) throw new UsageError('topic-filter-invalid', fault);
    const session = this.#makeSession(identity);
    const filter = session.mountPoint?.filter(topicFilter) ?? topicFilter;
    const verdict = session.rights?.subscribe(filter);
    if (verdict?.isAllowed === false) {
      throw new UsageError('not-authorized', `may not subscribe to ${filter}: ${describeVerdict(verdict)}`);
    }
    const end = (ended: LocalSubscription): void => {
      this.#subscriptions.delete(ended);
      subscriptions.delete(session, filter);
      session.end(clock.now());
    };
    const subscription = new LocalSubscription({ session, topicFilter, handler, maximumInFlight, log, clock, end });
    this.#subscriptions.add(subscription);
    this.#take(session, filter, qos, options);
    subscription.pumpLater();
    return subscription;
  };

  /** The broker stops: nothing is published any more, and all subscriptions end. */
  close(): void {
    this.#isClosed = true;
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #take(session: Session, topicFilter: string, qos: QoS, options: InProcessSubscribeOptions): void {
    const { retained = true, retainAsPublished = false } = options;
    const retainHandling = retained ? RetainHandling.atSubscribe : RetainHandling.never;
    const settings = { topicFilter, qos, noLocal: false, retainAsPublished, retainHandling };
    const subscription = { ...settings, subscriptionIdentifier: undefined };
    this.#rooms.subscriptions.set(session, topicFilter, subscription);
    if (!retained || isSharedSubscription(topicFilter)) return;
    const search = this.#rooms.retained.matching(topicFilter);
    session.replay(new RetainedReplay(session.clientIdentifier, subscription, search));
  }

  #makeSession(identity: Identity | undefined): Session {
    const record = memoryRecord(identity?.clientIdentifier ?? '', false);
    record.identity = identity;
    return new Session(record, identity === undefined ? this.#aroundProgram : this.#rooms.around);
  }

  /** @throws {PublishRefusedError} */
  #checkRights({ isReserved, topicName }: Route, identity: Identity | undefined): void {
    const { notAuthorized } = ReasonCode;
    if (isReserved) throw new PublishRefusedError(notAuthorized, 'only the broker publishes below $SYS');
    const verdict = identity === undefined ? undefined : this.#rightsOf(identity)?.publish(topicName);
    if (verdict === undefined || verdict.isAllowed) return;
    const { reasonCode } = this.#rooms.around.authorization.denialOf(verdict);
    throw new PublishRefusedError(reasonCode, `may not publish to ${topicName}: ${describeVerdict(verdict)}`);
  }

  #rightsOf(identity: Identity): Rights | undefined {
    const known = this.#rights.get(identity) ?? this.#rooms.around.authorization.rightsOf(identity);
    if (known !== undefined) this.#rights.set(identity, known);
    return known;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new UsageError('broker-stopped', 'the broker has stopped');
  }
}

function checkQos(qos: number): void {
  if (qos !== 0 && qos !== 1 && qos !== 2) throw new UsageError('qos-invalid', `expected QoS 0, 1 or 2, ${qos} came`);
}

/** What types forbid and programs without them can do all the same. */
function checkContent(topicName: unknown, properties: object): void {
  if (typeof topicName !== 'string') {
    throw new UsageError('topic-name-invalid', `expected a text as Topic Name, ${typeof topicName} came`);
  }
  if ('topicAlias' in properties || 'subscriptionIdentifiers' in properties) {
    const message = 'a message cannot bring its own Topic Alias or Subscription Identifiers';
    throw new UsageError('property-not-allowed', message);
  }
}

function bytesOf(payload: string | Uint8Array): Uint8Array {
  if (typeof payload === 'string') return Buffer.from(payload);
  if (payload instanceof Uint8Array) return payload;
  throw new UsageError('payload-invalid', `expected a text or bytes as payload, ${typeof payload} came`);
}
