import {
  FIRST_FAILURE,
  NO_PROPERTIES,
  type QoS,
  ReasonCode,
  type SubackPacket,
  type UnsubackPacket,
  UsageError,
} from '@busbar/codec';
import { type Agreement, subscriptionFilterFault } from '@busbar/protocol';
import type { Link } from '../dialer/link.ts';
import { ClientError, clientEnded, SubscribeError, UnsubscribeError } from '../errors.ts';
import { Fifo } from '../fifo.ts';
import { type Settleable, settleable } from '../settleable.ts';
import type { Inbox } from './inbox.ts';
import { ActiveSubscription, requestOf, type SubscribeOptions } from './subscription.ts';
import type { FilterEntry, SubscriptionTable } from './subscription-table.ts';

/** UNSUBSCRIBE of one Topic Filter, with those who wait for its end. */
interface Farewell extends Settleable<void> {
  readonly topicFilter: string;
}

/**
 * Keeps the server's subscriptions as the table says: subscribes at once or with the next connection, again when the session
 * is gone, and unsubscribes when nobody is left.
 */
export class Subscriber {
  readonly #table: SubscriptionTable;
  readonly #link: () => Link | undefined;
  readonly #handleFailed: (topicFilter: string, error: Error) => void;
  readonly #requested = new Map<number, FilterEntry>();
  readonly #farewells = new Map<number, Farewell>();
  /** Requests in their order, which go when there is a Packet Identifier for them. */
  readonly #due = new Fifo<() => void>();
  /** Topic Filters that the server may still have, and is to be told of with the next connection. */
  readonly #dueFarewells: Farewell[] = [];
  #isEnded = false;

  /**
   * @param link Answers the connection, undefined while there is none.
   * @param handleFailed Told of a refusal that nobody awaits.
   */
  constructor(
    table: SubscriptionTable,
    link: () => Link | undefined,
    handleFailed: (topicFilter: string, error: Error) => void,
  ) {
    this.#table = table;
    this.#link = link;
    this.#handleFailed = handleFailed;
  }

