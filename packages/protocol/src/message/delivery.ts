import type { QoS } from '@busbar/codec';
import type { ApplicationMessage } from './application-message.ts';

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

  constructor(
    message: ApplicationMessage,
    qos: QoS,
    retain: boolean,
    subscriptionIdentifiers: readonly number[] | undefined,
  ) {
    this.message = message;
    this.qos = qos;
    this.retain = retain;
    this.subscriptionIdentifiers = subscriptionIdentifiers;
  }
}
