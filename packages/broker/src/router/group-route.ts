import { type ApplicationMessage, Delivery, type Successor } from '@busbar/protocol';
import type { LossLedger } from '../observe/loss-ledger.ts';
import type { Subscriber } from '../subscription/receiver.ts';
import type { SharedMatch, ShareGroup, SubscriptionTable } from '../subscription/subscription-table.ts';

/**
 * The way of a message to one member of a Shared Subscription (section 4.8.2): to one that takes it at once, else to one that
 * can keep it. When that member's session ends before the message is done, another member gets it.
 */
export class GroupRoute implements Successor {
  readonly sharedFilter: string;
  readonly #group: ShareGroup;
  readonly #ledger: LossLedger;

  constructor({ group, sharedFilter }: SharedMatch, ledger: LossLedger) {
    this.sharedFilter = sharedFilter;
    this.#group = group;
    this.#ledger = ledger;
  }

  publish(message: ApplicationMessage, now: number): void {
    const chosen = this.#group.choose(isReady, canQueue, message.topicName);
    if (chosen === undefined) {
      this.#ledger.count('no-member');
      return;
    }
    const { member, subscription } = chosen;
    const qos = message.qos < subscription.qos ? message.qos : subscription.qos; // [MQTT-3.8.4-8]
    const retain = subscription.retainAsPublished && message.retain;
    const identifier = subscription.subscriptionIdentifier;
    member.deliver(new Delivery(message, qos, retain, identifier === undefined ? undefined : [identifier], this), now);
  }

  takeOver({ message }: Delivery, now: number): void {
    if (message.isExpired(now)) this.#ledger.count('expired');
    else this.publish(message, now);
  }
}

/** Stands for a Shared Subscription whose group is looked up when it is needed: for what a store kept over a restart. */
export class SharedSuccessor implements Successor {
  readonly sharedFilter: string;
  readonly #subscriptions: SubscriptionTable;
  readonly #ledger: LossLedger;

  constructor(sharedFilter: string, subscriptions: SubscriptionTable, ledger: LossLedger) {
    this.sharedFilter = sharedFilter;
    this.#subscriptions = subscriptions;
    this.#ledger = ledger;
  }

  takeOver(delivery: Delivery, now: number): void {
    const { sharedFilter } = this;
    const group = this.#subscriptions.group(sharedFilter);
    if (group === undefined) this.#ledger.count('no-member');
    else new GroupRoute({ group, sharedFilter }, this.#ledger).takeOver(delivery, now);
  }
}

function isReady(subscriber: Subscriber): boolean {
  return subscriber.isReady;
}

function canQueue(subscriber: Subscriber): boolean {
  return subscriber.canQueue;
}
