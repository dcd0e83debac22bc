import { messageOf, type PlainDelivery, type PlainSession } from './store-model.ts';

interface ModelFlight {
  packetId: number;
  stage: number;
  delivery: PlainDelivery | undefined;
}

/** A session as it should be. */
export interface ModelSession {
  isLasting: boolean;
  expiryInterval: number;
  isDisconnected: boolean;
  will: string | undefined;
  subscriptions: Map<string, number>;
  queue: { plain: PlainDelivery; byteLength: number }[];
  flights: ModelFlight[];
  accepted: Set<number>;
}

/** A subscription of the model, with all that is told by its number. */
export function subscriptionOf(topicFilter: string, identifier: number) {
  const options = {
    noLocal: identifier === 1,
    retainAsPublished: identifier === 2,
    retainHandling: 1,
    qos: 2,
  } as const;
  return { topicFilter, ...options, subscriptionIdentifier: identifier === 0 ? undefined : identifier };
}

export function emptySession(isLasting: boolean): ModelSession {
  return {
    isLasting,
    expiryInterval: 0,
    isDisconnected: false,
    will: undefined,
    subscriptions: new Map(),
    queue: [],
    flights: [],
    accepted: new Set(),
  };
}

/** The model of a session that was found on the disk. */
export function modelOf(plain: PlainSession): ModelSession {
  const subscriptions = Object.entries(plain.subscriptions);
  return {
    ...plain,
    subscriptions: new Map(
      subscriptions.map(([filter, { subscriptionIdentifier }]) => [filter, subscriptionIdentifier ?? 0]),
    ),
    queue: plain.queue.map((each) => ({
      plain: each,
      byteLength: messageOf('topic', each.text, each.qos as 0).byteLength,
    })),
    flights: plain.flights.map((flight) => ({ ...flight })),
    accepted: new Set(plain.accepted),
  };
}

/** What the disk should have of it. */
export function plainOf({ subscriptions, queue, flights, accepted, ...rest }: ModelSession): PlainSession {
  const sorted = [...subscriptions].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...rest,
    subscriptions: Object.fromEntries(sorted.map(([filter, id]) => [filter, subscriptionOf(filter, id)])),
    queue: queue.map(({ plain }) => plain),
    byteLength: queue.reduce((sum, { byteLength }) => sum + byteLength, 0),
    flights: flights.map((flight) => ({ ...flight })),
    accepted: [...accepted].sort((a, b) => a - b),
  };
}
