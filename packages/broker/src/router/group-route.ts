import { type ApplicationMessage, Delivery, type Successor } from '@busbar/protocol';
import type { LossLedger } from '../observe/loss-ledger.ts';
import type { Subscriber } from '../subscription/receiver.ts';
import type { ShareGroup } from '../subscription/subscription-table.ts';

/**
 * The way of a message to one member of a Shared Subscription (section 4.8.2): to one that takes it at once, else to one that
 * can keep it. When that member's session ends before the message is done, another member gets it.
 */
export class GroupRoute implements Successor {
  readonly #group: ShareGroup;
  readonly #ledger: LossLedger;

  constructor(group: ShareGroup, ledger: LossLedger) {
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

function isReady(subscriber: Subscriber): boolean {
  return subscriber.isReady;
}

function canQueue(subscriber: Subscriber): boolean {
  return subscriber.canQueue;
}
