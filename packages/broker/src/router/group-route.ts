import { type ApplicationMessage, Delivery, type Successor } from '@busbar/protocol';
import type { Authorization } from '../authorization/authorization.ts';
import type { LossLedger } from '../observe/loss-ledger.ts';
import type { Subscriber } from '../subscription/receiver.ts';
import type { SharedMatch, ShareGroup, SubscriptionTable } from '../subscription/subscription-table.ts';
import type { Destination } from './route.ts';

/**
 * The way of a message to one member of a Shared Subscription (section 4.8.2): to one that takes it at once, else to one that
 * can keep it. When that member's session ends before the message is done, another member gets it.
 */
export class GroupRoute implements Successor, Destination {
  readonly sharedFilter: string;
  readonly #group: ShareGroup;
  readonly #ledger: LossLedger;
  readonly #authorization: Authorization;

  constructor({ group, sharedFilter }: SharedMatch, ledger: LossLedger, authorization: Authorization) {
    this.sharedFilter = sharedFilter;
    this.#group = group;
    this.#ledger = ledger;
    this.#authorization = authorization;
  }

  publish(message: ApplicationMessage, now: number): void {
    const { topicName } = message;
    const chosen = this.#authorization.isActive
      ? this.#chooseAmongAllowed(topicName)
      : this.#group.choose(isReady, canQueue, topicName);
    if (chosen === undefined) {
      const isDenied = [...this.#group].some(({ member }) => canQueue(member) && !member.mayReceive(topicName));
      this.#ledger.count(isDenied ? 'not-authorized' : 'no-member', '', topicName);
      return;
    }
    const { member, subscription } = chosen;
    const qos = message.qos < subscription.qos ? message.qos : subscription.qos; // [MQTT-3.8.4-8]
    const retain = subscription.retainAsPublished && message.retain;
    const identifier = subscription.subscriptionIdentifier;
    member.deliver(new Delivery(message, qos, retain, identifier === undefined ? undefined : [identifier], this), now);
  }

  #chooseAmongAllowed(topicName: string): ReturnType<ShareGroup['choose']> {
    const mayReceive = (member: Subscriber): boolean => member.mayReceive(topicName);
    return this.#group.choose(
      (member) => isReady(member) && mayReceive(member),
      (member) => canQueue(member) && mayReceive(member),
      topicName,
    );
  }

  takeOver({ message }: Delivery, now: number): void {
    if (message.isExpired(now)) this.#ledger.count('expired', '', message.topicName);
    else this.publish(message, now);
  }
}

/** Stands for a subscriber that matched and that the rules keep from receiving: what would be its own is counted as lost. */
export class DeniedRoute implements Destination {
  readonly #subscriber: Subscriber;
  readonly #ledger: LossLedger;

  constructor(subscriber: Subscriber, ledger: LossLedger) {
    this.#subscriber = subscriber;
    this.#ledger = ledger;
  }

  publish({ topicName }: ApplicationMessage): void {
    this.#ledger.count('not-authorized', this.#subscriber.clientIdentifier, topicName);
  }
}

/** Stands for a Shared Subscription whose group is looked up when it is needed: for what a store kept over a restart. */
export class SharedSuccessor implements Successor {
  readonly sharedFilter: string;
  readonly #subscriptions: SubscriptionTable;
  readonly #ledger: LossLedger;
  readonly #authorization: Authorization;

  constructor(
    sharedFilter: string,
    subscriptions: SubscriptionTable,
    ledger: LossLedger,
    authorization: Authorization,
  ) {
    this.sharedFilter = sharedFilter;
    this.#subscriptions = subscriptions;
    this.#ledger = ledger;
    this.#authorization = authorization;
  }

  takeOver(delivery: Delivery, now: number): void {
    const { sharedFilter } = this;
    const group = this.#subscriptions.group(sharedFilter);
    if (group === undefined) this.#ledger.count('no-member', '', delivery.message.topicName);
    else new GroupRoute({ group, sharedFilter }, this.#ledger, this.#authorization).takeOver(delivery, now);
  }
}

function isReady(subscriber: Subscriber): boolean {
  return subscriber.isReady;
}

function canQueue(subscriber: Subscriber): boolean {
  return subscriber.canQueue;
}
