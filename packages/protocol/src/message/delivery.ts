import type { QoS } from '@busbar/codec';
import type { ApplicationMessage } from './application-message.ts';

/** Who takes a delivery over when the session that it was for has ended before it was done. */
export interface Successor {
  /** The Shared Subscription, as a store keeps it: `$share/{ShareName}/{filter}`. */
  readonly sharedFilter: string;
  takeOver(delivery: Delivery, now: number): void;
}

/**
 * A message on its way to one receiver: the message with the QoS granted to it, the RETAIN flag it gets, and the
 * identifiers of the subscriptions that matched (section 3.3.4). It does not know who else gets the message.
 */
export class Delivery {
  readonly message: ApplicationMessage;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Undefined where no matching subscription has one. */
  readonly subscriptionIdentifiers: readonly number[] | undefined;
  /** The group of a Shared Subscription, whose other members may take it over (section 4.8.2). */
  readonly successor: Successor | undefined;

  constructor(
    message: ApplicationMessage,
    qos: QoS,
    retain: boolean,
    subscriptionIdentifiers: readonly number[] | undefined,
    successor?: Successor,
  ) {
    this.message = message;
    this.qos = qos;
    this.retain = retain;
    this.subscriptionIdentifiers = subscriptionIdentifiers;
    this.successor = successor;
  }

  /** The delivery of another message in this one's place. Others that may take it over get it as it was. */
  withMessage(message: ApplicationMessage): Delivery {
    const { qos, retain, subscriptionIdentifiers, successor } = this;
    if (successor === undefined) return new Delivery(message, qos, retain, subscriptionIdentifiers);
    const heir: Successor = {
      sharedFilter: successor.sharedFilter,
      takeOver: (_, now) => successor.takeOver(this, now),
    };
    return new Delivery(message, qos, retain, subscriptionIdentifiers, heir);
  }
}