  /** @throws {UsageError} The Topic Filter is none. */
  subscribe(topicFilter: string, options: SubscribeOptions, inbox: Inbox): ActiveSubscription {
    expectFilter(topicFilter);
    const { signal } = options;
    const subscription = new ActiveSubscription(topicFilter, inbox, (each) => this.#endOne(each));
    if (signal?.aborted) {
      subscription.fail(signal.reason);
      return subscription;
    }
    if (this.#isEnded) {
      subscription.fail(clientEnded());
      return subscription;
    }
    const entry = this.#table.ensure(requestOf(topicFilter, options), options.properties ?? NO_PROPERTIES);
    entry.subscriptions.push(subscription);
    if (signal !== undefined) subscription.listenTo(signal);
    if (this.#link() !== undefined) this.#request(entry);
    return subscription;
  }

  /** Ends all subscriptions with this Topic Filter, also one that only the server knows. @throws {UsageError} It is none. */
  unsubscribe(topicFilter: string): Promise<void> {
    expectFilter(topicFilter);
    const entry = this.#table.get(topicFilter);
    if (entry !== undefined) this.#remove(entry);
    const farewell = { topicFilter, ...settleable() };
    farewell.promise.catch(() => {}); // nobody has to await it
    if (this.#isEnded) farewell.resolve();
    else if (this.#link() === undefined) this.#dueFarewells.push(farewell);
    else this.#sayFarewell(farewell);
    return farewell.promise;
  }

  /** Sends what is due, as far as there are Packet Identifiers. */
  drain(): void {
    while (this.#link()?.machine.canRequest) {
      const send = this.#due.shift();
      if (send === undefined) return;
      send();
    }
  }

  handleConnected({ sessionPresent, protocolVersion }: Agreement): void {
    this.#requested.clear();
    // 3.1 cannot say whether the session is present.
    const isGone = !sessionPresent || protocolVersion === 3;
    if (!sessionPresent) this.#table.hasOwnIdentifiers = true;
    for (const entry of [...this.#table.entries]) {
      if (isGone) entry.isGranted = false;
      if (!entry.isGranted) this.#request(entry);
    }
    for (const farewell of this.#dueFarewells.splice(0)) {
      const isWantedAgain = this.#table.get(farewell.topicFilter) !== undefined;
      if (isGone || isWantedAgain) farewell.resolve();
      else this.#sayFarewell(farewell);
    }
  }

  /** What was asked and not answered is asked again on the next connection. */
  handleDisconnected(): void {
    this.#requested.clear();
    this.#dueFarewells.push(...this.#farewells.values());
    this.#farewells.clear();
    for (const send of this.#due.clear()) send();
  }

  handleSuback({ packetId, reasonCodes, properties }: SubackPacket): void {
    const entry = this.#requested.get(packetId);
    this.#requested.delete(packetId);
    const [reasonCode] = reasonCodes;
    if (entry === undefined || reasonCode === undefined || this.#table.get(entry.topicFilter) !== entry) return;
    if (reasonCode >= FIRST_FAILURE) {
      this.#fail(entry, new SubscribeError(entry.topicFilter, reasonCode, properties.reasonString));
      return;
    }
    if (entry.awaitedPacketId !== packetId) return; // an earlier answer does not speak for a later request
    entry.isGranted = true;
    for (const subscription of entry.subscriptions) {
      subscription.succeed({ topicFilter: entry.topicFilter, reasonCode, qos: reasonCode as QoS });
    }
  }

  handleUnsuback({ packetId, reasonCodes, properties }: UnsubackPacket): void {
    const farewell = this.#farewells.get(packetId);
    this.#farewells.delete(packetId);
    const reasonCode = reasonCodes[0] ?? ReasonCode.success;
    if (reasonCode < FIRST_FAILURE) farewell?.resolve();
    else farewell?.reject(new UnsubscribeError(farewell.topicFilter, reasonCode, properties.reasonString));
  }

  /** Resolves when the handlers are done with everything that has come. */
  async idle(): Promise<void> {
    const subscriptions = [...this.#table.entries].flatMap((entry) => entry.subscriptions);
    await Promise.all(subscriptions.map(({ inbox }) => inbox.idle()));
  }

  /**
   * The client is ended: loops end, and whoever waits for an answer hears that none will come.
   *
   * @param willComeAgain Whether the session lives on: then loops do not get what they have not acknowledged.
   */
  close(willComeAgain: boolean): void {
    this.#isEnded = true;
    const error = clientEnded();
    for (const entry of [...this.#table.entries]) {
      this.#table.delete(entry);
      for (const subscription of entry.subscriptions) {
        if (subscription.isSettled) subscription.end(willComeAgain ? 'acknowledged' : 'all');
        else subscription.fail(error);
      }
    }
    for (const farewell of [...this.#dueFarewells.splice(0), ...this.#farewells.values()]) farewell.resolve();
    this.#farewells.clear();
  }

  #send(send: () => void): void {
    this.#due.push(send);
    this.drain();
  }

  #request(entry: FilterEntry): void {
    this.#send(() => {
      const link = this.#link();
      if (link !== undefined && this.#table.get(entry.topicFilter) === entry) this.#sendRequest(entry, link);
    });
  }

  #sendRequest(entry: FilterEntry, link: Link): void {
    const hasIdentifiers = link.machine.agreement?.subscriptionIdentifiersAvailable === true;
    const identified = { ...entry.properties, subscriptionIdentifiers: [entry.identifier] };
    try {
      const packetId = link.machine.subscribe([entry.request], hasIdentifiers ? identified : entry.properties);
      this.#requested.set(packetId, entry);
      entry.awaitedPacketId = packetId;
      link.touch();
    } catch (error) {
      this.#fail(entry, error as Error);
    }
  }

  #fail(entry: FilterEntry, error: Error): void {
    this.#table.delete(entry);
    const isHeard = entry.subscriptions.some((subscription) => !subscription.isSettled && subscription.isAwaited);
    for (const subscription of entry.subscriptions) subscription.fail(error);
    if (!isHeard) this.#handleFailed(entry.topicFilter, error);
  }

  async #endOne(subscription: ActiveSubscription): Promise<void> {
    const entry = this.#table.get(subscription.topicFilter);
    const at = entry?.subscriptions.indexOf(subscription) ?? -1;
    if (entry === undefined || at < 0) return;
    if (entry.subscriptions.length === 1) {
      await this.unsubscribe(subscription.topicFilter);
      return;
    }
    entry.subscriptions.splice(at, 1);
    this.#dismiss(subscription);
  }

  #remove(entry: FilterEntry): void {
    this.#table.delete(entry);
    for (const subscription of entry.subscriptions) this.#dismiss(subscription);
  }

  #dismiss(subscription: ActiveSubscription): void {
    if (subscription.isSettled) subscription.end();
    else subscription.fail(new ClientError('aborted', 'the subscription was ended before the server answered'));
  }

  #sayFarewell(farewell: Farewell): void {
    this.#send(() => {
      const link = this.#link();
      if (link === undefined) this.#dueFarewells.push(farewell);
      else this.#sendFarewell(farewell, link);
    });
  }

  #sendFarewell(farewell: Farewell, link: Link): void {
    try {
      this.#farewells.set(link.machine.unsubscribe([farewell.topicFilter]), farewell);
      link.touch();
    } catch (error) {
      farewell.reject(error);
    }
  }
}

function expectFilter(topicFilter: string): void {
  const fault = subscriptionFilterFault(topicFilter);
  if (fault !== undefined) throw new UsageError('topic-filter-invalid', fault);
}
